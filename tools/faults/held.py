"""A chip between a sender and a receiver, clock by clock, in which bits keep a level: they get it after each edge.

It is the closed loop of ``draupnir.emulator.speeds.closed_loop`` without anything that saves clocks, in compiled code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.declare import LIMB_BITS
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.loop import before_edge, drive, pass_clocks
from draupnir.emulator.speeds.runs import Buses, BusRun, RunInputs, keep, next_rest
from draupnir.tools.faults.sites import FaultSite

ROOM = 1 << 16  # spikes of a piece, at most


@dataclass(frozen=True)
class HeldBits:
    """Neighbouring bits, the first of which is the site, that keep a level, 0 or 1; bits beyond the word are none."""

    site: FaultSite
    n_bits: int
    level: int

    @property
    def mask(self) -> int:
        """The bits in their word."""
        return ((1 << self.n_bits) - 1) << self.site.bit & ((1 << self.site.width) - 1)

    def places(self, model: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the integers of the registers, the limbs of a memory, and the places in them: (n, 4) int64.

        A place has 1 for the memory or 0 for the registers, the number of the integer or limb, the mask of the bits,
        and their level.
        """
        words = model.registers.view(np.ndarray).view(np.int64).reshape(-1)
        if self.site.name not in model.memories:
            _, first = model.registers.dtype.fields[self.site.name][:2]
            place = [0, first // 8 + self.site.element, self.mask, self.mask * self.level]
            return words, np.zeros(1, np.uint32), np.array([place], np.int64)
        limbs = model.memories[self.site.name]
        n_limbs, limb_mask = limbs.shape[-1], (1 << LIMB_BITS) - 1
        masks = [(i, self.mask >> LIMB_BITS * i & limb_mask) for i in range(n_limbs)]
        rows = [[1, self.site.element * n_limbs + i, mask, mask * self.level] for i, mask in masks if mask]
        return words, limbs.reshape(-1), np.array(rows, np.int64)


def run(
    model: Any,
    events: np.ndarray,
    environment: Environment,
    max_cycles: int,
    not_before: np.ndarray | None,
    buses: Buses | None,
    bits: HeldBits,
) -> BusRun:
    """Send events and receive spikes, while bits keep their level; the arguments are as for ``ClosedLoop.run``."""
    first_cycle = int(model.registers[0].cycle)
    inputs = runs.run_inputs(model, events, environment, not_before, buses)
    loop = _loop(model.clock, import_module(f"{model.clock.__package__}.stretch"))
    places = bits.places(model)

    def piece(inputs: RunInputs, clocks: int, bus_words: np.ndarray) -> Any:
        columns = np.empty(ROOM, np.int64), np.empty(ROOM, np.int64)
        state = model.registers, *model.kernel_state()[1:]
        n_spikes, n_cycles, is_complete = loop(state, places, inputs, min(clocks, pieces.WORK), columns, bus_words)
        return *(column[:n_spikes].copy() for column in columns), n_cycles, is_complete

    ran = runs.run_pieces(piece, inputs, max_cycles)
    cycles, addrs = ran.columns
    no_rows = np.zeros(0, np.int64)
    return BusRun(cycles, addrs, first_cycle, ran.n_cycles, ran.done, ran.n_sent, ran.buses, no_rows)


@kernel
def _hold(words: np.ndarray, limbs: np.ndarray, places: np.ndarray) -> None:
    """Give the bits their level; see ``HeldBits.places``."""
    for i in range(len(places)):
        in_memory, place, mask, level = places[i]
        if in_memory:
            limbs[place] = np.uint32((np.int64(limbs[place]) & ~mask) | level)
        else:
            words[place] = (words[place] & ~mask) | level


@cache
def _loop(clock: ModuleType, stretch: ModuleType) -> Callable[..., tuple[int, int, bool]]:
    """Return the compiled loop of a chip: spikes, clocks, and True if the run is complete; see ``loop.looper``.

    ``stretch.begin`` finds out anew what the model keeps to be quick, since a bit may contradict it.
    """

    @entry
    def loop(
        state: Any, places: Any, inputs: RunInputs, max_cycles: int, columns: Any, bus_words: np.ndarray
    ) -> tuple[int, int, bool]:
        r, memories = state[0][0], state[1:]
        bus, n_events, n_spikes, n_cycles = inputs.buses, len(inputs.events), 0, 0
        end, is_complete = next_rest(inputs, bus.sender.req), False
        stretch.begin(r)
        while n_cycles < max_cycles and n_spikes < len(columns[0]):
            some = RunInputs(inputs.events[:end], inputs.not_before[:end], inputs.delays, bus)
            out = clock.outputs(r)
            ack, req = field(out, clock.OUT.AERIN_ACK), field(out, clock.OUT.AEROUT_REQ)
            if req == 1 and bus.req == 0:
                columns[0][n_spikes], columns[1][n_spikes] = r.cycle, field(out, clock.OUT.AEROUT_ADDR)
                n_spikes += 1
            bus = Buses(bus.sender, bus.receiver, req)
            if bus.sender.n_sent == end and (ack | req | bus.receiver.ack) == 0 and clock.at_rest(r):
                is_complete = end == n_events
                if is_complete:
                    break
                end = next_rest(inputs, end + 1)
                continue
            bus = before_edge(bus, some, ack, r.cycle)
            drive(r, clock.IN, bus)
            clock.clock(r, *memories)
            bus = pass_clocks(bus, some, 0, r.cycle)[0]
            n_cycles += 1
            _hold(*places)
            stretch.begin(r)
        stretch.end(r)
        keep(bus_words, bus)
        return n_spikes, n_cycles, is_complete

    return loop
