"""Gungnir's part of an event that is taken at once, beside ODIN's; its clock with the memories in planes.

ODIN's planes hold the neurons as ODIN knows them. The learning state stays in the neurons' memory words: it lies in
bits that ODIN does not use, and planes write back only the potential and what lies above it. A neuron's own spike
and a time reference change it, so a spike event looks at one neuron and at those that spike.

Source: README.md, as in neuron_core.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import LIMB_BITS
from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.gungnir import clock, neuron_core
from draupnir.emulator.gungnir.layout import LIF, N
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.bits import set_limb_field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.events import workspace
from draupnir.emulator.odin.layout import LIF as ODIN_LIF
from draupnir.emulator.odin.planes import record

memory_clock = workspace.memory_clock_of(clock)
F = neuron_core.F
CORE, CORE_END = record.L.core, record.L.core + LIF["core"].width
IN_PLANES = record.STATE_BEGIN // LIMB_BITS * LIMB_BITS  # from this bit on, planes write a word back; see above
LOST = [f.name for f in LIF if f.kind == "state" and f not in ODIN_LIF.fields and f.msb >= IN_PLANES]
assert not LOST, f"planes write bits {IN_PLANES} and above back, and so lose the state of {', '.join(LOST)}"


@kernel
def begin_tref(r: np.record, ws: Workspace, neurons: np.ndarray) -> None:
    """Traces decay, and errors are made of the potentials before the leakage."""
    if r.spi_eprop_en == 0:
        return
    for n in range(N):
        word = neurons[n]
        if take(word, F.lif_izh_sel):
            core = record.number_of(ws.cells.neurons[CORE:CORE_END], n)
            learning = neuron_core.learning_after_tref(r, word, core)
            neuron_core.set_learning(neurons, n, learning)
            neuron_core.set_error(r, n, learning.error)


@kernel
def visited(r: np.record, ws: Workspace, neurons: np.ndarray, n_fired: int, pre: int, first: int, stop: int) -> None:
    """The trace of the spike's own neuron rises, and the neurons that spike have fired."""
    if r.spi_eprop_en == 0:
        return
    for k in range(n_fired):
        n = ws.fired[k]
        if take(neurons[n], F.lif_izh_sel):
            set_limb_field(neurons, n, F.fired, 1)
    if first <= pre < stop:
        neuron_core.hit(r, neurons, pre)
