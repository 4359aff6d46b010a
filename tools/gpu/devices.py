"""Places where a launch runs: on a GPU, or on the CPU with the same functions.

A device has three methods. ``put(thing)`` returns a tuple of arrays as the device takes it, ``get(thing)`` the same
tuple with the arrays as they are now, and ``launcher(step)`` a function that runs one launch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np

from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.speeds.many_arrays import copied
from draupnir.tools.gpu import toolchain

Launch = Callable[[Any, Any, Any, int], None]
THREADS = 32  # of a block: one warp, so that the blocks spread over all multiprocessors


class LaunchDevice(Protocol):
    """A place where a launch runs; see above."""

    def put(self, thing: Any) -> Any: ...

    def get(self, thing: Any) -> Any: ...

    def launcher(self, step: Callable[..., None]) -> Launch: ...


class CpuDevice:
    """The CPU: one chip after the other."""

    def put(self, thing: Any) -> Any:
        """Return the tuple itself."""
        return thing

    def get(self, thing: Any) -> Any:
        """Return the tuple itself."""
        return thing

    def launcher(self, step: Callable[..., None]) -> Launch:
        """Return a function that lets all chips go on; ``step`` as from ``step.stepper``."""
        return _loop_over(step)


@cache
def _loop_over(step: Callable[..., None]) -> Launch:
    """Compile a step for all chips once in a process."""

    @entry
    def launch(arrays: Any, inputs: Any, outcomes: Any, budget: int) -> None:
        for i in range(len(outcomes.figures)):
            step(i, arrays, inputs, outcomes, budget)

    return launch


class GpuDevice:
    """The GPU on which this thread works. Raises InputError if there is none, or if Numba for GPUs is missing."""

    def __init__(self) -> None:
        self._cuda = toolchain.cuda_with_gpu()

    def put(self, thing: Any) -> Any:
        """Copy a tuple of arrays to the GPU."""
        return copied(lambda array: self._cuda.to_device(np.ascontiguousarray(array)), thing)

    def get(self, thing: Any) -> Any:
        """Copy a tuple of arrays from the GPU."""
        if hasattr(thing, "copy_to_host"):
            return thing.copy_to_host()
        return type(thing)(*map(self.get, thing)) if isinstance(thing, tuple) else thing

    def launcher(self, step: Callable[..., None]) -> Launch:
        """Return a function that runs one thread for each chip, and waits for all; ``step`` as for ``CpuDevice``."""
        kernel = _kernel(step)

        def launch(arrays: Any, inputs: Any, outcomes: Any, budget: int) -> None:
            kernel[-(-len(outcomes.figures) // THREADS), THREADS](arrays, inputs, outcomes, budget)
            self._cuda.synchronize()

        return launch


@cache
def _kernel(step: Callable[..., None]) -> Any:
    """Compile a step for the threads of a GPU once in a process, which takes about a minute."""
    return toolchain.cuda().jit(toolchain.thread_of(step))
