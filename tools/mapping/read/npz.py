"""NumPy's .npz and .npy, read with care: nothing is unpickled, and sizes are known before memory is taken."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError

MOST_VALUES = 1 << 26  # in one array that is read as a whole
MOST_ARRAYS = 1024
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Header:
    """The beginning of an array: its shape, the type of its entries, whether the first index runs fastest."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool


class Npz:
    """An open .npz file. Each method raises InputError that names file and array."""

    def __init__(self, path: Path):
        self.path = path
        with _one_line(path, "it is not a whole .npz file"):
            self._zip = zipfile.ZipFile(path)
        self.names = tuple(name.removesuffix(".npy") for name in self._zip.namelist() if name.endswith(".npy"))
        if len(self.names) > MOST_ARRAYS:
            raise InputError(f"{path}: {len(self.names):,} arrays; right is at most {MOST_ARRAYS:,}")

    def header(self, name: str) -> Header:
        """The shape and type of an array, without reading it."""
        with self._open(name) as file:
            return _header(file, f"{self.path}: {name}")

    def read(self, name: str) -> Numbers:
        """A whole array of numbers or text."""
        with self._open(name) as file:
            return read_array(file, f"{self.path}: {name}")

    def rows(self, name: str, n: int) -> Iterator[Numbers]:
        """An array in pieces of n entries of its first axis, so that memory need not hold it."""
        with self._open(name) as file:
            header = _header(file, f"{self.path}: {name}")
            if header.fortran and len(header.shape) > 1:
                right = "the order of C: save np.ascontiguousarray of it"
                raise InputError(f"{self.path}: {name}: it is in the order of Fortran; right is {right}")
            for start in range(0, header.shape[0], n):
                shape = (min(n, header.shape[0] - start), *header.shape[1:])
                yield _entries(file, header.dtype, shape, f"{self.path}: {name}")

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        with _one_line(self.path, f"{name}: it is not a whole array"), self._zip.open(f"{name}.npy") as file:
            yield file


def read_npy(path: Path) -> Numbers:
    """A .npy file. Raises InputError, and OSError if it cannot be opened."""
    with path.open("rb") as file, _one_line(path, "it is not a whole .npy file"):
        return read_array(file, str(path))


def read_array(file: IO[bytes], place: str) -> Numbers:
    """A whole array from where it begins. Raises InputError."""
    header = _header(file, place)
    shape = header.shape[::-1] if header.fortran else header.shape
    entries = _entries(file, header.dtype, shape, place)
    return entries.T if header.fortran else entries


def _header(file: IO[bytes], place: str) -> Header:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise InputError(f"{place}: it holds Python objects, which are never unpickled; right is numbers")
    if dtype.kind not in "biufUS" or any(n < 0 for n in shape):
        raise InputError(f"{place}: it holds {dtype} of shape {shape}; right is numbers")
    return Header(shape, dtype, fortran)


def _entries(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...], place: str) -> Numbers:
    """Read the entries of an array, not more bytes than it has."""
    n_values = prod(shape)
    if n_values > MOST_VALUES or n_values * dtype.itemsize > 8 * MOST_VALUES:
        raise InputError(f"{place}: it has {n_values:,} values, shape {shape}; right is at most {MOST_VALUES:,}")
    data = file.read(n_values * dtype.itemsize)
    if len(data) < n_values * dtype.itemsize:
        raise InputError(f"{place}: it is cut: {len(data):,} bytes of {n_values * dtype.itemsize:,}")
    return np.frombuffer(data, dtype).reshape(shape)


@contextmanager
def _one_line(path: Path, message: str) -> Iterator[None]:
    """Turn whatever the libraries raise for a damaged file into one line; a file that cannot be opened stays so."""
    try:
        yield
    except (InputError, FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:
        raise InputError(f"{path}: {message}: {' '.join(str(error).split()) or type(error).__name__}") from None
