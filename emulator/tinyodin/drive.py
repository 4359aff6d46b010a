"""tinyODIN under whole arrays of pins."""

from __future__ import annotations

import numpy as np

from emulator.kernel.jit import entry, kernel
from emulator.tinyodin.clock import apply_inputs, clock, outputs
from emulator.tinyodin.stretch import can_stretch, stretch

LONGEST = 512  # rows looked ahead


@kernel
def _repeats(inputs: np.ndarray, clk: np.ndarray, i: int) -> int:
    """Rows from i on that are clocks with the same inputs, at most LONGEST."""
    end = min(len(inputs), i + LONGEST)
    j = i
    while j < end and inputs[j] == inputs[i] and clk[j]:
        j += 1
    return j - i


@entry
def drive(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray
) -> None:
    """Run the rows of a trace (see ``emulator.trace``); fills ``out`` with the output pins before each edge."""
    i = 0
    while i < len(inputs):
        if inputs[i] != r.inputs:
            apply_inputs(r, inputs[i])
        taken = 1
        if clk[i]:
            now = outputs(r)
            taken = stretch(r, neurons, synapses, _repeats(inputs, clk, i)) if can_stretch(r) else 0
            if taken == 0:
                clock(r, neurons, synapses)
                taken = 1
            out[i : i + taken] = now
        else:
            out[i] = 0
        i += taken
