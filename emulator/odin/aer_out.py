"""The output event bus: spikes in standard mode, a neuron's and a synapse's state in monitoring mode.

Standard: as in ``emulator/crossbar/aer_out.py``.
Monitoring: a write of the monitored neuron sends two packets, one of the monitored synapse a third.

Source: ODIN doc v0.1, 2.2.2; aer_out.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import aer_out as standard
from draupnir.emulator.crossbar.aer_out import NO_EVENT, OutputEvent
from draupnir.emulator.crossbar.controller import NeurMem, SynMem
from draupnir.emulator.crossbar.synaptic_core import synapse
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import controller
from draupnir.emulator.odin.controller import Sched
from draupnir.emulator.odin.layout import CHIP, MONITOR, MONITOR_SYN, NEUR_EVENT, SCHED_EVENT, SYN_ADDR, SYN_BITS
from draupnir.emulator.odin.neuron_core import NeuronOutput
from draupnir.emulator.resets import resetter

EVENT_OUT = positions(NEUR_EVENT)
SCHED = positions(SCHED_EVENT)
ADDR = positions(SYN_ADDR)
MON = positions(MONITOR)
SYN_PACKET = MONITOR_SYN << SYN_BITS
V_MEM_MASK = MONITOR["v_mem"].high
V_MEM_BITS = MONITOR["v_mem"].width


class OutputView(NamedTuple):
    """The events of this clock that may go out.

    spike : an output event, in standard mode
    neuron, synapse : the monitored neuron, the monitored synapse was written
    event : spike flag of the first neuron packet; monitor, syn : the packets' contents
    """

    spike: OutputEvent
    neuron: bool
    synapse: bool
    event: int
    monitor: int
    syn: int


NOTHING = OutputView(NO_EVENT, False, False, 0, 0, 0)


@kernel
def output_view(
    r: np.record, neur: NeurMem, syn: SynMem, sched: Sched, result: NeuronOutput, syn_word: int
) -> OutputView:
    """Gather what the output bus watches; syn_word : SYNARRAY_WDATA."""
    from_ctrl = r.spi_aer_src_ctrl_nneur == 1
    popped = controller.aerout_pop_neur(r)
    sched_addr = field(sched.data_out, SCHED.addr)
    fires = field(result.event_out, EVENT_OUT.spike)
    mon_neur = r.spi_monitor_neur_addr
    mon_popped = popped and sched_addr == mon_neur
    mon_word = r.spi_monitor_syn_addr << ADDR.pre.shift | mon_neur >> 3
    writes = neur.cs == 1 and neur.we == 1 and neur.addr == mon_neur
    return OutputView(
        standard.output_event(r, fires == 1, neur.addr, popped, sched_addr),
        writes or (mon_popped and from_ctrl),
        syn.cs == 1 and syn.we == 1 and syn.addr == mon_word,
        int(mon_popped) if from_ctrl else fires,
        result.monitor,
        synapse(syn_word, mon_neur),
    )


@kernel
def _standard(r: np.record, w: OutputView) -> None:
    r.do_neuron0_transfer = 0
    r.do_neuron1_transfer = 0
    r.do_synapse_transfer = 0
    r.synapse_state_event_del = 0
    standard.send(r, w.spike)


@kernel
def _send(r: np.record, packet: int, neuron0: bool, neuron1: bool, synapse_packet: bool) -> None:
    r.aerout_addr = packet
    r.aerout_req = 1
    r.aerout_ctrl_busy = 1
    r.do_neuron0_transfer = int(neuron0)
    r.do_neuron1_transfer = int(neuron1)
    r.do_synapse_transfer = int(synapse_packet)


@kernel
def _monitoring(r: np.record, w: OutputView) -> None:
    """First neuron packet, second, then the synapse's; if the neuron is not written with it, the synapse's alone."""
    ack = r.aerout_ack_sync
    if ack == 0 and r.aerout_ack_sync_del == 1:
        r.aerout_req = 0
        r.aerout_ctrl_busy = r.do_neuron0_transfer | r.synapse_state_event_del
        r.do_neuron1_transfer = r.do_neuron0_transfer
        r.do_neuron0_transfer = 0
        r.do_synapse_transfer = 0
    elif ack:
        r.aerout_req = 0
        r.aerout_ctrl_busy = 1
    elif r.aerout_req:
        return
    elif w.neuron:
        _send(r, (w.event << MON.event.shift | w.monitor) >> V_MEM_BITS, True, False, False)
        r.synapse_state_event_del = int(w.synapse)
    elif w.synapse:
        _send(r, SYN_PACKET | w.syn, False, False, True)
        r.synapse_state_event_del = 0
    elif r.do_neuron1_transfer:
        _send(r, r.neuron_state_monitor_samp, False, True, False)
    elif r.synapse_state_event_del:
        _send(r, SYN_PACKET | r.synapse_state_samp, False, False, False)
        r.synapse_state_event_del = 0


@kernel
def clock(r: np.record, w: OutputView, aerout_ack: int) -> None:
    """Rising edge."""
    if r.spi_out_aer_monitor_en:
        monitor_samp = w.monitor & V_MEM_MASK if w.neuron else r.neuron_state_monitor_samp
        synapse_samp = w.syn if w.synapse else r.synapse_state_samp
        _monitoring(r, w)
        r.neuron_state_monitor_samp = monitor_samp
        r.synapse_state_samp = synapse_samp
    else:
        _standard(r, w)
    standard.synchronise(r, aerout_ack)


reset = resetter(CHIP.block("aer_out"))  # by RST, and for as long as the gate is closed
