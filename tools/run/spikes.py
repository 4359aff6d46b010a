"""Spike files: CSV with the header ``cycle,addr``, or .npy, (n, 2) int64.

Spikes are written as they come. The file appears only when it is complete.
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
Take = Callable[[np.ndarray, np.ndarray], None]  # receives cycles and addresses of further spikes, (n,) int64 each


def check(path: Path) -> None:
    """Raise InputError for a file name that is neither .csv nor .npy."""
    if path.suffix not in _FORMS:
        raise InputError(f"{path}: spikes are written to .csv or .npy")


@contextmanager
def spike_file(path: Path) -> Iterator[Take]:
    """Open a file of spikes. Yields a function that writes spikes; the file appears if the block succeeds.

    Raises InputError as ``check`` does.
    """
    check(path)
    with replacing(path) as temporary, spike_stream(temporary, path.suffix) as take:
        yield take


@contextmanager
def spike_stream(path: Path, form: str) -> Iterator[Take]:
    """Open a file of any name. Yields a function that writes spikes to it at once. form : ".csv" or ".npy" """
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
    """Write the header, with room for a larger number of rows. Returns its length in bytes."""
    header = {"descr": "<i8", "fortran_order": False, "shape": (n_rows, 2)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.tell()


def _put_rows(file: BinaryIO, cycles: np.ndarray, addrs: np.ndarray) -> None:
    for i in range(0, len(cycles), BLOCK):
        file.write(np.stack([cycles[i : i + BLOCK], addrs[i : i + BLOCK]], axis=1).astype("<i8").tobytes())


_FORMS = {".csv": _csv, ".npy": _npy}
