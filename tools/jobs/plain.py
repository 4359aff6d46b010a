"""Frozen dataclasses as what JSON can hold, and back: how results of jobs travel.

A dataclass becomes an object of its fields, a tuple a list, a path its text. The way back follows the declared types.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any


def plain(thing: Any, omitted: Collection[str] = ()) -> Any:
    """Return a dataclass, or anything inside of one, as what JSON can hold.

    omitted : the names of fields of this dataclass that are left out
    """
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        names = [f.name for f in dataclasses.fields(thing) if f.name not in omitted]
        return {name: plain(getattr(thing, name)) for name in names}
    if isinstance(thing, Mapping):
        return {str(name): plain(one) for name, one in thing.items()}
    if isinstance(thing, tuple | list):
        return [plain(one) for one in thing]
    return str(thing) if isinstance(thing, Path) else thing


def restored(kind: Any, thing: Any, **others: Any) -> Any:
    """Return the object that ``plain`` has turned into ``thing``.

    kind : its declared type
    others : the fields that were left out
    """
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: restored(hints[name], one) for name, one in thing.items()}, **others)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kinds = [one for one in inner if one is not type(None)]
        return None if thing is None else restored(kinds[0], thing) if len(kinds) == 1 else thing
    if origin is tuple:
        return tuple(restored(inner[0] if inner[-1] is ... else one, part) for one, part in _pairs(inner, thing))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: restored(inner[1], one) for name, one in thing.items()}
    return Path(thing) if kind is Path else thing


def _pairs(inner: tuple[Any, ...], thing: list[Any]) -> list[tuple[Any, Any]]:
    kinds = [inner[0]] * len(thing) if inner[-1] is ... else list(inner)
    return list(zip(kinds, thing, strict=True))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
