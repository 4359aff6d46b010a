"""Products with a decay, which are rounded at random.

Source: srnn.v, *_stoc, *_lkst.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel


@kernel
def round_product(product: int, fraction_bits: int, bits: int, rand: int, en: int) -> int:
    """Return the ``bits`` bits of a product above its fraction; wraps.

    With ``en`` 0 this rounds towards minus infinity. With ``en`` 1 the result is one more with a probability of
    (fraction + 1) / 2**fraction_bits, unless these bits are all 0.

    rand : 0..2**fraction_bits - 1
    """
    integer = wrap(product >> fraction_bits, bits)
    rounds_up = en and wrap(product, fraction_bits) >= rand and integer != 0
    return wrap(integer + int(rounds_up), bits)
