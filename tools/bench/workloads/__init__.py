"""The workloads of the contestants, chip by chip: contents of the memories, configuration, events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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
    """The speed of the chip itself, from its paper: clocks and synaptic operations per second, above 0."""

    clocks: float
    operations: float


@dataclass(frozen=True)
class Workload:
    """One job, the same for all contestants.

    name : one word; description : a few words on the job
    memories : name -> (depth, limbs) uint32, the contents before the first row
    inputs, clk : rows (see ``draupnir.emulator.trace``) that reset and configure the chip, and leave its buses at rest
    events : (n,) int64, addresses on the input bus, in order; or (n, 2) int64, operations of the chip's host
    environment : the delays at the buses, as for ``closed_loop.run`` of the chip
    stream : returns events of the same kind for a seed, at least 0; None if the events in any other order are as well
    """

    chip: Chip
    name: str
    description: str
    memories: dict[str, np.ndarray]
    inputs: np.ndarray
    clk: np.ndarray
    events: np.ndarray
    environment: Any = ENVIRONMENT
    stream: Callable[[int], np.ndarray] | None = None

    def new_model(self) -> Any:
        """A golden model with these contents of the memories, before the first row."""
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
class TickJob:
    """A job by timesteps.

    name : one word; ours : runs it for a number of timesteps, and returns the synaptic operations
    theirs : runs it with a program in a folder, for a number of timesteps, and returns what the program wrote and
        printed
    expected : returns what the program should write and print
    n_timesteps, n_theirs : the timesteps of a run, ours and theirs; at least 2
    """

    name: str
    ours: Callable[[int], int]
    theirs: Callable[[Path, Path, int], Mapping[str, str]]
    expected: Callable[[int], Mapping[str, str]]
    n_timesteps: int
    n_theirs: int


@dataclass(frozen=True)
class Workloads:
    """The workloads on which a chip is measured.

    makers : functions that make a workload for a number of events, at least 1
    for_many : more of them, which are measured on many chips at once
    silicon : the speed of the chip itself, None if it is not known
    cocotb_test : the cocotb test whose speed is measured, ``module.test``, or None
    by_timesteps : makes the job of a chip with a level by timesteps, a short one if its argument is True
    """

    makers: tuple[Callable[[int], Workload], ...]
    silicon: Silicon | None = None
    cocotb_test: str | None = None
    by_timesteps: Callable[[bool], TickJob] | None = None
    for_many: tuple[Callable[[int], Workload], ...] = ()


Offered = Workloads | Callable[[Chip], Workloads]  # the function is for a chip whose sizes can be chosen


def _is_workloads(candidate: object) -> TypeGuard[Offered]:
    return isinstance(candidate, Workloads) or callable(candidate)


WORKLOADS: Part[Offered] = Part(
    "workloads",
    "workloads",
    "nothing can be measured",
    _is_workloads,
    "a tools.bench.workloads.Workloads, or a function that makes it for a declaration",
)


def default_chip() -> str:
    """Name the first chip, in alphabetical order, that has workloads; if possible one that extends no other chip.

    A chip whose package does not load is skipped. Raises InputError if no chip remains.
    """
    packages = []
    for name in chips.names():
        with suppress(InputError):
            packages.append(chips.package(name))
    for package in sorted(packages, key=lambda package: package.extends is not None):
        if package.workloads is not None:
            return package.name
    raise InputError(f"no chip has workloads; there are: {', '.join(chips.names()) or 'none'}")


def workloads(chip: Chip) -> Workloads:
    """The workloads of a chip of this size. Raises InputError for a chip without workloads."""
    offered = WORKLOADS.require(chips.package(chip.name))
    return offered if isinstance(offered, Workloads) else offered(chip)


def make_workload(make: Callable[[int], Workload], chip: Chip, n_events: int) -> Workload:
    """Make a workload of a chip. Raises InputError if it is for another size of the chip."""
    workload = make(n_events)
    for name, size in chip.sizes.items():
        if workload.chip.sizes.get(name) != size:
            right = workload.chip.sizes.get(name)
            raise InputError(f"{name}={size}: workload {workload.name} of {chip.name} is for {name}={right}")
    return workload
