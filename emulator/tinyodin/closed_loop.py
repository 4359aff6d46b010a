"""tinyODIN between a sender of events and a receiver of spikes, clock by clock, at compiled speed."""

from __future__ import annotations

import numpy as np

from emulator.handshake import Delays, Environment, Receiver, Sender, receive, send, send_for, unchanged_for
from emulator.kernel.bits import field, placed
from emulator.kernel.jit import entry, kernel
from emulator.runs import FIRST, Run, put
from emulator.tinyodin.chip import Model
from emulator.tinyodin.clock import IN, OUT, apply_inputs, clock, outputs
from emulator.tinyodin.controller import WAIT
from emulator.tinyodin.layout import NEURONS, SYNAPSES
from emulator.tinyodin.stretch import can_stretch, stretch

DRIVEN = placed(IN.AERIN_ADDR.mask, IN.AERIN_ADDR) | placed(1, IN.AERIN_REQ) | placed(1, IN.AEROUT_ACK)


def run(model: Model, events: np.ndarray, environment: Environment, max_cycles: int, record_rows: bool = False) -> Run:
    """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

    events : (n,) int64, AERIN_ADDR of each, in order
    The buses must be at rest, as after a run that was done; SCK, MOSI and RST stay as they are. The run ends before the
    first edge at which both buses and the chip are at rest.
    """
    first_cycle = int(model.registers[0].cycle)
    cycles, addrs, rows, n_cycles, done = _loop(
        model.registers[0],
        model.memories[NEURONS.name],
        model.memories[SYNAPSES.name],
        np.ascontiguousarray(events, dtype=np.int64),
        environment.delays,
        max_cycles,
        record_rows,
    )
    return Run(cycles, addrs, first_cycle, int(n_cycles), bool(done), rows)


@kernel
def at_rest(r: np.record) -> bool:
    """Nothing queued, nothing under way; the pins must be at rest too."""
    idle = r.state == WAIT and r.main_empty == 1 and r.aerout_ctrl_busy == 0
    return idle and r.aerin_req_sync == 0 and r.aerin_req_sync_int == 0


@kernel
def input_pins(undriven: int, sender: Sender, receiver: Receiver) -> int:
    """The packed input pins."""
    return (
        undriven
        | placed(sender.addr, IN.AERIN_ADDR)
        | placed(sender.req, IN.AERIN_REQ)
        | placed(receiver.ack, IN.AEROUT_ACK)
    )


@entry
def _loop(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    events: np.ndarray,
    delays: Delays,
    max_cycles: int,
    record_rows: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, bool]:
    """The clocks of a run: spike cycles, spike addresses, rows, clocks taken, done."""
    cycles, addrs, rows = np.empty(FIRST, np.int64), np.empty(FIRST, np.int64), np.empty(FIRST, np.int64)
    n_spikes, n_cycles, done = 0, 0, False
    undriven = r.inputs & ~DRIVEN
    sender = Sender(0, field(r.inputs, IN.AERIN_ADDR), 0, delays.gap)
    receiver = Receiver(0, delays.ack_delay)
    req_before = 0
    while n_cycles < max_cycles:
        shown = outputs(r)
        ack, req = field(shown, OUT.AERIN_ACK), field(shown, OUT.AEROUT_REQ)
        if req == 1 and req_before == 0:
            cycles, addrs = put(cycles, n_spikes, r.cycle), put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        all_sent = sender.n_sent == len(events) and ack == 0
        done = all_sent and req == 0 and receiver.ack == 0 and at_rest(r)
        if done:
            break
        sender, receiver = send(sender, delays, events, ack), receive(receiver, delays, req)
        pins = input_pins(undriven, sender, receiver)
        if pins != r.inputs:
            apply_inputs(r, pins)
        taken = 0
        if can_stretch(r):
            taken = stretch(r, neurons, synapses, min(unchanged_for(sender, events), max_cycles - n_cycles))
        if taken == 0:
            clock(r, neurons, synapses)
            taken = 1
        sender = send_for(sender, delays, events, taken - 1)[0]
        if record_rows:
            for _ in range(taken):
                rows = put(rows, n_cycles, pins)
                n_cycles += 1
        else:
            n_cycles += taken
    n_rows = n_cycles if record_rows else 0
    return cycles[:n_spikes], addrs[:n_spikes], rows[:n_rows], n_cycles, done
