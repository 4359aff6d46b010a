"""Numbers in a configuration, which must be in their declared range."""

from __future__ import annotations

from draupnir.tools.compile.toml.source import Key, TomlSource, show


def integer(source: TomlSource, key: Key, number: object, low: int, high: int) -> int:
    """Check that a number is an integer, low..high, and return it. A field of 0..1 also takes false and true."""
    if isinstance(number, bool) and (low, high) == (0, 1):
        return int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        raise source.error(key, f"{show(number)} is not an integer; right is {low}..{high}")
    if not low <= number <= high:
        raise source.error(key, f"{show(number)} is not within {low}..{high}")
    return number
