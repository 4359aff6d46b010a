"""No output overwrites an input or another output, and each is seen to be writable, before anything runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.terminal import outputs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("events.csv").write_text("addr\n1\n")
    Path("image.hex").write_text("0\n")
    Path("net.toml").write_text('neurons = "image.hex"\n[synapses]\nmatrix = "weights.npy"\n')
    Path("weights.npy").touch()
    Path("symbolic.csv").symlink_to("events.csv")
    os.link("events.csv", "hard.csv")
    Path("sub").mkdir()
    Path("sub/inside.hex").touch()
    Path("full").symlink_to("/dev/full")
    return tmp_path


@pytest.mark.parametrize("spelling", ["events.csv", "./events.csv", "sub/../events.csv", "symbolic.csv", "hard.csv"])
def test_an_output_is_no_input_however_it_is_spelt(folder: Path, spelling: str) -> None:
    with pytest.raises(
        InputError, match=f"^-o {Path(spelling)}: it is the input --events events.csv, which must not be"
    ):
        outputs.check({"--events": Path("events.csv")}, {"-o": Path(spelling)})
    assert Path("events.csv").read_text() == "addr\n1\n"


@pytest.mark.parametrize("name", ["image.hex", "./weights.npy"])
def test_a_file_that_an_input_names_is_an_input(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"^--save neurons={Path(name)}: the input --config net.toml names it"):
        outputs.check({"--config": Path("net.toml")}, {"--save neurons=": Path(name)})


def test_a_file_of_an_input_folder_is_an_input_and_a_new_one_beside_it_is_not(folder: Path) -> None:
    with pytest.raises(InputError, match=r"^-o sub/inside\.hex: it is a file of the input --config sub"):
        outputs.check({"--config": Path("sub")}, {"-o": Path("sub/inside.hex")})
    outputs.check({"--config": Path("sub")}, {"-o": Path("sub/new.hex")})


@pytest.mark.parametrize(("one", "other"), [("a", "a"), ("a", "./a"), ("events.csv", "hard.csv"), ("a", "sub/../a")])
def test_two_outputs_are_two_files(folder: Path, one: str, other: str) -> None:
    words = f"^-o {one} and --save neurons={Path(other)} are the same file; each output needs its own"
    with pytest.raises(InputError, match=words):
        outputs.check({}, {"-o": Path(one), "--save neurons=": Path(other)})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sub", "it is a folder; right is a file"),
        ("missing/a", "missing is not a folder"),
        ("events.csv/a", "events.csv is not a folder"),
        ("/proc/a", "it cannot be written: No such file or directory"),
        ("a" * 250, "it cannot be written: File name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(folder: Path, name: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        outputs.check({}, {"-o": Path(name)})
    assert str(error.value) == f"-o {name}: {reason}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("events.csv", "events.csv is not a folder"),
        ("events.csv/a/b", "events.csv is not a folder"),
        ("/dev/full", "/dev/full is not a folder"),
        ("/proc/a/b", "it cannot be written: No such file or directory"),
        ("sub", "it is the input --rtl sub/../sub; an output needs a folder of its own"),
    ],
)
def test_a_folder_that_cannot_be_made_is_named(folder: Path, name: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        outputs.check({"--rtl": Path("sub/../sub")}, folders={"--report": Path(name)})
    assert str(error.value) == f"--report {name}: {reason}"


def test_our_verilog_does_not_go_among_the_sources(folder: Path) -> None:
    inputs, report = {"--rtl": Path("sub")}, {"-o": Path("sub/build/bench")}
    outputs.check(inputs, folders=report)
    with pytest.raises(
        InputError, match=r"^-o sub/build/bench: it is inside the input --rtl sub, and our Verilog would become part"
    ):
        outputs.check(inputs, folders=report, adds_verilog=True)
    with pytest.raises(
        InputError, match=r"^-o \.: the input --rtl sub is inside it, and our Verilog could replace its files"
    ):
        outputs.check(inputs, folders={"-o": Path(".")}, adds_verilog=True)


def test_what_is_right_leaves_no_trace(folder: Path) -> None:
    files = sorted(folder.rglob("*"))
    outputs.check(
        {"--events": Path("events.csv"), "--config": Path("missing.toml")},
        {"-o": Path("a.csv"), "--save neurons=": Path("full"), "--save synapses=": None},
        {"--report": Path("new/below/it")},
    )
    assert sorted(folder.rglob("*")) == files
