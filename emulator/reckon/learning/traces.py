"""Eligibility traces: each spike adds, each timestep decays. Unsigned; input and recurrent 12 bits, output 10.

Source: srnn.v, Input, recurrent and output trace update.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import add_saturate
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import KAPPA_ONE, TOUT_BITS, TOUT_INC, TRACE_BITS, TRACE_INC
from draupnir.emulator.reckon.lif import ALPHA_FRACTION
from draupnir.emulator.reckon.rounding import rounded

TRACE_MAX = (1 << TRACE_BITS) - 1
TOUT_MAX = (1 << TOUT_BITS) - 1
KAPPA_FRACTION = 7


@kernel
def increase(trace: int, fp_loc: int) -> int:
    """An input or recurrent trace after a spike; saturates."""
    return add_saturate(trace, TRACE_INC << fp_loc, TRACE_MAX)


@kernel
def increase_out(trace: int, fp_loc: int) -> int:
    """An output trace after a spike; saturates."""
    return add_saturate(trace, TOUT_INC << fp_loc, TOUT_MAX)


@kernel
def decay(trace: int, alpha: int, rand: int, en: int) -> int:
    """An input or recurrent trace after a timestep; wraps where alpha is above 1."""
    return rounded(trace * alpha, ALPHA_FRACTION, TRACE_BITS, rand, en)


@kernel
def rounds_out(kappa: int, en_stoch_round: int) -> bool:
    """Tell whether what decays with this kappa is rounded at random."""
    return en_stoch_round == 1 and kappa != KAPPA_ONE


@kernel
def decay_out(trace: int, kappa: int, rand: int, en: int) -> int:
    """An output trace after a timestep; wraps where kappa is above 1."""
    return rounded(trace * kappa, KAPPA_FRACTION, TOUT_BITS, rand, en)
