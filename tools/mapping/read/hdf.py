"""HDF5 files, which NIR's are, read by a process that may die of them (``hdf_child.py``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.read import hdf_child

MOST_VALUES = 1 << 26  # in all arrays of a file together
SECONDS = 20  # until a file counts as one on which the library does not end
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # threads that compute nothing would take address space
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, eq=False)
class Hdf5Group:
    """A group of a file: groups, arrays, texts, and attributes that are one text or number."""

    groups: Mapping[str, Hdf5Group]
    arrays: Mapping[str, NDArray[np.generic]]
    texts: Mapping[str, str]
    tables: Mapping[str, list[Any]]
    attributes: Mapping[str, str | float]
    of_arrays: Mapping[str, Mapping[str, str | float]]


def read_tree(path: Path, kind: str) -> Hdf5Group:
    """A whole file. kind : what it should be, for messages ("a NIR file")

    Raises InputError for whatever is no HDF5 file, or not a whole one; OSError if it cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(len(SIGNATURE))
    if start != SIGNATURE:
        raise InputError(f"{path}: it is not {kind} (HDF5): it does not begin as one")
    whole = f"{path}: it is not a whole {kind.removeprefix('a ')} (HDF5)"
    line, _, data = answer(path, whole).partition(b"\n")
    head = json.loads(line)
    if "missing" in head:
        raise InputError(f"{path}: {kind} needs h5py to be read; right is: pip install 'draupnir[nir]'")
    if "error" in head:
        raise InputError(f"{path}: {head['error']}")
    if "broken" in head:
        raise InputError(f"{whole}: {' '.join(head['broken'].split())}")
    return _group(head, BytesIO(data))


def answer(path: Path, whole: str) -> bytes:
    """Return what the other process answers. Raises InputError that begins with ``whole`` if it fails or hangs."""
    command = [sys.executable, "-P", hdf_child.__file__, str(path), str(MOST_VALUES)]
    try:
        result = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False, env=os.environ | ALONE
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{whole}: reading it does not end") from None
    if result.returncode or not result.stdout:
        raise InputError(f"{whole}: the HDF5 library fails on it")
    return result.stdout


def _group(head: Mapping[str, Any], data: BytesIO) -> Hdf5Group:
    """A group from its JSON; its arrays' bytes stand in ``data`` in the same order."""
    groups, arrays, texts, tables, of_arrays = {}, {}, {}, {}, {}
    for name, member in head["group"].items():
        if "group" in member:
            groups[name] = _group(member, data)
        elif "text" in member:
            texts[name] = member["text"]
        elif "texts" in member:
            tables[name] = member["texts"]
        else:
            dtype = np.dtype(member["dtype"])
            n_bytes = dtype.itemsize * int(np.prod(member["shape"], dtype=np.int64))
            arrays[name] = np.frombuffer(data.read(n_bytes), dtype).reshape(member["shape"])
            of_arrays[name] = member["attributes"]
    return Hdf5Group(groups, arrays, texts, tables, head["attributes"], of_arrays)
