"""Registers: the ones that a configuration writes, and the flip-flops of the model's state."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace
from enum import IntEnum

from draupnir.emulator.declare.errors import DeclarationError, check_copies
from draupnir.emulator.declare.words import INTEGER_BITS, Word

OF_THE_MODEL = ("inputs", "cycle")  # every model has these registers, too
# A NumPy record has attributes with these names, compiled or not, so a register cannot have one of them.
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
    """A configuration register that takes ``n_addrs`` consecutive addresses of ``width`` bits each.

    addr : the first address
    reset : the content of each address after a reset, or None if no reset changes it
    default : the content that is written if a configuration does not give one; None: ``reset``, or 0 if that is None,
        too
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
    def fallback(self) -> int:
        """The content of each address if a configuration does not give one."""
        return self.default if self.default is not None else self.reset or 0

    @property
    def low(self) -> int:
        """The smallest content of an address."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest content of an address."""
        return (1 << (self.width - int(self.signed))) - 1


@dataclass(frozen=True)
class Reg:
    """A register of the model's state: the content of flip-flops between two clocks.

    width : bits, 1..63
    reset : the value after a reset, or None if no reset changes it
    shape : () for one register, else the shape of an array of registers
    states : the names of its values, if it has names; word : its fields, if it holds a word
    signed : True for a number in two's complement; curve : as for ``Field``

    Raises DeclarationError for a width out of range, for a word of another width, and for a name that a NumPy record
    cannot have.
    """

    name: str
    width: int
    reset: int | None = 0
    shape: tuple[int, ...] = ()
    meaning: str = ""
    states: type[IntEnum] | None = None
    word: Word | None = None
    signed: bool = False
    curve: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or keyword.iskeyword(self.name) or self.name in _OF_NUMPY:
            raise DeclarationError(
                f"state register {self.name!r}: models write r.{self.name}, which means something else in Python"
                f" or for a NumPy record; right is another name, {_usable_name(self.name)!r} for instance"
            )
        if not 1 <= self.width <= INTEGER_BITS:
            raise DeclarationError(
                f"state register {self.name}: width {self.width}; right is 1..{INTEGER_BITS},"
                " and shape= for an array of several"
            )
        if self.word and self.word.width != self.width:
            raise DeclarationError(
                f"state register {self.name}: width {self.width}, and its word {self.word.name} has {self.word.width}"
            )


@dataclass(frozen=True)
class Block:
    """A block of the chip's diagram and the registers that it owns.

    copies : how many copies of the block there are in an array of cores; None for a block that is not in an array. The
        state keeps each register of such a block as one array, and the copy is its first index.

    Raises DeclarationError for less than one copy.
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


def _usable_name(name: str) -> str:
    """A name that is like ``name``, and that a register can have."""
    letters = re.sub(r"\W", "_", name).lstrip("0123456789")
    return f"{letters or 'some'}_reg"
