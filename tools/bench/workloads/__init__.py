"""What the contestants are given to do, chip by chip: contents of the memories, configuration, events.

A chip's workloads are in the module of its name, which has ``WORKLOADS`` and ``SILICON``, and may have a
``COCOTB_TEST``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.handshake import Environment
from draupnir.tools.run import levels

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
        model = chips.model(self.chip.name)()
        for name, content in self.memories.items():
            model.memories[name][:] = content
        return model

    def model(self) -> Any:
        """A golden model that is ready for the first event."""
        model = self.new_model()
        model.drive(self.inputs, self.clk)
        return model


def makers(chip: Chip) -> Sequence[Callable[[int], Workload]]:
    """What makes the chip's workloads, for a number of events each."""
    found: Sequence[Callable[[int], Workload]] = _module(chip).WORKLOADS
    return found


def silicon(chip: Chip) -> Silicon:
    """What the chip itself does."""
    found: Silicon = _module(chip).SILICON
    return found


def cocotb_test(chip: Chip) -> str | None:
    """The cocotb test whose speed is measured, ``module.test``, or None."""
    found: str | None = getattr(_module(chip), "COCOTB_TEST", None)
    return found


def _module(chip: Chip) -> ModuleType:
    return levels.found(
        chip.name, f"draupnir.tools.bench.workloads.{chip.name}", "workloads", "nothing can be measured"
    )
