"""The workloads of the contestants, chip by chip: contents of the memories, configuration, events."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.emulator.parts.handshake import Environment

ENVIRONMENT = Environment()


@dataclass(frozen=True)
class Silicon:
    """The chip itself, as its paper has it: clocks and synaptic operations a second."""

    clocks: float
    operations: float


@dataclass(frozen=True)
class Workload:
    """One job, the same for all contestants.

    name : one word; what : the same in words
    memories : name -> (depth, limbs) uint32, before the first row
    inputs, clk : rows (see ``draupnir.emulator.trace``) that reset and configure the chip and leave its buses at rest
    events : addresses on the input bus, (n,) int64, in order; or what the host of a chip does, (n, 2) int64
    environment : the delays of whoever is at the buses, as the chip's ``closed_loop.run`` takes them
    """

    chip: Chip
    name: str
    what: str
    memories: dict[str, np.ndarray]
    inputs: np.ndarray
    clk: np.ndarray
    events: np.ndarray
    environment: Any = ENVIRONMENT

    def new_model(self) -> Any:
        """A golden model with the memories' contents, before the first row."""
        model = chips.model(self.chip.name, self.chip.sizes)()
        for name, content in self.memories.items():
            model.memories[name][:] = content
        return model

    def model(self) -> Any:
        """A golden model that is ready for the first event."""
        model = self.new_model()
        model.drive(self.inputs, self.clk)
        return model


@dataclass(frozen=True)
class Workloads:
    """The workloads on which a chip is measured.

    makers : each makes a workload for a number of events
    silicon : what the chip itself does; None for a chip that nobody has built, or of which nobody knows
    cocotb_test : the cocotb test whose speed is measured, ``module.test``; None: none
    """

    makers: tuple[Callable[[int], Workload], ...]
    silicon: Silicon | None = None
    cocotb_test: str | None = None


Offered = Workloads | Callable[[Chip], Workloads]  # the function is for a chip whose sizes can be chosen


def _is_workloads(found: object) -> TypeGuard[Offered]:
    return isinstance(found, Workloads) or callable(found)


WORKLOADS: Part[Offered] = Part(
    "workloads",
    "workloads",
    "nothing can be measured",
    _is_workloads,
    "a tools.bench.workloads.Workloads, or a function that makes it for a declaration",
)


def default_chip() -> str:
    """Name the first chip, in alphabetical order, that has workloads.

    A chip whose package cannot be loaded is passed over. Raises InputError if no chip is left.
    """
    for name in chips.names():
        with suppress(InputError):
            if chips.package(name).workloads is not None:
                return name
    raise InputError(f"no chip has workloads; there are: {', '.join(chips.names()) or 'none'}")


def workloads(chip: Chip) -> Workloads:
    """Return what is measured of a chip of this size. Raises InputError for a chip without workloads."""
    offered = WORKLOADS.needed(chips.package(chip.name))
    return offered if isinstance(offered, Workloads) else offered(chip)


def made(make: Callable[[int], Workload], chip: Chip, n_events: int) -> Workload:
    """Make a workload of a chip. Raises InputError if it is for another size of the chip."""
    workload = make(n_events)
    for name, size in chip.sizes.items():
        if workload.chip.sizes.get(name) != size:
            right = workload.chip.sizes.get(name)
            raise InputError(f"{name}={size}: workload {workload.name} of {chip.name} is for {name}={right}")
    return workload
