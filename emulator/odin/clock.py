"""One clock of ODIN: the blocks, wired together.

First every wire is computed from the state before the edge; then each block takes its edge, reading only its own
registers and those wires. The two domains meet nowhere else: RST and SCK act between clock edges.

Source: ODIN.v.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import synaptic_core as synapse_memory
from draupnir.emulator.crossbar.clock import calm_clock_of, edge, input_setter, output_pins
from draupnir.emulator.crossbar.controller import NeurMem, SynMem
from draupnir.emulator.crossbar.controller import at_rest as is_at_rest
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import aer_out, controller, neuron_core, scheduler, spi, synaptic_core
from draupnir.emulator.odin.aer_out import OutputView
from draupnir.emulator.odin.controller import Sched
from draupnir.emulator.odin.layout import CHIP, N_PRIO
from draupnir.emulator.odin.neuron_core import NO_STIMULUS
from draupnir.emulator.odin.neuron_core import stimulus as stimulus_of

IN = spi.IN
OUT = positions(CHIP.output_word)
apply_inputs = input_setter(spi)
outputs = output_pins(OUT, controller)


@kernel
def at_rest(r: np.record) -> bool:
    """Nothing queued, nothing under way; the pins may still be moving."""
    for prio in range(N_PRIO):
        if r.burst_empty[prio] == 0:
            return False
    return is_at_rest(r)


def edge_of(spi: ModuleType, controller: ModuleType) -> Callable[..., None]:
    """Make the edge of all that is no memory; what resets the priority does so at once, as every asynchronous reset.

    spi, controller : the chip's modules, see ``crossbar.clock.edge``
    """
    rising_edge = edge(spi, controller, scheduler, aer_out)

    @kernel
    def with_priority(r: np.record, sched: Sched, event_out: int, neur_addr: int, view: OutputView) -> None:
        held_priority = scheduler.rst_priority(r)
        rising_edge(r, sched, event_out, neur_addr, view)
        if held_priority or scheduler.rst_priority(r):
            scheduler.reset_priority(r)

    return with_priority


def writer(neuron_core: ModuleType) -> Callable[..., tuple[int, OutputView]]:
    """Make the two cores' edge where a memory is written; most are not, and then nothing comes of it for the others.

    neuron_core : the module with ``clock``, the edge of the neuron memory
    """

    @kernel
    def write(
        r: np.record, neurons: np.ndarray, synapses: np.ndarray, neur: NeurMem, syn: SynMem, sched: Sched
    ) -> tuple[int, OutputView]:
        aerin_addr = field(r.inputs, IN.AERIN_ADDR)
        pre_en, bist_ref = controller.pre_en(r, aerin_addr), controller.bist_ref(r)
        syn_word = synaptic_core.wdata(r, syn, pre_en, bist_ref) if syn.we else 0
        stimulus = stimulus_of(r, neur, syn) if neur.we else NO_STIMULUS
        result = neuron_core.clock(r, neurons, neur, stimulus, controller.burst_end(r, sched))
        view = aer_out.output_view(r, neur, syn, sched, result, syn_word)
        synapse_memory.clock(r, synapses, syn, syn_word)
        return result.event_out, view

    return write


_write = writer(neuron_core)
_edge = edge_of(spi, controller)


@kernel
def clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> int:
    """Rising edge of CLK; returns 1 if the neuron that is written spikes (before the edge)."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, aerin_addr, sched)
    event_out, view = 0, aer_out.NOTHING
    if neur.we or syn.we:
        event_out, view = _write(r, neurons, synapses, neur, syn, sched)
    else:
        neuron_core.read(r, neurons, neur)
        synapse_memory.read(r, synapses, syn)
    _edge(r, sched, event_out, neur.addr, view)
    return bit(event_out, neuron_core.EVENT_OUT.spike.shift)


@kernel
def waiting_clock(r: np.record) -> None:
    """Rising edge of CLK in a state that touches no memory (see ``controller.is_waiting``)."""
    _edge(r, scheduler.outputs(r), 0, 0, aer_out.NOTHING)


calm_clock = calm_clock_of(IN, controller, scheduler)
