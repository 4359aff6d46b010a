"""A name, a file or a folder selects tests, and a message says why one selects nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from draupnir.cocotb_tests import catalogue
from draupnir.cocotb_tests.catalogue import select
from draupnir.cocotb_tests.tests import toy
from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import ChipPackage

ODIN = chips.declaration("odin")
PARAMETERS = """\
import cocotb
print("a file may say what it likes")

@cocotb.test()
@cocotb.parametrize(weight=[2, 3])
async def threshold(dut, weight): ...

@cocotb.test()
async def test_other(dut): ...

async def test_that_is_none(dut): ...
"""


def names(*words: str) -> list[str]:
    return [str(test) for test in select(ODIN, *words)]


def refusal(*words: str, chip: object = ODIN) -> str:
    with pytest.raises(InputError) as error:
        select(chip, *words)  # type: ignore[arg-type]
    return str(error.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_stands_for_a_module_a_test_or_all() -> None:
    every = [str(test) for test in catalogue.tests(ODIN)]
    assert names("all") == every
    assert names("neurons") == names("test_neurons") == [name for name in every if name.startswith("neurons.")]
    assert names("mask_keeps_bits") == names("spi.mask_keeps_bits") == ["spi.mask_keeps_bits"]
    assert names("test_spi.test_mask_keeps_bits") == ["spi.mask_keeps_bits"]


def test_several_names_are_taken_in_their_order_and_each_test_once() -> None:
    assert names("spi.odd_frames", "random.random_abuse", "odd_frames") == ["spi.odd_frames", "random.random_abuse"]


def test_a_wrong_name_is_answered_with_the_close_ones() -> None:
    assert "--test nuerons: no such test of odin; close to it: neurons" in refusal("nuerons")
    assert "close to it: mask_keeps_bits" in refusal("mask_keep_bits")
    assert "close to it" not in refusal("xyzzy")
    assert "there are: all, digits, events" in refusal("xyzzy")


def test_a_chip_without_tests_of_its_own_is_said_to_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chips, "package", lambda name: ChipPackage(name, "toy:CHIP", "toy:Model"))
    message = refusal("all", chip=toy.CHIP)
    assert (
        "toy has no cocotb tests of its own (tests= of its ChipPackage)" in message
        and "--test path/to/test_mine.py" in message
    )


def test_a_file_stands_for_the_tests_that_cocotb_finds_in_it(folder: Path) -> None:
    (folder / "test_mine.py").write_text(PARAMETERS)
    every = ["test_mine.py::threshold/weight=2", "test_mine.py::threshold/weight=3", "test_mine.py::other"]
    assert names("./") == every
    assert names("test_mine.py::threshold") == every[:2]
    full_namesion = names("test_mine.py::threshold/weight=3", "spi.odd_frames", f"{folder}/test_mine.py::test_other")
    assert full_namesion == [every[1], "spi.odd_frames", f"{folder}/{every[2]}"]


def test_a_test_that_its_file_skips_is_run_only_when_it_is_named(folder: Path) -> None:
    text = "import cocotb\n@cocotb.test(skip=True)\nasync def later(dut): ...\n"
    (folder / "test_mine.py").write_text(text)
    assert "all of its tests are to be skipped" in refusal("test_mine.py")
    (folder / "test_mine.py").write_text(f"{text}@cocotb.test()\nasync def now(dut): ...\n")
    assert names("test_mine.py", "test_mine.py::later") == ["test_mine.py::now", "test_mine.py::later"]


def test_a_file_may_import_its_neighbours_and_ours_beside_folders_of_our_names(folder: Path) -> None:
    (folder / "rtl").mkdir()
    (folder / "tools.py").write_text("from cocotb import test\n")
    (folder / "bench-1.py").write_text(
        "from tools import test\nfrom draupnir.rtl import design\nfrom draupnir.tools.report import tables\n\n"
        "@test()\nasync def held(dut): ...\n"
    )
    assert names("bench-1.py") == ["bench-1.py::held"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("test_a.py", "import cocotb\n\ndef f(:\n", "test_a.py:3: invalid syntax"),
        (
            "test_a.py",
            "import cocotb\nimport not_there\n",
            "test_a.py:2: ModuleNotFoundError: No module named 'not_there'",
        ),
        ("test_a.py", "def f():\n    raise ValueError('a\\nb')\nf()\n", "test_a.py:2: ValueError: a b"),
        ("test_a.py", "import sys\nsys.exit(3)\n", "test_a.py:2: SystemExit: 3"),
        ("test_a.py", "import os\nos._exit(3)\n", "test_a.py: importing it ended Python, with status 3"),
        ("test_a.py", "async def test_x(dut): ...\n", "test_a.py: no cocotb test in it"),
        ("json.py", "import cocotb\n", "json.py: ImportError: Python has a module 'json' already"),
        ("a.b.py", "import cocotb\n", "a.b.py: the name of a file of tests is of letters"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(name: str, text: str, reason: str, folder: Path) -> None:
    (folder / name).write_text(text)
    message = refusal(f"./{name}")
    assert message.startswith("--test ") and reason in message and "\n" not in message


def test_a_file_that_is_not_there_and_a_test_that_is_not_in_it(folder: Path) -> None:
    assert refusal("test_mine.py") == "--test test_mine.py: no such file: test_mine.py"
    assert "no such file: nowhere/x.py" in refusal("nowhere/x.py::a")
    (folder / "test_mine.py").write_text(PARAMETERS)
    assert "no such test; close to it: threshold" in refusal("test_mine.py::treshold")
    (folder / "empty").mkdir()
    assert "no test_*.py in this folder" in refusal("empty/")


# --- Tests in the package of a chip from outside


@pytest.fixture
def packaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file of a module in a package that the toy chip declares as its tests."""
    monkeypatch.syspath_prepend(str(folder))
    (folder / "toy_tests").mkdir()
    (folder / "toy_tests" / "__init__.py").touch()
    monkeypatch.setattr(chips, "package", lambda name: ChipPackage(name, "toy:CHIP", "toy:Model", tests="toy_tests"))
    yield folder / "toy_tests" / "test_weights.py"
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy_tests"]:
        del sys.modules[name]


def full_names(*words: str) -> list[str]:
    return [test.fullname for test in select(toy.CHIP, *words)]


def test_tests_with_parameters_are_found_one_by_one(packaged: Path) -> None:
    packaged.write_text(PARAMETERS)
    two = [f"toy_tests.test_weights.threshold/weight={weight}" for weight in (2, 3)]
    assert full_names("all") == full_names("weights") == [*two, "toy_tests.test_weights.test_other"]
    assert full_names("threshold") == full_names("weights.threshold") == two
    assert full_names("threshold/weight=3") == full_names("weights.threshold/weight=3") == two[1:]
    assert str(select(toy.CHIP, "threshold")[0]) == "weights.threshold/weight=2"
    assert "no such test of toy" in refusal("that_is_none", chip=toy.CHIP)


def test_a_test_that_a_chips_own_file_skips_is_run_only_when_it_is_named(packaged: Path) -> None:
    packaged.write_text(
        "import cocotb\n@cocotb.test(skip=True)\nasync def test_later(dut): ...\n"
        "@cocotb.test()\nasync def test_now(dut): ...\n"
    )
    assert full_names("all") == ["toy_tests.test_weights.test_now"]
    assert full_names("later") == ["toy_tests.test_weights.test_later"]


def test_a_chips_own_file_that_cannot_be_imported_is_told_with_its_line(packaged: Path) -> None:
    packaged.write_text("import cocotb\nimport nothing_like_it\n" + PARAMETERS)
    assert f"--test {packaged}:2: ModuleNotFoundError: No module named 'nothing_like_it'" in refusal(
        "all", chip=toy.CHIP
    )


def test_a_chips_plain_tests_are_known_without_an_import(packaged: Path) -> None:
    packaged.write_text("import cocotb\nimport nothing_like_it\n@cocotb.test()\nasync def test_now(dut): ...\n")
    assert full_names("all") == ["toy_tests.test_weights.test_now"]
