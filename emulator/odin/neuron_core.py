"""The neuron core: 256 x 128 bit memory, one shared neuron of either model, and the SDSP flags of all neurons.

The memory works like the synapses': read in one clock, written back in the next. Whenever it is written the neuron is
evaluated, also when the SPI writes it: so programming can set flags, and can even make the neuron spike.

Source: ODIN doc v0.1, 3.1, 3.3; neuron_core.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.crossbar.controller import NeurMem, SynMem
from draupnir.emulator.crossbar.synaptic_core import synapse as synapse_of
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import izh, lif, synaptic_core
from draupnir.emulator.odin.layout import LIF, MONITOR, NEUR_EVENT, NEURONS, VIRTS
from draupnir.emulator.odin.sdsp import MAPPED, WEIGHT

COMMON = positions(LIF)
VIRT = positions(VIRTS)
EVENT_OUT = positions(NEUR_EVENT)
MON = positions(MONITOR)
N_LIMBS = NEURONS.n_limbs
BYTES_PER_LIMB = 4
N_BYTES = N_LIMBS * BYTES_PER_LIMB


class NeuronInput(NamedTuple):
    """The stimulus of the neuron: from its synapse, or from a virtual event in its place."""

    syn_weight: int
    syn_sign: int
    time_ref: int


class NeuronOutput(NamedTuple):
    """The message of a neuron that is written to the rest of the chip.

    event_out : NEUR_EVENT word; 0 if the neuron is disabled
    monitor : MONITOR word without its ``event`` bit
    """

    event_out: int
    monitor: int


NOTHING = NeuronOutput(0, 0)
NO_STIMULUS = NeuronInput(0, 0, 0)


@kernel
def stimulus(r: np.record, neur: NeurMem, syn: SynMem) -> NeuronInput:
    """A synapse whose mapping bit is 0 has weight 0, unless SPI_PROPAGATE_UNMAPPED_SYN."""
    if neur.virts:
        return NeuronInput(field(neur.virts, VIRT.weight), field(neur.virts, VIRT.sign), field(neur.virts, VIRT.leak))
    synapse = synapse_of(r.synarray_rdata, neur.addr)
    weight = field(synapse, WEIGHT) * (field(synapse, MAPPED) | r.spi_propagate_unmapped_syn)  # no branch to guess
    return NeuronInput(weight, synaptic_core.syn_sign(r, syn), neur.tref)


@kernel
def read(r: np.record, neurons: np.ndarray, neur: NeurMem) -> None:
    """Rising edge where nothing is written."""
    if neur.cs:
        for limb in range(N_LIMBS):
            r.neur_state[limb] = np.int64(neurons[neur.addr, limb])


@kernel
def _write_word(r: np.record, neurons: np.ndarray, addr: int) -> None:
    for limb in range(N_LIMBS):
        neurons[addr, limb] = r.neur_state[limb]


@kernel
def _write_byte(r: np.record, neurons: np.ndarray, addr: int) -> None:
    """The SPI's masked byte; a byte address of 16 or more leaves the word as it is."""
    index = spi_slave.neuron_byte_idx(r)
    if index < N_BYTES:
        limb = index // BYTES_PER_LIMB
        neurons[addr, limb] = spi_slave.with_byte(r.neur_state[limb], index % BYTES_PER_LIMB, r.ctrl_prog_data)


@kernel
def set_flags(r: np.record, neuron: int, v_up: int, v_down: int) -> None:
    """Set a neuron's SDSP flags."""
    group, mask = neuron >> 3, 1 << (neuron & 7)
    r.neur_v_up[group] = r.neur_v_up[group] & ~mask | mask * v_up
    r.neur_v_down[group] = r.neur_v_down[group] & ~mask | mask * v_down


@kernel
def _write_lif(r: np.record, neurons: np.ndarray, neur: NeurMem, s: NeuronInput) -> NeuronOutput:
    n = lif.update(r.neur_state, s.syn_weight, s.syn_sign, neur.event, s.time_ref)
    if not r.spi_gate_activity_sync:
        lif.store(neurons, neur.addr, n)
    set_flags(r, neur.addr, n.v_up, n.v_down)
    flags = n.v_up << MON.v_up.shift | n.v_down << MON.v_down.shift
    return NeuronOutput(
        n.spike << EVENT_OUT.spike.shift,
        flags | n.calcium << MON.calcium.shift | n.core << MON.v_mem.shift,
    )


@outlined
def _write_izh(r: np.record, neurons: np.ndarray, neur: NeurMem, s: NeuronInput, burst_end: int) -> NeuronOutput:
    n = izh.update(r.neur_state, s.syn_weight, s.syn_sign, neur.event, s.time_ref, burst_end)
    if not r.spi_gate_activity_sync:
        izh.store(neurons, neur.addr, n)
    set_flags(r, neur.addr, n.v_up, n.v_down)
    flags = n.v_up << MON.v_up.shift | n.v_down << MON.v_down.shift
    packets = n.membrane.reson_sign << MON.reson_sign.shift | n.membrane.core << MON.v_mem.shift
    return NeuronOutput(
        n.spike << EVENT_OUT.spike.shift | n.spk_ref << EVENT_OUT.spk_ref.shift | n.isi_ref << EVENT_OUT.isi_ref.shift,
        flags | n.adapt.calcium << MON.calcium.shift | packets,
    )


@kernel
def clock(r: np.record, neurons: np.ndarray, neur: NeurMem, s: NeuronInput, burst_end: int) -> NeuronOutput:
    """Rising edge. Writes the word read before (updated, or with a byte from the SPI), and reads the one before that.

    burst_end : 1 if the neuron's own burst ends with this event
    Result : of this clock, before the edge; 0 where nothing is written
    """
    if neur.we == 0:
        read(r, neurons, neur)
        return NOTHING
    old_limbs = (neurons[neur.addr, 0], neurons[neur.addr, 1], neurons[neur.addr, 2], neurons[neur.addr, 3])
    _write_word(r, neurons, neur.addr)
    if r.spi_gate_activity_sync:
        _write_byte(r, neurons, neur.addr)
    if take(r.neur_state, COMMON.lif_izh_sel):
        result = _write_lif(r, neurons, neur, s)
    else:
        result = _write_izh(r, neurons, neur, s, burst_end)
    if take(r.neur_state, COMMON.neur_disable):
        result = NeuronOutput(0, result.monitor)
    for limb in range(N_LIMBS):
        r.neur_state[limb] = np.int64(old_limbs[limb])
    return result
