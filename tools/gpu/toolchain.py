"""Numba for GPUs, if it is installed (extra ``[cuda]``), and PTX for a GPU that is not there."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numba

from draupnir.emulator.errors import InputError

MISSING = "backend 'cuda': Numba for GPUs is missing; right is pip install 'draupnir[cuda]'"


def cuda() -> Any:
    """Return the module ``numba.cuda`` of the package numba-cuda. Raises InputError if the package is missing."""
    try:
        import_module("numba_cuda")
    except ImportError:
        raise InputError(MISSING) from None
    return import_module("numba.cuda")


def cuda_with_gpu() -> Any:
    """Return the same. Raises InputError also if this machine has no GPU that it can use."""
    module = cuda()
    if not module.is_available():
        raise InputError("backend 'cuda': this machine has no NVIDIA GPU with a driver; right is backend 'cpu'")
    return module


def thread_of(step: Callable[..., None]) -> Callable[..., None]:
    """Return the function of a GPU's thread, which lets its chip go on; ``step`` as from ``step.stepper``."""
    grid = cuda().grid

    def thread(arrays: Any, inputs: Any, outcomes: Any, budget: int) -> None:
        i = grid(1)
        if i < len(outcomes.figures):
            step(i, arrays, inputs, outcomes, budget)

    return thread


def ptx(step: Callable[..., None], arguments: tuple[Any, ...], capability: tuple[int, int]) -> str:
    """Compile the thread of a step for a GPU of this compute capability, which need not be there. Return the PTX.

    arguments : of ``step`` without the number of the chip; only their types matter
    """
    module = cuda()
    dispatcher: Any = import_module("numba.cuda.dispatcher")
    type_of: Callable[[Any], Any] = numba.typeof
    present = dispatcher.get_current_device
    # A function of the CPU that becomes one of the GPU asks the present device what it can do.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        signature = numba.void(*map(type_of, arguments))
        code, _ = module.compile(thread_of(step), signature, cc=capability, device=False, abi="numba", output="ptx")
    finally:
        dispatcher.get_current_device = present
    return code if isinstance(code, str) else code.decode()
