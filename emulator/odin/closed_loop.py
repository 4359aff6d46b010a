"""ODIN between a sender of events and a receiver of spikes, clock by clock, at compiled speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.handshake import Delays, Environment, Receiver, Sender, receive, send, send_for, unchanged_for
from emulator.kernel.bits import field, placed
from emulator.kernel.jit import entry, kernel
from emulator.odin.chip import Model
from emulator.odin.clock import IN, OUT, apply_inputs, clock, outputs
from emulator.odin.controller import WAIT
from emulator.odin.layout import N_PRIO, NEURONS, SYNAPSES
from emulator.odin.stretch import can_stretch, stretch

DRIVEN = placed(IN.AERIN_ADDR.mask, IN.AERIN_ADDR) | placed(1, IN.AERIN_REQ) | placed(1, IN.AEROUT_ACK)
FIRST = 1024  # first length of an array whose length only the run will tell; doubled when full


@dataclass(frozen=True)
class Run:
    """What came of a closed-loop run.

    cycles, addrs : (n,) int64, the first clock before whose edge AEROUT_REQ is seen high, and AEROUT_ADDR there;
    cycles count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all events were sent and the chip came to rest; False: ``max_cycles`` was reached first
    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    rows: np.ndarray


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
    for prio in range(N_PRIO):
        if r.burst_empty[prio] == 0:
            return False
    idle = r.state == WAIT and r.main_empty == 1 and r.aerout_ctrl_busy == 0
    return idle and r.aerin_req_sync == 0 and r.aerin_req_sync_int == 0


@entry
def _put(array: np.ndarray, index: int, element: int) -> np.ndarray:
    """The array with the element at its end, or a longer copy of it if it was full."""
    if index == len(array):
        longer = np.empty(2 * index, dtype=np.int64)
        longer[:index] = array
        array = longer
    array[index] = element
    return array


@kernel
def _pins(undriven: int, sender: Sender, receiver: Receiver) -> int:
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
            cycles, addrs = _put(cycles, n_spikes, r.cycle), _put(addrs, n_spikes, field(shown, OUT.AEROUT_ADDR))
            n_spikes += 1
        req_before = req
        all_sent = sender.n_sent == len(events) and ack == 0
        done = all_sent and req == 0 and receiver.ack == 0 and at_rest(r)
        if done:
            break
        sender, receiver = send(sender, delays, events, ack), receive(receiver, delays, req)
        pins = _pins(undriven, sender, receiver)
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
                rows = _put(rows, n_cycles, pins)
                n_cycles += 1
        else:
            n_cycles += taken
    n_rows = n_cycles if record_rows else 0
    return cycles[:n_spikes], addrs[:n_spikes], rows[:n_rows], n_cycles, done
