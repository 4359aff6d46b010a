"""A GPU that is not there: a clear line, and code that is compiled for it all the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import draupnir
from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import many_runs
from draupnir.emulator.speeds.levels import HOST
from draupnir.emulator.speeds.many import ManyInputs
from draupnir.emulator.speeds.many_arrays import repeated
from draupnir.emulator.speeds.runs import N_BUS_WORDS
from draupnir.tools.gpu import toolchain
from draupnir.tools.gpu.step import LaunchOutcomes, stepper

needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="the extra [cuda] is not installed")
BYTE_LOADS = {"odin": 50, "tinyodin": 50, "gungnir": 50, "reckon": 350}  # at most; ReckOn's weights are bytes
SPILLED = {"odin": 200, "tinyodin": 0, "gungnir": 400, "reckon": 0}  # bytes stored, at most


def assembler() -> Path | None:
    """Return the program that turns PTX into code for a GPU: of nvidia-cuda-nvcc, because that on PATH may be old."""
    folders = getattr(find_spec("nvidia"), "submodule_search_locations", None) or []
    return next((path for folder in folders for path in Path(folder).glob("*/bin/ptxas")), None)


def arguments(chip: str) -> tuple[Callable[..., None], tuple[Any, ...]]:
    """Return a step, and arguments of the types that it has on a GPU."""
    level, host = many_runs.level_of(chips.declaration(chip)), HOST.load(chips.package(chip))
    assert level is not None
    environment = draupnir.Environment() if host is None else host.Host()
    arrays = repeated(level.prepare(chips.model(chip)(), environment), 1)
    numbers, columns = np.zeros(1, np.int64), np.zeros((1, 4), np.int64)
    events = numbers if host is None else np.zeros((1, 2), np.int64)
    inputs = ManyInputs(events, np.zeros((1, 2), np.int64), numbers, numbers, environment.delays, True, True)
    outcomes = LaunchOutcomes(columns, np.zeros((1, N_BUS_WORDS), np.int64), numbers, numbers, columns, columns)
    return stepper(level), (arrays, inputs, outcomes, 1)


@cache
def code_for(chip: str, capability: tuple[int, int]) -> str:
    """Compile a chip's thread, which takes about a minute."""
    return toolchain.ptx(*arguments(chip), capability)


on_every_chip = pytest.mark.parametrize("chip", BYTE_LOADS)


@needs_numba_cuda
@pytest.mark.slow
@pytest.mark.parametrize("capability", [(8, 0), (9, 0)], ids=["8.0", "9.0"])
@on_every_chip
def test_a_chip_compiles_for_a_gpu_that_is_not_there(chip: str, capability: tuple[int, int]) -> None:
    code = code_for(chip, capability)
    assert f".target sm_{capability[0]}{capability[1]}" in code and ".entry" in code
    loads = re.findall(r"\bld\.(?:global|local)\.(\w+)", code)
    assert loads.count("u64") > 100
    assert loads.count("u8") + loads.count("s8") <= BYTE_LOADS[chip]


@needs_numba_cuda
@pytest.mark.slow
@pytest.mark.skipif(assembler() is None, reason="nvidia-cuda-nvcc is not installed")
@on_every_chip
def test_registers_are_enough(chip: str, tmp_path: Path) -> None:
    """A value that has no room in the registers goes to memory and back, in each clock."""
    (tmp_path / "chip.ptx").write_text(code_for(chip, (9, 0)))
    words = [assembler(), "-arch=sm_90", "-v", "-O3", tmp_path / "chip.ptx", "-o", tmp_path / "chip.cubin"]
    report = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stderr
    stored, loaded = (sum(map(int, re.findall(rf"(\d+) bytes spill {kind}", report))) for kind in ("stores", "loads"))
    assert stored <= SPILLED[chip] and loaded <= 2 * SPILLED[chip] and "Used" in report


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_module(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(toolchain, "import_module", no_module)
    with pytest.raises(InputError, match=r"^backend 'cuda': Numba for GPUs is missing; right is pip install"):
        draupnir.run_many([], backend="cuda")


def test_a_missing_gpu_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "import_module", lambda name: SimpleNamespace(is_available=lambda: False))
    with pytest.raises(InputError, match=r"^backend 'cuda': this machine has no NVIDIA GPU"):
        draupnir.run_many([], backend="cuda")
