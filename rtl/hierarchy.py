"""The findings of a reader of Verilog: ports, and the tree of instances and memories below a top module.

Two readers fill these types. ``draupnir.rtl.plain`` reads plain Verilog-2005 with pyverilog. ``draupnir.rtl.slang``
reads all the rest, SystemVerilog too, with pyslang, and it is also the one that says what is wrong with a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_INSTANCES = 100_000  # a tree that recurses for ever ends here


@dataclass(frozen=True)
class ModulePort:
    """A port of a module; ``width`` in bits, with the parameters at their defaults; 0 where it is not a constant."""

    name: str
    direction: str
    width: int


@dataclass(frozen=True)
class Array:
    """A memory in the tree: its path below the top, and its shape."""

    path: str
    depth: int
    width: int


@dataclass(frozen=True)
class Instance:
    """An instance in the tree: path below the top ("" is the top itself), module, and its parameters' values."""

    path: str
    module: str
    parameters: Mapping[str, int | str]


@dataclass(frozen=True)
class Tree:
    """All that is below a top module.

    undefined : module that is nowhere defined -> where it is first instantiated ("chip.v:12")
    """

    instances: list[Instance] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    undefined: dict[str, str] = field(default_factory=dict)


def join(scope: str, name: str | None) -> str:
    """The path of a name in a scope; without a name it is the scope's own."""
    return ".".join(part for part in (scope, name) if part)
