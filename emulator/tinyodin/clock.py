"""One clock of tinyODIN: the blocks, wired together.

First every wire is computed from the state before the edge; then each block takes its edge, reading only its own
registers and those wires. The two domains meet nowhere else: RST and SCK act between clock edges.

Source: tinyODIN.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import aer_out, synaptic_core
from draupnir.emulator.crossbar.clock import calm_clock_of, edge, input_setter, output_pins
from draupnir.emulator.crossbar.controller import at_rest as at_rest
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.tinyodin import controller, neuron_core, scheduler, spi
from draupnir.emulator.tinyodin.layout import CHIP

IN = spi.IN
OUT = positions(CHIP.output_word)
apply_inputs = input_setter(spi)
_output_pins = output_pins(OUT, controller)
_edge = edge(spi, controller, scheduler, aer_out)


@kernel
def outputs(r: np.record) -> int:
    """The output pins, packed; SCHED_FULL is decoded from a counter."""
    return _output_pins(r) | placed(int(r.main_fill_cnt == scheduler.FILL_FULL), OUT.SCHED_FULL)


@outlined
def clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> int:
    """Rising edge of CLK; returns 1 if the neuron that is written spikes (before the edge)."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, aerin_addr, sched)
    spike = neuron_core.clock(r, neurons, neur)
    synaptic_core.clock(r, synapses, syn, synaptic_core.programmed(r) if syn.we else 0)
    pre = field(sched.data_out, scheduler.SCHED.addr)
    out = aer_out.output_event(r, spike == 1, neur.addr, controller.aerout_pop_neur(r), pre)
    _edge(r, sched, spike, neur.addr, out)
    return spike


@outlined
def waiting_clock(r: np.record) -> None:
    """Rising edge of CLK in a state in which the controller accesses no memory (``controller.is_waiting``)."""
    _edge(r, scheduler.outputs(r), 0, 0, aer_out.NO_EVENT)


calm_clock = calm_clock_of(IN, controller, scheduler)
