"""Matrices as text: a line a row, numbers between commas, semicolons or blanks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.graph import Reals

MOST_BYTES = 1 << 28
SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")


def read_csv(path: Path) -> Reals:
    """(lines, columns) float64. Empty lines and lines that begin with # are left out.

    Raises InputError with the line's number; OSError if the file cannot be opened.
    """
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path}: {path.stat().st_size:,} bytes; right is at most {MOST_BYTES:,}, or .npz")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: it is no text; right is a line of numbers a source") from None
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append(_row(line.strip(), f"{path}:{number}"))
            if len(rows[-1]) != len(rows[0]):
                message = f"{_columns(len(rows[-1]))}; the first line has {len(rows[0])}"
                raise InputError(f"{path}:{number}: {message}")
    if not rows:
        raise InputError(f"{path}: it has no numbers; right is a line of numbers a source")
    return np.array(rows, np.float64)


def _row(line: str, place: str) -> list[float]:
    row = []
    for column, word in enumerate(SEPARATOR.split(line), 1):
        try:
            row.append(float(word))
        except ValueError:
            raise InputError(f"{place}: column {column} is '{word[:40]}'; right is a number") from None
    return row


def _columns(n: int) -> str:
    return "1 column" if n == 1 else f"{n} columns"
