"""Sets of indices as text: "0-9,12"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from draupnir.tools.compile.toml.source import Key, TomlSource, show

_NUMBER = "[0-9]{1,18}"


def parse(source: TomlSource, key: Key, text: object, n: int) -> list[int]:
    """The indices in a field, in their order, each 0..n-1 and at most once.

    text : an integer, or numbers and ranges, separated by commas; "0-9" includes 9
    n : the number of indices that exist, at least 1
    Raises InputError for another form, for an index out of range, and for an index that stands twice.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    right = 'right is, for instance, "0-9,12"'
    if not isinstance(text, str):
        raise source.error(key, f"{show(text)} is not a set of indices; {right}")
    indices_by_order: dict[int, None] = {}
    for part in text.split(","):
        ends = re.fullmatch(rf"\s*(-?{_NUMBER})\s*(?:-\s*({_NUMBER})\s*)?", part)
        if not ends:
            raise source.error(key, f"{show(part.strip())} is not an index or a range; {right}")
        low, high = int(ends[1]), int(ends[2] or ends[1])
        if high < low:
            raise source.error(key, f"range {part.strip()} runs backwards; right is {high}-{low}")
        for end in (low, high):
            if not 0 <= end < n:
                raise source.error(key, f"{end} is not within 0..{n - 1}")
        for index in range(low, high + 1):
            if index in indices_by_order:
                raise source.error(key, f"{index} stands twice")
            indices_by_order[index] = None
    return list(indices_by_order)


def text(indices: Iterable[int]) -> str:
    """The shortest text for ascending indices."""
    runs = []
    for _, run in groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        numbers = [index for _, index in run]
        runs.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ",".join(runs)
