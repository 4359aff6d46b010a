"""Any file of a network as a graph, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.graph import Graph
from draupnir.tools.mapping.read.arrays import graph_of_arrays
from draupnir.tools.mapping.read.csv_file import read_csv
from draupnir.tools.mapping.read.nir_file import read_nir
from draupnir.tools.mapping.read.npz import Npz, read_npy


def read_graph(path: Path) -> Graph:
    """The graph of a file: .nir, .npz, .npy, .csv, or a folder of w1.csv, w2.csv, ...

    Raises InputError with one line for a file that is none of these, or a broken one; OSError if it cannot be opened.
    """
    if path.is_dir():
        return _folder(path)
    if path.suffix.lower() not in READERS:
        raise InputError(f"{path}: its suffix is '{path.suffix}'; right is one of {', '.join(READERS)}, or a folder")
    return READERS[path.suffix.lower()](path)


def _npz(path: Path) -> Graph:
    file = Npz(path)
    return graph_of_arrays({name: file.read(name) for name in file.names}, str(path))


def _npy(path: Path) -> Graph:
    return graph_of_arrays({"w1": read_npy(path)}, str(path))


def _csv(path: Path) -> Graph:
    return graph_of_arrays({"w1": read_csv(path)}, str(path))


def _folder(path: Path) -> Graph:
    """The graph of a folder whose .csv files have the names of arrays; one row or one column is a vector."""
    arrays = {file.stem: read_csv(file) for file in sorted(path.glob("*.csv"))}
    vectors = {name: array.ravel() for name, array in arrays.items() if not name.startswith(("w", "rec"))}
    return graph_of_arrays(arrays | vectors, str(path))


READERS: Mapping[str, Callable[[Path], Graph]] = {
    ".nir": read_nir,
    ".h5": read_nir,
    ".hdf5": read_nir,
    ".npz": _npz,
    ".npy": _npy,
    ".csv": _csv,
    ".txt": _csv,
}
