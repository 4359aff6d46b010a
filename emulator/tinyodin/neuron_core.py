"""The neuron core: 256 x 32 bit memory, and one shared neuron.

The memory has one port: a clock with ``cs`` puts the addressed word, as it was before, into the output register; with
``we`` it also writes. So a neuron is read in one clock and written back in the next. Whenever it is written the neuron
is evaluated, also when the SPI writes it: so programming can make it spike.

Source: tinyODIN doc v1.0, 3.1; neuron_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.spi_slave import BYTE_MASK, masked_byte
from draupnir.emulator.tinyodin import lif, synaptic_core
from draupnir.emulator.tinyodin.controller import NeurMem
from draupnir.emulator.tinyodin.spi import NEURON_ADDR, NEURON_BYTES

DISABLE = lif.F.neur_disable


@kernel
def enabled(word: int) -> int:
    """1 if the neuron's spikes leave it."""
    return 1 - bit(word, DISABLE.shift)


@kernel
def _programmed(r: np.record) -> int:
    """The word read, with the SPI's masked byte; a byte address of 4 or more leaves it as it is."""
    index = field(r.ctrl_spi_addr, NEURON_ADDR.byte)
    if index >= NEURON_BYTES:
        return r.neur_state
    byte = masked_byte((r.neur_state >> (8 * index)) & BYTE_MASK, r.ctrl_prog_data)
    return r.neur_state & ~(BYTE_MASK << (8 * index)) | byte << (8 * index)


@kernel
def clock(r: np.record, neurons: np.ndarray, neur: NeurMem) -> int:
    """Rising edge; returns 1 if the neuron that is written spikes (before the edge).

    While the gate is closed it is the SPI's byte that is written, whatever the controller is doing.
    """
    if neur.cs == 0:
        return 0
    spike = 0
    before = neurons[neur.addr, 0]
    if neur.we:
        weight = neur.virts if neur.virts else synaptic_core.synapse(r.synarray_rdata, neur.addr)
        after = lif.update(r.neur_state, weight, neur.event, neur.tref)
        spike = after.spike & enabled(r.neur_state)
        neurons[neur.addr, 0] = _programmed(r) if r.spi_gate_activity_sync else after.word
    r.neur_state = np.int64(before)
    return spike
