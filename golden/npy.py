"""Read .npy files, also damaged ones, without a traceback."""

from __future__ import annotations

from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO

import numpy as np

from draupnir.emulator.errors import InputError

_WRONG = (
    ValueError,
    SyntaxError,
    TokenError,
    RecursionError,
    OverflowError,
    MemoryError,
)  # what numpy raises of headers


def header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, True for Fortran order, and type of the array in a file that is open at its beginning.

    Raises InputError for a file that is not a .npy file.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(file)
    except _WRONG as error:
        raise InputError(f"{path}: not a .npy file") from error
    if any(n < 0 for n in shape):
        raise InputError(f"{path}: not a .npy file: a shape of {' x '.join(map(str, shape))}")
    return shape, fortran_order, dtype


def read(path: Path) -> np.ndarray:
    """Return an array of integers or booleans of any shape. Raises InputError for other types, and for a cut file."""
    try:
        with path.open("rb") as file:
            shape, fortran_order, dtype = header(path, file)
            if dtype.kind not in "biu":
                raise InputError(f"{path}: {'objects' if dtype.hasobject else dtype}; right is an array of integers")
            n, n_there = prod(shape) * dtype.itemsize, path.stat().st_size - file.tell()
            if n_there < n:
                raise InputError(f"{path}: ends after {n_there:,} of {n:,} bytes")
            content = np.fromfile(file, dtype, prod(shape))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    return content.reshape(shape, order="F" if fortran_order else "C")
