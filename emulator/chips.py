"""The chips that there are, by name; a chip's own modules are imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from emulator.declare import Chip
from emulator.errors import InputError

_NAMES = ("odin",)  # each the name of a package emulator/<name>, with layout.py and chip.py


def names() -> tuple[str, ...]:
    """Names of all chips."""
    return _NAMES


def declaration(name: str) -> Chip:
    """What is declared of a chip: pins, memories, registers, events.

    Raises InputError for a name that is not one of ``names()``.
    """
    return import_module(f"emulator.{_known(name)}.layout").CHIP


def model(name: str) -> type[Any]:
    """The class of a chip's clock-level golden model.

    Raises InputError for a name that is not one of ``names()``.
    """
    return import_module(f"emulator.{_known(name)}.chip").Model


def _known(name: str) -> str:
    if name not in _NAMES:
        raise InputError(f"no chip {name!r}; there are: {', '.join(_NAMES)}")
    return name
