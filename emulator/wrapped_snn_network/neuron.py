"""The flip-flops of a neuron after a clock, as pure functions of integers.

In Verilog, minus goes before a shift: ``cur - cur >> 2`` is ``(cur - cur) >> 2``, which is 0. The authors probably
meant ``cur - (cur >> 2)``, a leak of a quarter. ``repaired`` chooses between the two.

Source: input_neuron.v, hidden_neuron.v, output_neuron.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.wrapped_snn_network.layout import ADAPTATION, BITS, SHIFT, THRESHOLD, Repair

LEAKS, ALL = int(Repair.LEAKS), int(Repair.ALL)


@kernel
def decayed(x: int, repaired: int) -> int:
    """Return the rest of a current or potential, 0..255, after a leak of a quarter; without the brackets it is 0."""
    if repaired >= LEAKS:
        return x - (x >> SHIFT)
    return x - x >> SHIFT


@kernel
def current(syn: int, cur: int, repaired: int) -> int:
    """Return the next current, 0..255, which wraps; syn : the number of spikes that arrive."""
    return wrap(syn + decayed(cur, repaired), BITS)


@kernel
def potential(cur: int, mem: int, spk: int, repaired: int) -> int:
    """Return the next potential, 0..255, which wraps; a spike clears it."""
    rest = 0 if spk else decayed(mem, repaired)
    return wrap(cur + rest, BITS)


@kernel
def threshold(thr: int, spk: int, repaired: int) -> int:
    """Return the next threshold, 0..255. Without the brackets it is always 16."""
    raised = thr + (ADAPTATION if spk else 0)
    if repaired >= ALL:
        return wrap(raised - (thr - THRESHOLD >> SHIFT), BITS)
    return wrap(raised - (thr - THRESHOLD) >> SHIFT, BITS)
