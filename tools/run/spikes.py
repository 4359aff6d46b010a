"""Spike files: CSV with the header ``cycle,addr``, or .npy, (n, 2) int64.

Files of potentials are the same with the columns ``read,neuron,potential``: the number of the READ, from 0 on, the
number of the neuron, and its potential in LSB.

Spikes are written as they come. The file appears only when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing

BLOCK = 1 << 16  # spikes written at once
Take = Callable[[np.ndarray, np.ndarray], None]  # receives cycles and addresses of further spikes, (n,) int64 each
TakePotentials = Callable[
    [int, np.ndarray], None
]  # receives the number of a READ, from 0 on, and (n,) int64 potentials
SPIKES = ("cycle", "addr")
POTENTIALS = ("read", "neuron", "potential")


def check(path: Path, contents: str = "spikes") -> None:
    """Raise InputError for a file name that is neither .csv nor .npy; contents : the word for what it holds"""
    if path.suffix not in _FORMS:
        raise InputError(f"{path}: {contents} are written to .csv or .npy")


@contextmanager
def spike_file(path: Path) -> Iterator[Take]:
    """Open a file of spikes. Yields a function that writes spikes; the file appears if the block succeeds.

    Raises InputError as ``check`` does.
    """
    check(path)
    with replacing(path) as temporary, spike_stream(temporary, path.suffix) as take:
        yield take


@contextmanager
def spike_stream(path: Path, form: str, header: Sequence[str] = SPIKES) -> Iterator[Callable[..., None]]:
    """Open a file of any name. Yields a function that writes spikes to it at once.

    form : ".csv" or ".npy"; header : the columns. The function then takes one (n,) int64 for each of them.
    """
    with path.open("w+b" if form == ".npy" else "wb") as file, _FORMS[form](file, header) as take:
        yield take


@contextmanager
def _csv(file: BinaryIO, header: Sequence[str]) -> Iterator[Callable[..., None]]:
    file.write(",".join(header).encode() + b"\n")
    line = b",".join([b"%d"] * len(header)) + b"\n"
    yield lambda *columns: _put_lines(file, line, columns)


def _put_lines(file: BinaryIO, line: bytes, columns: Sequence[np.ndarray]) -> None:
    for i in range(0, len(columns[0]), BLOCK):
        rows = zip(*(column[i : i + BLOCK].tolist() for column in columns), strict=True)
        file.writelines(line % row for row in rows)


@contextmanager
def _npy(file: BinaryIO, header: Sequence[str]) -> Iterator[Callable[..., None]]:
    n_header = _put_header(file, 0, len(header))
    yield lambda *columns: _put_rows(file, columns)
    n_rows = (file.tell() - n_header) // (8 * len(header))
    file.seek(0)
    if _put_header(file, n_rows, len(header)) != n_header:
        raise ValueError("the .npy header has grown")


def _put_header(file: BinaryIO, n_rows: int, n_columns: int) -> int:
    """Write the header, with room for a larger number of rows. Returns its length in bytes."""
    header = {"descr": "<i8", "fortran_order": False, "shape": (n_rows, n_columns)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.tell()


def _put_rows(file: BinaryIO, columns: Sequence[np.ndarray]) -> None:
    for i in range(0, len(columns[0]), BLOCK):
        file.write(np.stack([column[i : i + BLOCK] for column in columns], axis=1).astype("<i8").tobytes())


_FORMS = {".csv": _csv, ".npy": _npy}
