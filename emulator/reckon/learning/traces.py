"""Eligibility traces. A spike increases a trace, and the end of a timestep makes it decay.

Traces are unsigned: input and recurrent traces have 12 bits, output traces have 10.

Source: srnn.v, Input, recurrent and output trace update.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import add_saturate
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import KAPPA_ONE, TOUT_BITS, TOUT_INC, TRACE_BITS, TRACE_INC
from draupnir.emulator.reckon.lif import ALPHA_FRACTION
from draupnir.emulator.reckon.rounding import round_product

TRACE_MAX = (1 << TRACE_BITS) - 1
TOUT_MAX = (1 << TOUT_BITS) - 1
KAPPA_FRACTION = 7


@kernel
def increase(trace: int, fp_loc: int) -> int:
    """Return an input or recurrent trace after a spike; saturates at 4095. fp_loc : left shift of the increment."""
    return add_saturate(trace, TRACE_INC << fp_loc, TRACE_MAX)


@kernel
def increase_out(trace: int, fp_loc: int) -> int:
    """Return an output trace after a spike; saturates at 1023. fp_loc : left shift of the increment."""
    return add_saturate(trace, TOUT_INC << fp_loc, TOUT_MAX)


@kernel
def decay(trace: int, alpha: int, rand: int, en: int) -> int:
    """Return an input or recurrent trace after a timestep: trace times alpha, rounded; wraps if alpha is above 1.

    alpha : 0..0x8fff; rand : 0..2**15 - 1; en : 1 to round at random, 0 to round down
    """
    return round_product(trace * alpha, ALPHA_FRACTION, TRACE_BITS, rand, en)


@kernel
def rounds_out(kappa: int, en_stoch_round: int) -> bool:
    """Return True if a decay by this kappa is rounded at random."""
    return en_stoch_round == 1 and kappa != KAPPA_ONE


@kernel
def decay_out(trace: int, kappa: int, rand: int, en: int) -> int:
    """Return an output trace after a timestep: trace times kappa, rounded; wraps if kappa is above 1.

    kappa : 0..255; rand : 0..2**7 - 1; en : 1 to round at random, 0 to round down
    """
    return round_product(trace * kappa, KAPPA_FRACTION, TOUT_BITS, rand, en)
