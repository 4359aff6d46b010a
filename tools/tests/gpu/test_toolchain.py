"""A GPU that is not there: a clear line, and code that is compiled for it all the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import draupnir
from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import ENGINE
from draupnir.emulator.speeds.runs import N_BUS_WORDS
from draupnir.tools.gpu import toolchain
from draupnir.tools.gpu.arrays import repeated
from draupnir.tools.gpu.step import LaunchInputs, LaunchOutcomes, stepper

needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="the extra [cuda] is not installed")
BYTE_LOADS = 50  # of a kernel, at most


def arguments(chip: str) -> tuple[Callable[..., None], tuple[Any, ...]]:
    """Return a step, and arguments of the types that it has on a GPU."""
    run: Any = ENGINE.require(chips.package(chip)).run
    level = run.__self__
    environment = draupnir.Environment()
    one, _ = level.prepare(chips.model(chip)(), environment)
    numbers, columns = np.zeros(1, np.int64), np.zeros((1, 4), np.int64)
    inputs = LaunchInputs(
        numbers, np.zeros((1, 2), np.int64), numbers, numbers, numbers, environment.delays, True, True
    )
    outcomes = LaunchOutcomes(columns, np.zeros((1, N_BUS_WORDS), np.int64), numbers, numbers, columns, columns)
    return stepper(level), (repeated(one, 1), inputs, outcomes, 1)


@needs_numba_cuda
@pytest.mark.slow
@pytest.mark.parametrize("capability", [(8, 0), (9, 0)], ids=["8.0", "9.0"])
@pytest.mark.parametrize("chip", ["odin", "tinyodin", "gungnir"])
def test_a_chip_compiles_for_a_gpu_that_is_not_there(chip: str, capability: tuple[int, int]) -> None:
    code = toolchain.ptx(*arguments(chip), capability)
    assert f".target sm_{capability[0]}{capability[1]}" in code and ".entry" in code
    loads = re.findall(r"\bld\.(?:global|local)\.(\w+)", code)
    assert loads.count("u64") > 100
    assert loads.count("u8") + loads.count("s8") <= BYTE_LOADS


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
