"""The chips that there are, by name: each package emulator/<name> with a layout.py and a chip.py.

A chip's own modules are imported only when it is asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError

FOLDER = Path(__file__).parent


@cache
def names() -> tuple[str, ...]:
    """Names of all chips, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/chip.py") if path.with_name("layout.py").is_file()))


def declaration(name: str) -> Chip:
    """What is declared of a chip: pins, memories, registers, events.

    Raises InputError for a name that is not one of ``names()``.
    """
    return import_module(f"draupnir.emulator.{_known(name)}.layout").CHIP


def model(name: str) -> type[Any]:
    """The class of a chip's clock-level golden model.

    Raises InputError for a name that is not one of ``names()``.
    """
    return import_module(f"draupnir.emulator.{_known(name)}.chip").Model


def _known(name: str) -> str:
    if name not in names():
        raise InputError(f"no chip {name!r}; there are: {', '.join(names())}")
    return name
