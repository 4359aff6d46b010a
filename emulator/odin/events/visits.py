"""The neurons that an event of ODIN visits: their row of synapses, themselves, and who spikes.

A spike on the output bus stops the controller's counters for as long as the receiver takes; with constant delays that
is one number, ``stall``.

Source: controller.v, scheduler.v, aer_out.v, as in controller.py, scheduler.py, aer_out.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.clock import is_settled
from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import bit, field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.controller import POP_NEUR
from draupnir.emulator.odin.events.workspace import LAST_GROUP, Workspace
from draupnir.emulator.odin.layout import M, N
from draupnir.emulator.odin.planes import izh, lif, memories, record, sweep
from draupnir.emulator.odin.scheduler import EVENT_OUT
from draupnir.emulator.odin.spi import SYN_SIGN_BITS
from draupnir.emulator.odin.stretch import IN, is_bus_idle
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import Delays, Receiver
from draupnir.emulator.speeds.loop import show

EVENT_CLOCKS = 2 * N  # of an event that visits all neurons

# --- When -------------------------------------------------------------------------------------------------------


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does and the turn's moving on."""
    if receiver.ack == 1 or receiver.wait != delays.ack_delay or not is_bus_idle(r):
        return False
    return is_settled(r, field(r.inputs, IN.RST)) and scheduler.is_orderly(r)


# --- Row and neurons --------------------------------------------------------------------------------------------


@kernel
def keep_last_neuron(r: np.record, ws: Workspace, neurons: np.ndarray) -> None:
    """The neuron memory's output register will show the last neuron as it was read."""
    memories.flush_neuron(ws.planes, neurons, N - 1)
    memories.word_of(neurons, N - 1, r.neur_state)


@kernel
def row(r: np.record, ws: Workspace, synapses: np.ndarray, pre: int) -> None:
    """Have the row in its planes; the synapse memory's output register will show its last word as it was read."""
    if ws.planes.row_here[pre] == 0:
        memories.load_row(ws.planes, synapses, pre)
    addr = pre << (M - GROUP_BITS) | LAST_GROUP
    memories.flush_synapses(ws.planes, synapses, addr)
    r.synarray_rdata = wide(synapses[addr, 0])


@kernel
def stimulate(r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, pre: int) -> None:
    """A spike event's row of synapses, and all neurons."""
    p = ws.planes
    syn_sign = bit(r.spi_syn_sign[pre // SYN_SIGN_BITS], pre % SYN_SIGN_BITS)
    keep_last_neuron(r, ws, neurons)
    sweep.plastic_row(p, pre, r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    if p.any_lif:
        lif.stimulate_lif(p, syn_sign)
    if p.any_izh:
        izh.update_izh(p, syn_sign, 0)


# --- What a neuron's spike does ---------------------------------------------------------------------------------


@kernel
def _event_out(p: np.record, n: int) -> int:
    """NEUR_EVENT of a neuron that spikes."""
    spk_ref, isi_ref = record.number_of(p.spk_ref, n), record.number_of(p.isi_ref, n)
    return placed(1, EVENT_OUT.spike) | placed(spk_ref, EVENT_OUT.spk_ref) | placed(isi_ref, EVENT_OUT.isi_ref)


@kernel
def _scheduler_clock(r: np.record, event_out: int, n: int, pops: bool) -> None:
    """The scheduler's edge as a neuron is written."""
    scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, int(pops)), event_out, n)


@outlined
def fire(r: np.record, ws: Workspace, counts: np.record, n_spikes: int, first: int, n: int, stall: int) -> int:
    """Scheduler and output bus during the visit of ``n`` neurons from ``first`` on; returns the visit's clocks.

    ws.fired : those of them that spike. In a spike event, the last neuron's visit also pops the event.
    """
    stalls, elapsed = 0, 0
    for k in range(n_spikes):
        neur = ws.fired[k]
        spike_clock = 2 * (neur - first) + 1 + stalls
        scheduler.run_on(r, spike_clock - elapsed)
        _scheduler_clock(r, _event_out(ws.planes, neur), neur, r.state == POP_NEUR and neur == N - 1)
        elapsed = spike_clock + 1
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        r.aerout_addr = neur
        if neur == N - 1:
            r.aerout_req = 1
            r.aerout_ctrl_busy = 1
        else:
            show(ws.bus_spikes, r.cycle + elapsed, neur)
            stalls += stall
    counts.stalls += stalls
    clocks = 2 * n + stalls
    if first + n == N and r.state == POP_NEUR and elapsed < clocks:
        scheduler.run_on(r, clocks - 1 - elapsed)
        _scheduler_clock(r, 0, N - 1, True)
    else:
        scheduler.run_on(r, clocks - elapsed)
    return clocks
