"""Resets from the declaration: a kernel that gives the registers of a block their reset values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from draupnir.emulator.declare import Block, Reg
from draupnir.emulator.kernel.jit import kernel

Select = Callable[[Reg], bool]


def everything(reg: Reg) -> bool:
    """Select all registers of a block."""
    return True


def resetter(block: Block, select: Select = everything) -> Callable[[np.record], None]:
    """Return a kernel that gives a block's registers their reset values, in all copies of the block.

    select : returns True for a register that this kernel resets; one without a reset value (``reset=None``) never is
    """
    regs = _with_reset(block, select)
    return compiled(f"reset_from_{regs[0].name}", _resets(block, regs))


def side_resetter(name: str, blocks: Sequence[Block]) -> Callable[[np.record], None]:
    """Return a kernel that gives the registers of several blocks their reset values: those of one reset of several.

    name : of the reset, a Python identifier
    """
    lines = [line for block in blocks for line in _resets(block, _with_reset(block, everything))]
    return compiled(f"reset_{name}", lines)


def reset_checker(block: Block, select: Select = everything) -> Callable[[np.record], bool]:
    """Return a kernel that returns True if a block's registers hold their reset values.

    select : as for ``resetter``
    """
    regs = _with_reset(block, select)
    lines = [line for reg in regs for line in _each(block, reg, f"^ {int(reg.reset or 0)}", "some |= ")]
    return compiled(f"is_reset_from_{regs[0].name}", ["some = 0", *lines, "return some == 0"])


def _resets(block: Block, regs: Sequence[Reg]) -> list[str]:
    return [line for reg in regs for line in _each(block, reg, f"= {int(reg.reset or 0)}")]


def _with_reset(block: Block, select: Select) -> list[Reg]:
    return [reg for reg in block.regs if reg.reset is not None and select(reg)]


def _each(block: Block, reg: Reg, suffix: str, prefix: str = "") -> list[str]:
    """The line ``prefix register suffix``, within loops over the copies and the elements if there are several."""
    lengths = [*([] if block.copies is None else [block.copies]), *([prod(reg.shape)] if reg.shape else [])]
    indices = [f"i{depth}" for depth in range(len(lengths))]
    loops = [
        f"{'    ' * depth}for {index} in range({length}):"
        for depth, (index, length) in enumerate(zip(indices, lengths, strict=True))
    ]
    element = f"[{', '.join(indices)}]" if indices else ""
    return [*loops, f"{'    ' * len(loops)}{prefix}r.{reg.name}{element} {suffix}"]


def compiled(name: str, lines: list[str], arguments: str = "r") -> Callable[..., Any]:
    """Make a kernel of these lines: the same machine code as if they were written out where the block is.

    name : no two kernels have the same, since the linker takes two functions of one name for the same
    """
    source = f"def {name}({arguments}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "<from the declaration>", "exec"), namespace)
    namespace[name].source = source  # inspect finds none, and proofs read it
    function: Callable[..., Any] = kernel(namespace[name])
    return function
