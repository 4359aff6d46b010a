"""The neuron core: 256 x 32 bit memory, and one shared neuron.

The memory has one port: a clock with ``cs`` puts the addressed word, as it was before, into the output register; with
``we`` it also writes. So a neuron is read in one clock and written back in the next. Whenever it is written the neuron
is evaluated, also when the SPI writes it: so programming can make it spike.

Source: tinyODIN doc v1.0, 3.1; neuron_core.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar import spi_slave, synaptic_core
from draupnir.emulator.crossbar.controller import NeurMem
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.tinyodin import lif
from draupnir.emulator.tinyodin.spi import NEURON_BYTES

DISABLE = lif.F.neur_disable


@kernel
def enabled(word: int) -> int:
    """1 if the neuron's spikes leave it."""
    return 1 - bit(word, DISABLE.shift)


@kernel
def _programmed(r: np.record) -> int:
    """The word read, with the SPI's masked byte; a byte address of 4 or more leaves it as it is."""
    index = spi_slave.neuron_byte_idx(r)
    return spi_slave.with_byte(r.neur_state, index, r.ctrl_prog_data) if index < NEURON_BYTES else r.neur_state


@kernel
def clock(r: np.record, neurons: np.ndarray, neur: NeurMem) -> int:
    """Rising edge; returns 1 if the neuron that is written spikes (before the edge).

    While the gate is closed it is the SPI's byte that is written, whatever the controller is doing.
    """
    if neur.cs == 0:
        return 0
    spike = 0
    old_word = neurons[neur.addr, 0]
    if neur.we:
        weight = neur.virts if neur.virts else synaptic_core.synapse(r.synarray_rdata, neur.addr)
        result = lif.update(r.neur_state, weight, neur.event, neur.tref)
        spike = result.spike & enabled(r.neur_state)
        neurons[neur.addr, 0] = _programmed(r) if r.spi_gate_activity_sync else result.word
    r.neur_state = np.int64(old_word)
    return spike
