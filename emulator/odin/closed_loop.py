"""ODIN between a sender of events and a receiver of spikes, clock by clock, at compiled speed."""

from __future__ import annotations

import numpy as np

from emulator import runs
from emulator.handshake import Delays, Environment, held, receive, send, send_for, unchanged_for
from emulator.kernel.bits import field
from emulator.kernel.jit import entry
from emulator.odin import loop
from emulator.odin.chip import Model
from emulator.odin.clock import OUT, clock, outputs
from emulator.odin.layout import NEURONS, SYNAPSES
from emulator.odin.stretch import can_stretch, stretch
from emulator.runs import Buses, Run, new_column, put


def run(
    model: Model,
    events: np.ndarray,
    environment: Environment,
    max_cycles: int,
    record_rows: bool = False,
    not_before: np.ndarray | None = None,
    buses: Buses | None = None,
    finish: bool = True,
) -> Run:
    """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

    events : (n,) int64, AERIN_ADDR of each, in order; environment : the delays of both buses
    not_before : (n,) int64, the first cycle of the model in which REQ of each may be high; None: no limits
    buses : where the run before left them; None: at rest, as after a reset or a run that was done
    finish : True: the run ends before the first edge at which both buses and the chip are at rest; False: as soon as
    the last event's REQ has been dropped, for the next run to go on from there
    SCK, MOSI and RST stay as they are. Raises InputError if ``not_before`` is not as long as ``events``.
    """
    first_cycle = int(model.registers[0].cycle)
    cycles, addrs, rows, n_cycles, done, left = _loop(
        model.registers[0],
        model.memories[NEURONS.name],
        model.memories[SYNAPSES.name],
        np.ascontiguousarray(events, dtype=np.int64),
        runs.limits(events, not_before),
        environment.delays,
        loop.buses_before(model, environment) if buses is None else buses,
        max_cycles,
        finish,
        record_rows,
    )
    n_sent, buses = runs.after(left)
    return Run(cycles, addrs, first_cycle, int(n_cycles), bool(done), n_sent, buses, rows)


@entry
def _loop(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    events: np.ndarray,
    not_before: np.ndarray,
    delays: Delays,
    buses: Buses,
    max_cycles: int,
    finish: bool,
    record_rows: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, bool, Buses]:
    """The clocks of a run: spike cycles, spike addresses, rows, clocks taken, done, the buses."""
    cycles, addrs, rows = new_column(), new_column(), new_column()
    n_spikes, n_cycles, done = 0, 0, False
    undriven = r.inputs & ~loop.DRIVEN
    sender, receiver, req_before = buses
    while n_cycles < max_cycles:
        shown = outputs(r)
        ack, req = field(shown, OUT.AERIN_ACK), field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            cycles = put(cycles, n_spikes, r.cycle)
            addrs = put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        done = loop.is_done(r, sender, receiver, events, finish)
        if done:
            break
        sender = send(sender, delays, events, ack, held(sender, not_before, r.cycle))
        receiver = receive(receiver, delays, req)
        r.inputs = loop.pins(undriven, sender, receiver)
        taken = 0
        if can_stretch(r):
            same = unchanged_for(sender, events, held(sender, not_before, r.cycle + 1))
            taken = stretch(r, neurons, synapses, min(same, max_cycles - n_cycles))
        if taken == 0:
            clock(r, neurons, synapses)
            taken = 1
        sender = send_for(sender, delays, events, taken - 1, held(sender, not_before, r.cycle - taken + 1))[0]
        if record_rows:
            for _ in range(taken):
                rows = put(rows, n_cycles, r.inputs)
                n_cycles += 1
        else:
            n_cycles += taken
    n_rows = n_cycles if record_rows else 0
    return cycles[:n_spikes], addrs[:n_spikes], rows[:n_rows], n_cycles, done, Buses(sender, receiver, req_before)
