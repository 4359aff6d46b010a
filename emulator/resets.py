"""Resets that come from the declaration: a block's ``reset`` is made of its registers' reset values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any

import numpy as np

from draupnir.emulator.declare import Reg
from draupnir.emulator.kernel.jit import kernel


def resetter(regs: Iterable[Reg]) -> Callable[[np.record], None]:
    """Make the kernel that gives registers their reset values; those without one (``reset=None``) stay.

    regs : of one block, or some of them, for instance ``CHIP.block("aer_out").regs``
    """
    there = [reg for reg in regs if reg.reset is not None]
    return _compiled("reset", there, [line for reg in there for line in _each(reg, f"= {int(reg.reset or 0)}")])


def reset_checker(regs: Iterable[Reg]) -> Callable[[np.record], bool]:
    """Make the kernel that tells whether registers hold their reset values; those without one are not looked at."""
    there = [reg for reg in regs if reg.reset is not None]
    differ = [line.replace("r.", "some |= r.", 1) for reg in there for line in _each(reg, f"^ {int(reg.reset or 0)}")]
    return _compiled("is_reset", there, ["some = 0", *differ, "return some == 0"])


def _each(reg: Reg, rest: str) -> list[str]:
    """Lines with ``rest`` after the register, or after each of its elements."""
    if not reg.shape:
        return [f"r.{reg.name} {rest}"]
    return [f"for i in range({prod(reg.shape)}):", f"    r.{reg.name}[i] {rest}"]


def _compiled(what: str, regs: list[Reg], lines: list[str]) -> Any:
    """A kernel of these lines: the same machine code as if they were written out where the block is.

    Its name has that of the first register, for the linker takes two functions of one name for the same.
    """
    name = f"{what}_from_{regs[0].name}"
    source = f"def {name}(r):\n" + "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "<from the declaration>", "exec"), namespace)
    return kernel(namespace[name])
