import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
import pytest

from draupnir.emulator import chips
from draupnir.emulator.kernel import jit

ROOT = Path(__file__).resolve().parents[3]
SOURCE = "def leak(x):\n    return x - 1\n"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of kernel sources, and a cache folder, for one test."""
    folder = tmp_path / "sources"
    (folder / "odin" / "tests").mkdir(parents=True)
    (folder / "odin" / "lif.py").write_text(SOURCE)
    for chip in ("odin", "reckon"):
        (folder / chip).mkdir(exist_ok=True)
        for name in ("layout.py", "chip.py"):
            (folder / chip / name).write_text("")
    monkeypatch.setattr(jit, "SOURCES", folder)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def fresh_folder(owner: str = "odin") -> Path | None:
    """Return the cache folder that a new process would use; "" for that of no chip."""
    return jit.cache_folder.__wrapped__(frozenset({jit.SOURCES / owner} if owner else ()))


def test_the_cache_folder_stays_while_no_source_changes(sources: Path, tmp_path: Path) -> None:
    folder = fresh_folder()
    assert folder is not None and folder.is_dir()
    assert folder.is_relative_to(tmp_path / "cache")
    assert fresh_folder() == folder


def test_an_edited_source_has_another_cache_folder(sources: Path) -> None:
    old_folder = fresh_folder()
    (sources / "odin" / "lif.py").write_text(SOURCE.replace("1", "2"))
    assert fresh_folder() != old_folder


def test_a_new_source_has_another_cache_folder(sources: Path) -> None:
    old_folder = fresh_folder()
    (sources / "odin" / "izh.py").write_text(SOURCE)
    assert fresh_folder() != old_folder


def test_an_edited_source_of_another_chip_keeps_the_cache_folder(sources: Path) -> None:
    old_folders = fresh_folder("reckon"), fresh_folder("")
    (sources / "odin" / "lif.py").write_text(SOURCE.replace("1", "2"))
    assert (fresh_folder("reckon"), fresh_folder("")) == old_folders


def test_an_edited_source_in_a_room_of_the_chip_has_another_cache_folder(sources: Path) -> None:
    old_folder = fresh_folder()
    (sources / "odin" / "planes").mkdir()
    (sources / "odin" / "planes" / "lif.py").write_text(SOURCE)
    assert fresh_folder() != old_folder


def test_an_edited_source_of_a_chip_that_is_extended_has_another_cache_folder(sources: Path) -> None:
    (sources / "reckon" / "lif.py").write_text("from draupnir.emulator.odin import lif\n")
    old_folder = fresh_folder("reckon")
    (sources / "odin" / "lif.py").write_text(SOURCE.replace("1", "2"))
    assert fresh_folder("reckon") != old_folder


@pytest.mark.parametrize(
    "shared", ["kernel/arith.py", "parts/fifo.py", "speeds/rows.py", "declare/words.py", "state.py"]
)
def test_an_edited_source_that_no_chip_owns_has_another_cache_folder(sources: Path, shared: str) -> None:
    old_folder = fresh_folder()
    (sources / shared).parent.mkdir(exist_ok=True)
    (sources / shared).write_text(SOURCE)
    assert fresh_folder() != old_folder


def test_kernels_are_kept_with_their_chip_or_with_what_belongs_to_none() -> None:
    lif: Any = import_module("draupnir.emulator.odin.lif")
    planes: Any = import_module("draupnir.emulator.odin.planes.gates")
    fifo: Any = import_module("draupnir.emulator.parts.fifo")
    odin = jit.SOURCES / "odin"
    for function, owners in ((lif.membrane, {odin}), (planes.majority, {odin}), (fifo.fill_next, ())):
        assert Path(function._cache.cache_path).is_relative_to(jit.cache_folder(frozenset(owners)) or "")
    assert jit.cache_folder(frozenset({odin})) != jit.cache_folder()


def test_what_a_chip_shares_with_the_one_that_it_extends_is_kept_apart_from_both() -> None:
    clock: Any = import_module("draupnir.emulator.gungnir.clock")
    owners = frozenset({jit.SOURCES / "gungnir", jit.SOURCES / "odin"})
    assert Path(clock._edge._cache.cache_path).is_relative_to(jit.cache_folder(owners) or "")


def test_what_chips_share_is_kept_with_the_chip_that_it_is_made_for() -> None:
    for chip in ("odin", "reckon", "tinyodin"):
        run_rows: Any = vars(chips.model(chip))["run_rows"].__func__
        assert Path(run_rows._cache.cache_path).is_relative_to(jit.cache_folder(frozenset({jit.SOURCES / chip})) or "")


def test_kernels_of_a_chip_outside_of_the_tree_are_compiled_anew_when_any_of_its_sources_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package may have files of any name, and may be below a user's folder of tests."""
    chip = tmp_path / "tests" / "tally"
    (chip / "blocks").mkdir(parents=True)
    (chip / "blocks" / "count.py").write_text(
        "from draupnir.emulator.kernel.jit import kernel\n@kernel\ndef up(x):\n    return x + 1\n"
    )
    (chip / "clock.py").write_text(
        "from draupnir.emulator.kernel.jit import entry\nfrom tally.blocks import count\n"
        "@entry\ndef twice(x):\n    return count.up(count.up(x))\n"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": f"{chip.parent}{os.pathsep}{ROOT}"}
    command = [
        sys.executable,
        "-c",
        "from tally.clock import twice; print(twice(1), sum(twice.stats.cache_hits.values()))",
    ]

    def run() -> str:
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    assert [run(), run()] == ["3 0\n", "3 1\n"]
    count = chip / "blocks" / "count.py"
    count.write_text(count.read_text().replace("x + 1", "x + 2"))
    assert run() == "5 0\n"


def test_what_chips_share_is_compiled_by_one_process_and_found_by_the_next(tmp_path: Path) -> None:
    program = (
        "from draupnir.emulator.kernel import arith, jit\n"
        "def doubler(kernels):\n"
        "    return jit.entry(lambda x: kernels.wrap(2 * x, 8))\n"
        "double = doubler(arith)\n"
        "print(double(129), sum(double.stats.cache_hits.values()))\n"
    )
    (tmp_path / "program.py").write_text(program)
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "program.py")]
    outputs = [subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert outputs == ["2 0\n", "2 1\n"]


def test_a_process_that_runs_a_kernel_imports_scipy_linalg_only_if_a_function_calls_blas() -> None:
    program = (
        "import sys, numba, numpy as np\n"
        "from draupnir.emulator.kernel import jit\n"
        "print(jit.entry(lambda x: 2 * x)(4), 'scipy.linalg' in sys.modules)\n"
        "print(numba.njit(lambda a: np.dot(a, a))(np.ones((2, 2)))[0, 0], 'scipy.linalg' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output == "8 False\n2.0 True\n"


def test_an_edited_test_keeps_the_cache_folder(sources: Path) -> None:
    old_folder = fresh_folder()
    (sources / "odin" / "tests" / "test_lif.py").write_text(SOURCE)
    assert fresh_folder() == old_folder


def test_another_numba_has_another_cache_folder(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_folder = fresh_folder()
    monkeypatch.setattr(numba, "__version__", "0.0.1")
    assert fresh_folder() != old_folder


def test_checked_indices_have_another_cache_folder(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_folder = fresh_folder()
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 1)
    assert fresh_folder() != old_folder


def test_without_a_place_to_write_there_is_no_cache(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert fresh_folder() is None


def test_a_kernel_leaves_numbas_own_cache_folder_as_it_was() -> None:
    old_folder = vars(numba.config)["CACHE_DIR"]
    jit.kernel(lambda x: x)
    assert old_folder == vars(numba.config)["CACHE_DIR"]


def test_integers_wrap_and_division_does_not_raise() -> None:
    @jit.kernel
    def twice_the_half(x: int, half: int) -> int:
        return x * 2 + x // half

    assert twice_the_half(1 << 62, 0) == -(1 << 63)
