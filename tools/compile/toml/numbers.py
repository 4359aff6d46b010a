"""Numbers that fields are given, checked against what is declared."""

from __future__ import annotations

from draupnir.tools.compile.toml.source import Key, TomlSource, show


def integer(source: TomlSource, key: Key, given: object, low: int, high: int) -> int:
    """An integer within low..high; true and false are 1 and 0 where there is nothing else."""
    if isinstance(given, bool) and (low, high) == (0, 1):
        return int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        raise source.error(key, f"{show(given)} is not an integer; right is {low}..{high}")
    if not low <= given <= high:
        raise source.error(key, f"{show(given)} is not within {low}..{high}")
    return given
