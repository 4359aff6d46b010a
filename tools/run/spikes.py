"""Spike files: CSV with the header ``cycle,addr``, or .npy, (n, 2) int64.

They are written as spikes come, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing

BLOCK = 1 << 16  # spikes written at once
Take = Callable[[np.ndarray, np.ndarray], None]  # cycles and addresses of some more spikes


def check(path: Path) -> None:
    """Raise InputError for a file name that is neither .csv nor .npy."""
    if path.suffix not in _FORMS:
        raise InputError(f"{path}: spikes are written to .csv or .npy")


@contextmanager
def writing(path: Path) -> Iterator[Take]:
    """A function that takes spikes; the file is there when the block has ended well. Raises as ``check`` does."""
    check(path)
    with replacing(path) as temporary, into(temporary, path.suffix) as take:
        yield take


@contextmanager
def into(path: Path, form: str) -> Iterator[Take]:
    """A function that takes spikes, which go at once into a file of any name; form : ".csv" or ".npy"."""
    with path.open("w+b" if form == ".npy" else "wb") as file, _FORMS[form](file) as take:
        yield take


@contextmanager
def _csv(file: BinaryIO) -> Iterator[Take]:
    file.write(b"cycle,addr\n")
    yield lambda cycles, addrs: _put_lines(file, cycles, addrs)


def _put_lines(file: BinaryIO, cycles: np.ndarray, addrs: np.ndarray) -> None:
    for i in range(0, len(cycles), BLOCK):
        pairs = zip(cycles[i : i + BLOCK].tolist(), addrs[i : i + BLOCK].tolist(), strict=True)
        file.writelines(b"%d,%d\n" % pair for pair in pairs)


@contextmanager
def _npy(file: BinaryIO) -> Iterator[Take]:
    n_header = _put_header(file, 0)
    yield lambda cycles, addrs: _put_rows(file, cycles, addrs)
    n_rows = (file.tell() - n_header) // 16
    file.seek(0)
    if _put_header(file, n_rows) != n_header:
        raise ValueError("the .npy header has grown")


def _put_header(file: BinaryIO, n_rows: int) -> int:
    """The header, which leaves room for the number of rows to grow; returns its length."""
    header = {"descr": "<i8", "fortran_order": False, "shape": (n_rows, 2)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.tell()


def _put_rows(file: BinaryIO, cycles: np.ndarray, addrs: np.ndarray) -> None:
    for i in range(0, len(cycles), BLOCK):
        file.write(np.stack([cycles[i : i + BLOCK], addrs[i : i + BLOCK]], axis=1).astype("<i8").tobytes())


_FORMS = {".csv": _csv, ".npy": _npy}
