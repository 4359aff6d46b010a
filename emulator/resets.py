"""Resets that come from the declaration: a block's ``reset`` is made of its registers' reset values."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from draupnir.emulator.declare import Block, Reg
from draupnir.emulator.kernel.jit import kernel

Which = Callable[[Reg], bool]


def everything(reg: Reg) -> bool:
    """Choose all registers of a block."""
    return True


def resetter(block: Block, which: Which = everything) -> Callable[[np.record], None]:
    """Make the kernel that gives a block's registers their reset values, in all copies of the block.

    which : chooses registers; those without a reset value (``reset=None``) stay in any case
    """
    regs = _with_reset(block, which)
    lines = [line for reg in regs for line in _each(block, reg, f"= {int(reg.reset or 0)}")]
    return compiled(f"reset_from_{regs[0].name}", lines)


def reset_checker(block: Block, which: Which = everything) -> Callable[[np.record], bool]:
    """Make the kernel that tells whether a block's registers hold their reset values; ``which`` as for ``resetter``."""
    regs = _with_reset(block, which)
    lines = [line for reg in regs for line in _each(block, reg, f"^ {int(reg.reset or 0)}", "some |= ")]
    return compiled(f"is_reset_from_{regs[0].name}", ["some = 0", *lines, "return some == 0"])


def _with_reset(block: Block, which: Which) -> list[Reg]:
    return [reg for reg in block.regs if reg.reset is not None and which(reg)]


def _each(block: Block, reg: Reg, after: str, before: str = "") -> list[str]:
    """The line ``before register after``, within loops over copies and elements where there are several."""
    lengths = [*([] if block.copies is None else [block.copies]), *([prod(reg.shape)] if reg.shape else [])]
    indices = [f"i{depth}" for depth in range(len(lengths))]
    loops = [
        f"{'    ' * depth}for {index} in range({length}):"
        for depth, (index, length) in enumerate(zip(indices, lengths, strict=True))
    ]
    element = f"[{', '.join(indices)}]" if indices else ""
    return [*loops, f"{'    ' * len(loops)}{before}r.{reg.name}{element} {after}"]


def compiled(name: str, lines: list[str], arguments: str = "r") -> Callable[..., Any]:
    """Make a kernel of these lines: the same machine code as if they were written out where the block is.

    name : no two kernels have the same, since the linker takes two functions of one name for the same
    """
    source = f"def {name}({arguments}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "<from the declaration>", "exec"), namespace)
    function: Callable[..., Any] = kernel(namespace[name])
    return function
