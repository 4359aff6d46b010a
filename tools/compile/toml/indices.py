"""Sets of indices in words: "0-9,12"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from draupnir.tools.compile.toml.source import Key, TomlSource, show

_NUMBER = "[0-9]{1,18}"


def parse(source: TomlSource, key: Key, given: object, n: int) -> list[int]:
    """The indices that a field names, each within 0..n-1 and named once; in the order given.

    given : an integer, or numbers and ranges with their last included, separated by commas.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    right = 'right is, for instance, "0-9,12"'
    if not isinstance(given, str):
        raise source.error(key, f"{show(given)} is not a set of indices; {right}")
    found: dict[int, None] = {}
    for part in given.split(","):
        ends = re.fullmatch(rf"\s*(-?{_NUMBER})\s*(?:-\s*({_NUMBER})\s*)?", part)
        if not ends:
            raise source.error(key, f"{show(part.strip())} is not an index or a range; {right}")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if last < first:
            raise source.error(key, f"range {part.strip()} runs backwards; right is {last}-{first}")
        for end in (first, last):
            if not 0 <= end < n:
                raise source.error(key, f"{end} is not within 0..{n - 1}")
        for index in range(first, last + 1):
            if index in found:
                raise source.error(key, f"{index} is named twice")
            found[index] = None
    return list(found)


def text(indices: Iterable[int]) -> str:
    """The shortest text for ascending indices."""
    runs = []
    for _, run in groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        numbers = [index for _, index in run]
        runs.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ",".join(runs)
