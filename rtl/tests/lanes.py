"""A chip with any number of counters, an event bus in and one out: its declaration, model and event level.

An event adds 1 to its counter's word. A counter that becomes 0 again sends its own address. Each event takes 4
clocks, and the model does nothing else. This chip is for tests of commands with sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.declare import Block, Bus, Chip, Field, Memory, Parameter, Pin, Reg, Word, sized
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.package import ChipPackage
from draupnir.emulator.speeds.runs import EventRun

CLOCKS = 4
COUNT = Word("count", 8, (Field("n", 0, 8, "Events, modulo 256."),))


@sized(Parameter("N", 16, 2, 1024, "counters"))
def declare(N: int) -> Chip:
    """``N`` counters."""
    n_bits = (N - 1).bit_length()
    return Chip(
        name="lanes",
        title="lanes: counters between two event buses",
        pins=(
            Pin("CLK", "in", 1, "clock", ""),
            Pin("RST", "in", 1, "reset", ""),
            Pin("IN_ADDR", "in", n_bits, "bus", ""),
            Pin("IN_REQ", "in", 1, "bus", ""),
            Pin("IN_ACK", "out", 1, "bus", ""),
            Pin("OUT_ADDR", "out", n_bits, "bus", ""),
            Pin("OUT_REQ", "out", 1, "bus", ""),
            Pin("OUT_ACK", "in", 1, "bus", ""),
        ),
        buses=(
            Bus("in", FOUR_PHASE, {"addr": "IN_ADDR", "req": "IN_REQ", "ack": "IN_ACK"}, ""),
            Bus("out", FOUR_PHASE, {"addr": "OUT_ADDR", "req": "OUT_REQ", "ack": "OUT_ACK"}, ""),
        ),
        memories=(Memory("counts", N, 8, (COUNT,)),),
        registers=(),
        blocks=(Block("lanes", (Reg("last", n_bits),)),),
        events=(),
        source="",
    )


class Model(ClockLevel):
    """The model of the counters, which does nothing in its clocks."""

    chip = declare()

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self.registers[0].cycle += int(clk.sum())

    @property
    def outputs(self) -> int:
        return 0


@dataclass
class Statistics:
    """n_counted : the number of events"""

    n_counted: int


def run(
    model: Any,
    addrs: np.ndarray,
    environment: Any,
    max_cycles: int | None = None,
    not_before: Any = None,
    buses: Any = None,
    finish: bool = True,
) -> EventRun:
    """Count the events; see ``draupnir.emulator.speeds.levels.BusLevel``."""
    first, counts = int(model.registers[0].cycle), model.memories["counts"]
    spikes = []
    for i, addr in enumerate(addrs.tolist()):
        counts[addr, 0] = (counts[addr, 0] + 1) % 256
        if not counts[addr, 0]:
            spikes.append((first + CLOCKS * (i + 1), addr))
    model.registers[0].cycle += CLOCKS * len(addrs)
    cycles, spike_addrs = np.array(spikes, np.int64).reshape(-1, 2).T
    n_events = len(addrs)
    return EventRun(cycles, spike_addrs, first, CLOCKS * n_events, True, n_events, buses, Statistics(n_events))


PACKAGE = ChipPackage(
    name="lanes",
    declaration="draupnir.rtl.tests.lanes:declare",
    model="draupnir.rtl.tests.lanes:Model",
    engine="draupnir.rtl.tests.lanes:ENGINE",
)
ENGINE = SimpleNamespace(run=run)
