"""Registers: those that a configuration writes, and the flip-flops of the model's state."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace

from draupnir.emulator.declare.errors import DeclarationError, check_copies
from draupnir.emulator.declare.words import INTEGER_BITS

OF_THE_MODEL = ("inputs", "cycle")  # registers that every model has beside the chip's
# A NumPy record has attributes of these names, compiled or not, which are something else than the register.
# fmt: off
_OF_NUMPY = {
    "T", "all", "any", "argmax", "argmin", "argpartition", "argsort", "astype", "base",
    "byteswap", "choose", "clip", "compress", "conj", "conjugate", "copy", "ctypes", "cumprod",
    "cumsum", "data", "device", "diagonal", "dot", "dtype", "dump", "dumps", "field",
    "fill", "flags", "flat", "flatten", "getfield", "imag", "item", "itemset", "itemsize",
    "mT", "max", "mean", "min", "nbytes", "ndim", "newbyteorder", "nonzero", "partition",
    "pprint", "prod", "ptp", "put", "ravel", "real", "repeat", "reshape", "resize",
    "round", "searchsorted", "setfield", "setflags", "shape", "size", "sort", "squeeze", "std",
    "strides", "sum", "swapaxes", "take", "to_device", "tobytes", "tofile", "tolist", "tostring",
    "trace", "transpose", "var", "view",
}
# fmt: on


@dataclass(frozen=True)
class Register:
    """A configuration register, spread over ``n_addrs`` consecutive addresses of ``width`` bits each.

    reset : content after a reset, or None if no reset touches it
    default : what it is written with where a configuration does not say: ``reset``, or else 0, unless given
    """

    name: str
    addr: int
    width: int
    meaning: str
    n_addrs: int = 1
    unit: str = ""
    source: str = ""
    signed: bool = False
    reset: int | None = None
    default: int | None = None

    @property
    def unsaid(self) -> int:
        """Content of each address where a configuration does not say."""
        return self.default if self.default is not None else self.reset or 0

    @property
    def low(self) -> int:
        """Smallest content of an address."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest content of an address."""
        return (1 << (self.width - int(self.signed))) - 1


@dataclass(frozen=True)
class Reg:
    """A register of the model's state: what a flip-flop, or an array of them, holds between two clocks.

    width : bits, 1..63
    reset : value after reset, or None if no reset touches it
    shape : () for one register, else an array of them
    """

    name: str
    width: int
    reset: int | None = 0
    shape: tuple[int, ...] = ()
    meaning: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or keyword.iskeyword(self.name) or self.name in _OF_NUMPY:
            raise DeclarationError(
                f"state register {self.name!r}: models write r.{self.name}, which Python or a NumPy record takes for"
                f" something else; right is another name, {_near(self.name)!r} for instance"
            )
        if not 1 <= self.width <= INTEGER_BITS:
            raise DeclarationError(
                f"state register {self.name}: width {self.width}; right is 1..{INTEGER_BITS},"
                " and shape= for an array of several"
            )


@dataclass(frozen=True)
class Block:
    """A block of the chip's diagram and the registers that it owns.

    copies : how many of it there are, in an array of cores; None for a block that is no array. The state keeps each of
        its registers as one array with the copy as its first index
    """

    name: str
    regs: tuple[Reg, ...]
    source: str = ""
    copies: int | None = None

    def __post_init__(self) -> None:
        check_copies(f"block {self.name}", self.copies)

    @property
    def state(self) -> tuple[Reg, ...]:
        """The registers of all copies."""
        copies = () if self.copies is None else (self.copies,)
        return tuple(replace(reg, shape=(*copies, *reg.shape)) for reg in self.regs) if copies else self.regs


def _near(name: str) -> str:
    """A name that a register can have, and that resembles another one."""
    letters = re.sub(r"\W", "_", name).lstrip("0123456789")
    return f"{letters or 'some'}_reg"
