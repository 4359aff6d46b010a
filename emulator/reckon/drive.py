"""ReckOn under whole arrays of pins."""

from __future__ import annotations

import numpy as np

from emulator.kernel.jit import entry
from emulator.reckon.clock import apply_inputs, clock, outputs
from emulator.reckon.srams import Mems


@entry
def drive(
    r: np.record,
    flat: np.ndarray,
    neurons: np.ndarray,
    winp: np.ndarray,
    wrec: np.ndarray,
    wout: np.ndarray,
    inputs: np.ndarray,
    clk: np.ndarray,
    out: np.ndarray,
) -> None:
    """Run the rows of a trace (see ``emulator.trace``); fills ``out`` with the output pins before each edge.

    flat : the record as one array; weights : as bytes (see ``srams.Mems``)
    """
    m = Mems(neurons, winp, wrec, wout)
    for i in range(len(inputs)):
        if inputs[i] != r.inputs:
            apply_inputs(r, flat, inputs[i])
        if clk[i]:
            out[i] = outputs(r)
            clock(r, m)
        else:
            out[i] = 0
