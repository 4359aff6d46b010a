"""CSV tables of SPI transfers, as drivers and logic analysers export them: the first line names the columns.

A table has a column ``mosi``, or the columns ``address`` and ``data``; ``COLUMNS`` has other names for them. All other
columns, such as a time or ``miso``, are ignored.
"""

from __future__ import annotations

import re
from pathlib import Path

from draupnir.emulator.errors import InputError

SUFFIX = ".csv"
COLUMNS = (  # the columns of a table, each with the names that it may have
    (("mosi", "transaction", "spi", "tx", "write"),),
    (("address", "addr", "header"), ("data", "content", "value")),
)
_NUMBER = re.compile(r"(0[xX])?[0-9a-fA-F_]*")
_SEPARATOR = re.compile(r"[,;\t]")


def of_transfers(path: Path, text: str, n_digits: int) -> str:
    """Return the columns of the transfers alone, line by line; a CSV without names of columns is returned as it is.

    n_digits : the hexadecimal digits of a field; an address and its data get leading zeros
    Raises InputError if the names are those of no table, and for a line with too few cells.
    """
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    names = [_cell(cell).lower() for cell in _SEPARATOR.split(lines[first])] if lines else []
    if all(_NUMBER.fullmatch(name) for name in names):
        return text
    places = _places(path, first + 1, names)
    transfers = [""] * (first + 1)
    for number, line in enumerate(lines[first + 1 :], start=first + 2):
        cells = [_cell(cell) for cell in _SEPARATOR.split(line)] if line.strip() else []
        if cells and len(cells) <= max(places):
            raise InputError(f"{path}:{number}: {len(cells)} cells; right is {len(names)}, one for each column")
        numbers = [cells[place] for place in places] if cells else []
        if len(numbers) > 1:
            numbers = [number.removeprefix("0x").removeprefix("0X").zfill(n_digits) for number in numbers]
        transfers.append(" ".join(numbers))
    return "\n".join(transfers)


def _cell(text: str) -> str:
    return text.strip().strip('"').strip()


def _places(path: Path, number: int, names: list[str]) -> list[int]:
    """Return the places of the columns with the transfers."""
    for table in COLUMNS:
        places = [next((i for i, name in enumerate(names) if name in column), None) for column in table]
        found_places = [place for place in places if place is not None]
        if len(found_places) == len(table):
            return found_places
    right = ", or ".join(" and ".join(column[0] for column in table) for table in COLUMNS)
    raise InputError(f"{path}:{number}: the columns are {', '.join(names)}; right is a column {right}")
