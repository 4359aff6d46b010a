"""Logic gates on planes: each bit of an int64 is another neuron's, and one operation computes 64 of them.

A number is a tuple of planes, least significant bit first. A choice is a plane too: all ones where it holds.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import select
from draupnir.emulator.kernel.jit import kernel

Bits2 = tuple[int, int]
Bits3 = tuple[int, int, int]
Bits4 = tuple[int, int, int, int]
ALL = -1  # the plane that is 1 for every neuron
NONE = 0
ONE3 = (ALL, 0, 0)
ZERO4 = (0, 0, 0, 0)
SEVEN4 = (ALL, ALL, ALL, 0)

# --- One bit ----------------------------------------------------------------------------------------------------


@kernel
def mask(flag: int) -> int:
    """The plane of a flag, 0 or 1, that is the same for all neurons."""
    return -flag


@kernel
def majority(a: int, b: int, c: int) -> int:
    """The carry of a + b + c; of a - b - c if ``a`` is given inverted, the borrow."""
    return (a & b) | (c & (a | b))


# --- Three bits -------------------------------------------------------------------------------------------------


@kernel
def both3(choice: int, x: Bits3) -> Bits3:
    """``x`` where chosen, else 0."""
    return x[0] & choice, x[1] & choice, x[2] & choice


@kernel
def select3(choice: int, x: Bits3, y: Bits3) -> Bits3:
    """``x`` where chosen, else ``y``."""
    return select(choice, x[0], y[0]), select(choice, x[1], y[1]), select(choice, x[2], y[2])


@kernel
def any3(x: Bits3) -> int:
    """x != 0."""
    return x[0] | x[1] | x[2]


@kernel
def all3(x: Bits3) -> int:
    """x == 7."""
    return x[0] & x[1] & x[2]


@kernel
def at_least3(x: Bits3, y: Bits3) -> int:
    """x >= y, unsigned."""
    return ~majority(~x[2], y[2], majority(~x[1], y[1], ~x[0] & y[0]))


@kernel
def equal3(x: Bits3, y: Bits3) -> int:
    """x == y."""
    return ~((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]))


@kernel
def step3(x: Bits3, up: int, down: int) -> Bits3:
    """x + 1 where ``up``, x - 1 where ``down``, modulo 8; never both."""
    carry = (up & x[0]) | (down & ~x[0])
    carry2 = carry & ~(x[1] ^ up)
    return x[0] ^ (up | down), x[1] ^ carry, x[2] ^ carry2


@kernel
def add_saturate3(x: Bits3, y: Bits3) -> Bits3:
    """x + y, at most 7."""
    carry = x[0] & y[0]
    carry1 = majority(x[1], y[1], carry)
    over = majority(x[2], y[2], carry1)
    return (x[0] ^ y[0]) | over, (x[1] ^ y[1] ^ carry) | over, (x[2] ^ y[2] ^ carry1) | over


# --- Four bits, two's complement --------------------------------------------------------------------------------


@kernel
def select4(choice: int, x: Bits4, y: Bits4) -> Bits4:
    """``x`` where chosen, else ``y``."""
    low = select(choice, x[0], y[0]), select(choice, x[1], y[1])
    return low[0], low[1], select(choice, x[2], y[2]), select(choice, x[3], y[3])


@kernel
def any4(x: Bits4) -> int:
    """x != 0."""
    return x[0] | x[1] | x[2] | x[3]


@kernel
def equals4(x: Bits4, number: int) -> int:
    """x == number, 0..15, the same for all."""
    low = (x[0] ^ mask(number & 1)) | (x[1] ^ mask(number >> 1 & 1))
    return ~(low | (x[2] ^ mask(number >> 2 & 1)) | (x[3] ^ mask(number >> 3 & 1)))


@kernel
def equal4(x: Bits4, y: Bits4) -> int:
    """x == y."""
    return ~((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]))


@kernel
def step4(x: Bits4, up: int, down: int) -> Bits4:
    """x + 1 where ``up``, x - 1 where ``down``, modulo 16; never both."""
    carry = (up & x[0]) | (down & ~x[0])
    carry2 = carry & ~(x[1] ^ up)
    carry3 = carry2 & ~(x[2] ^ up)
    return x[0] ^ (up | down), x[1] ^ carry, x[2] ^ carry2, x[3] ^ carry3


@kernel
def add4(x: Bits4, y: Bits4) -> Bits4:
    """x + y modulo 16."""
    carry = x[0] & y[0]
    carry2 = majority(x[1], y[1], carry)
    carry3 = majority(x[2], y[2], carry2)
    return x[0] ^ y[0], x[1] ^ y[1] ^ carry, x[2] ^ y[2] ^ carry2, x[3] ^ y[3] ^ carry3


@kernel
def subtract4(x: Bits4, y: Bits4) -> Bits4:
    """x - y modulo 16."""
    borrow = ~x[0] & y[0]
    borrow2 = majority(~x[1], y[1], borrow)
    borrow3 = majority(~x[2], y[2], borrow2)
    return x[0] ^ y[0], x[1] ^ y[1] ^ borrow, x[2] ^ y[2] ^ borrow2, x[3] ^ y[3] ^ borrow3


@kernel
def negate4(x: Bits4) -> Bits4:
    """-x modulo 16."""
    return subtract4(ZERO4, x)


@kernel
def lower3(x: Bits4) -> Bits3:
    """The lower three bits."""
    return x[0], x[1], x[2]


@kernel
def extended4(x: Bits3) -> Bits4:
    """The same number of 4 bits, with a 0 above."""
    return x[0], x[1], x[2], 0
