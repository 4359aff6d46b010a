"""ReckOn under whole arrays of pins."""

from __future__ import annotations

import numpy as np

from emulator.kernel.jit import entry, kernel
from emulator.reckon.clock import apply_inputs, clock, outputs
from emulator.reckon.srams import Mems
from emulator.reckon.stretch import can_stretch, stretch

LONGEST = 4096  # rows looked ahead


@kernel
def _same(inputs: np.ndarray, clk: np.ndarray, i: int) -> int:
    """The row after those from i on, at most LONGEST, that are clocks with the same inputs."""
    end = min(len(inputs), i + LONGEST)
    j = i
    while j < end and inputs[j] == inputs[i] and clk[j]:
        j += 1
    return j


@entry
def drive(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    inputs: np.ndarray,
    clk: np.ndarray,
    out: np.ndarray,
) -> None:
    """Run the rows of a trace (see ``emulator.trace``); fills ``out`` with the output pins before each edge.

    flat : the record as one array
    """
    i, same = 0, 0
    while i < len(inputs):
        if inputs[i] != r.inputs:
            apply_inputs(r, flat, inputs[i])
        taken = 1
        if clk[i]:
            now = outputs(r)
            taken = 0
            if can_stretch(r):
                if same <= i:
                    same = _same(inputs, clk, i)
                taken = stretch(r, m, same - i)
            if taken == 0:
                clock(r, m)
                taken = 1
            out[i : i + taken] = now
        i += taken
