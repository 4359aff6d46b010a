"""The result of a reader of Verilog: ports, and the tree of instances and memories below a top module.

There are two readers. ``draupnir.rtl.plain`` reads plain Verilog-2005 with pyverilog. ``draupnir.rtl.slang`` reads
everything else, also SystemVerilog, with pyslang, and reports the mistakes in a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_INSTANCES = 100_000  # an endless recursion of modules ends here


@dataclass(frozen=True)
class ModulePort:
    """A port of a module; width : bits with default parameters, 0 if the width is not a constant."""

    name: str
    direction: str
    width: int


@dataclass(frozen=True)
class Array:
    """A memory in the tree: its path below the top, its depth in words, and the width of a word in bits."""

    path: str
    depth: int
    width: int


@dataclass(frozen=True)
class Instance:
    """An instance in the tree: its path below the top ("" for the top), its module, the values of its parameters."""

    path: str
    module: str
    parameters: Mapping[str, int | str]


@dataclass(frozen=True)
class Tree:
    """The instances and memories below a top module.

    undefined : module that nothing defines -> the place of its first instance ("chip.v:12")
    """

    instances: list[Instance] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    undefined: dict[str, str] = field(default_factory=dict)


def join(scope: str, name: str | None) -> str:
    """Return the path of a name in a scope; without a name, the path of the scope."""
    return ".".join(part for part in (scope, name) if part)
