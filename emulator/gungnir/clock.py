"""One clock of Gungnir: the blocks, wired together. While SPI_EPROP_EN is 0 it is one clock of ODIN.

Source: README.md; the rest: ODIN's clock.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.crossbar import synaptic_core as synapse_memory
from draupnir.emulator.crossbar.clock import calm_clock_of, input_setter, output_pins
from draupnir.emulator.crossbar.controller import NO_NEURON, NO_SYNAPSES, SynMem
from draupnir.emulator.gungnir import controller, eprop, neuron_core, spi
from draupnir.emulator.gungnir.layout import CHIP, LEARNING
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import aer_out, scheduler, synaptic_core
from draupnir.emulator.odin import clock as odin
from draupnir.emulator.odin import neuron_core as odin_neuron_core
from draupnir.emulator.odin.aer_out import OutputView
from draupnir.emulator.resets import resetter

IN = spi.IN
OUT = positions(CHIP.output_word)
apply_inputs = input_setter(spi)
outputs = output_pins(OUT, controller)
at_rest = odin.at_rest
_edge = odin.edge_of(spi, controller)
_write_as_odin = odin.writer(neuron_core)
_reset_learning = resetter(LEARNING)
calm_clock = calm_clock_of(IN, controller, scheduler)


@kernel
def clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray, fractions: np.ndarray) -> int:
    """Rising edge of CLK; returns 1 if the neuron that is written spikes (before the edge)."""
    was_in_reset = r.rst_sync
    if r.spi_eprop_en:
        spike = _learning_clock(r, neurons, synapses, fractions)
    else:
        r.learn_cnt = 0
        spike = odin.clock(r, neurons, synapses)
    if was_in_reset or r.rst_sync:
        _reset_learning(r)
    return spike


@kernel
def waiting_clock(r: np.record) -> None:
    """Rising edge of CLK in a state that touches no memory (see ``odin.controller.is_waiting``)."""
    was_in_reset = r.rst_sync
    r.learn_cnt = 0
    _edge(r, scheduler.outputs(r), 0, 0, aer_out.NOTHING)
    if was_in_reset or r.rst_sync:
        _reset_learning(r)


@outlined
def _learning_clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray, fractions: np.ndarray) -> int:
    """A clock with e-prop enabled: first all wires, then the memories, then all that is no memory."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    place = controller.syn_mem(r, aerin_addr, sched)
    syn = NO_SYNAPSES if controller.reaches_fractions(r) else place
    learn_cnt, lfsr = controller.learn_cnt_next(r), _lfsr_next(r, aerin_addr, syn)
    event_out, view = 0, aer_out.NOTHING
    if r.state == controller.LEARN or controller.reaches_fractions(r):
        view = _learn(r, synapses, fractions, place, syn)
        odin_neuron_core.read(r, neurons, neur)
    elif controller.teaches(r) and neur.we:
        s = odin_neuron_core.stimulus(r, neur, syn)
        neuron_core.teach(r, neurons, neur, controller.amount(r, aerin_addr, s.syn_weight, s.syn_sign))
        synapse_memory.read(r, synapses, syn)
    elif neur.we or syn.we:
        event_out, view = _write_as_odin(r, neurons, synapses, neur, syn, sched)
    else:
        odin_neuron_core.read(r, neurons, neur)
        synapse_memory.read(r, synapses, syn)
    _edge(r, sched, event_out, neur.addr, view)
    r.learn_cnt, r.lfsr = learn_cnt, lfsr
    return bit(event_out, odin_neuron_core.EVENT_OUT.spike.shift)


@kernel
def _lfsr_next(r: np.record, aerin_addr: int, syn: SynMem) -> int:
    """The LFSR after this clock: it moves with each word that a learn event writes."""
    if controller.seeds(r, aerin_addr):
        return eprop.lfsr_of(field(aerin_addr, controller.BITS))
    return eprop.lfsr_next(r.lfsr) if r.state == controller.LEARN and syn.we else r.lfsr


@kernel
def _learn(r: np.record, synapses: np.ndarray, fractions: np.ndarray, place: SynMem, syn: SynMem) -> OutputView:
    """The edge of both synapse memories in a learn event, or in an access of the SPI to the fractions.

    place : the access to the fractions; syn : the one to the synapses. Returns what the output bus may show of it.
    """
    syn_word, fraction_word, view = 0, 0, aer_out.NOTHING
    if place.we and r.spi_gate_activity_sync:
        fraction_word = spi_slave.with_byte(r.fractions_rdata, spi_slave.synapse_byte_idx(r), r.ctrl_prog_data)
    elif place.we:
        syn_word, fraction_word = words_next(r, place)
        none = odin_neuron_core.NOTHING
        view = aer_out.output_view(r, NO_NEURON, syn, scheduler.outputs(r), none, syn_word)
    synapse_memory.clock(r, synapses, syn, syn_word)
    if place.cs:
        r.fractions_rdata = np.int64(fractions[place.addr, 0])
    if place.we:
        fractions[place.addr, 0] = fraction_word
    return view


@kernel
def words_next(r: np.record, place: SynMem) -> tuple[int, int]:
    """The words that a learn event writes."""
    group = field(place.addr, controller.SYN.post_group)
    return eprop.words_next(
        r.synarray_rdata,
        r.fractions_rdata,
        (r.errors[2 * group], r.errors[2 * group + 1]),
        controller.trace(r),
        synaptic_core.syn_sign(r, place),
        r.spi_update_unmapped_syn,
        r.spi_learn_shift,
        r.lfsr,
    )
