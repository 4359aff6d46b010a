"""Products with a decay, rounded at random.

Source: srnn.v, *_stoc, *_lkst.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import signed as signed
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel


@kernel
def rounded(product: int, fraction_bits: int, bits: int, rand: int, en: int) -> int:
    """The ``bits`` bits of a product above its fraction; wraps.

    With ``en``: one more with a probability of (fraction + 1) / 2**fraction_bits, unless those bits are all 0.
    rand : 0..2**fraction_bits - 1
    """
    whole = wrap(product >> fraction_bits, bits)
    up = en and wrap(product, fraction_bits) >= rand and whole != 0
    return wrap(whole + int(up), bits)
