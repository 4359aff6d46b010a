"""Spike samples: what a network is shown, and what somebody says came out of it.

file   arrays
.npz   spikes (samples, timesteps, inputs) of 0 and 1, or packed along the last axis by np.packbits;
       labels (samples,) whole numbers from 0 on, if there are any
.npy   the spikes alone
.nird  a NIR data file: the spikes of its node "input", or of the only node that it has
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.read.hdf import Hdf5Group, read_tree
from draupnir.tools.mapping.read.npz import MOST_VALUES, Npz, read_npy

Spikes = NDArray[np.uint8]
MOST_LABELS = 1 << 24


@dataclass(frozen=True, eq=False)
class SpikeSamples:
    """The samples of a file. A large .npz is read piece by piece, each time that they are asked for.

    labels : (n,) int64, or None; notes : what is worth saying of the file
    """

    path: Path
    n: int
    n_timesteps: int
    n_inputs: int
    labels: NDArray[np.int64] | None
    notes: tuple[str, ...]
    source: Npz | NDArray[Any] = field(repr=False)
    array: str = "spikes"
    is_packed: bool = False

    def batches(self, size: int = 256) -> Iterator[Spikes]:
        """(up to size, timesteps, inputs) uint8 of 0 and 1, in order. Raises InputError for any other number.

        There are fewer in a batch if a sample is large.
        """
        start = 0
        for piece in self._pieces(min(size, max(MOST_VALUES // (self.n_timesteps * self.n_inputs), 1))):
            yield self._checked(piece, start)
            start += len(piece)

    def one(self, number: int) -> Spikes:
        """(timesteps, inputs) uint8, the sample of a number in 0..n - 1."""
        return next(islice(chain.from_iterable(self.batches()), number, None))

    def all(self) -> Spikes:
        """All samples at once."""
        return np.concatenate(list(self.batches()))

    def _pieces(self, size: int) -> Iterator[NDArray[Any]]:
        if isinstance(self.source, Npz):
            return self.source.rows(self.array, size)
        source = self.source
        return (source[start : start + size] for start in range(0, len(source), size))

    def _checked(self, piece: NDArray[Any], start: int) -> Spikes:
        if self.is_packed:
            return np.unpackbits(piece, axis=-1, count=self.n_inputs)
        wrong = ~((piece == 0) | (piece == 1))
        if wrong.any():
            sample, timestep, spiking = (int(i) for i in np.argwhere(wrong)[0])
            place = f"{self.array}[{start + sample}, {timestep}, {spiking}]"
            number = piece[sample, timestep, spiking]
            text = f"{place} is {number:g}"
            right = "0 or 1 (an analogue current cannot be given to a chip: encode it as spikes)"
            if number > 1 and number == np.floor(number):
                right = "0 or 1 (a neuron of a chip spikes once in a timestep: take shorter timesteps)"
            raise InputError(f"{self.path}: {text}; right is {right}")
        return piece.astype(np.uint8)


def read_samples(path: Path, n_inputs: int, array: str = "spikes") -> SpikeSamples:
    """Open the samples of a file and look at all of them once.

    n_inputs : what the network takes; array : the name of the spikes in an .npz
    Raises InputError with one line: file, index, value and what would be right; OSError if it cannot be opened.
    """
    if path.suffix.lower() not in (".npz", ".npy", ".nird"):
        right = "right is one of .npz, .npy, .nird; draupnir convert makes samples of other recordings"
        raise InputError(f"{path}: its suffix is '{path.suffix}'; {right}")
    source: Npz | NDArray[Any]
    labels = None
    if path.suffix.lower() == ".npz":
        source = Npz(path)
        if array not in source.names:
            has = ", ".join(source.names) or "nothing"
            raise InputError(f"{path}: there is no array '{array}', only {has}")
        header = source.header(array)
        shape, dtype = header.shape, header.dtype
        labels = _labels(source, shape[0]) if shape else None
    else:
        source = read_npy(path) if path.suffix.lower() == ".npy" else _nird(path)
        shape, dtype = source.shape, source.dtype
    samples = _described(path, source, shape, dtype, n_inputs, labels, array)
    n_spikes = sum(int(piece.sum()) for piece in samples.batches())
    if samples.is_packed and 0 < n_spikes == sum(int(piece[..., 7::8].sum()) for piece in samples.batches()):
        raise _misshaped(path, array, shape, n_inputs)  # bytes of 0 and 1 are no packed bits
    return samples


def _described(
    path: Path,
    source: Npz | NDArray[Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    n_inputs: int,
    labels: NDArray[np.int64] | None,
    array: str,
) -> SpikeSamples:
    if len(shape) < 3 or 0 in shape:
        raise InputError(f"{path}: {array} has shape {shape}; right is (samples, timesteps, {n_inputs})")
    if dtype.kind not in "biuf":
        raise InputError(f"{path}: {array} holds {dtype}; right is 0 and 1")
    n, n_timesteps = shape[:2]
    if prod(shape[2:]) == n_inputs:
        flat = source if len(shape) == 3 else _flattened(path, source, array, n_inputs)
        return SpikeSamples(path, n, n_timesteps, n_inputs, labels, (), flat, array)
    if dtype == np.uint8 and len(shape) == 3 and shape[2] == (n_inputs + 7) // 8:
        note = f"{path}: {array} of shape {shape} is read as packed bits: {n_inputs} inputs"
        return SpikeSamples(path, n, n_timesteps, n_inputs, labels, (note,), source, array, is_packed=True)
    raise _misshaped(path, array, shape, n_inputs)


def _misshaped(path: Path, array: str, shape: tuple[int, ...], n_inputs: int) -> InputError:
    text = f"{array} has shape {shape}, and the network has {n_inputs} inputs"
    return InputError(f"{path}: {text}; right is (samples, timesteps, {n_inputs})")


def _flattened(path: Path, source: Npz | NDArray[Any], array: str, n_inputs: int) -> NDArray[Any]:
    """Images, as (samples, timesteps, channels, rows, columns), in row-major order."""
    whole = source.read(array) if isinstance(source, Npz) else source
    return whole.reshape(*whole.shape[:2], n_inputs)


def _labels(source: Npz, n: int) -> NDArray[np.int64] | None:
    if "labels" not in source.names:
        return None
    header = source.header("labels")
    place = f"{source.path}: labels"
    if header.shape != (n,) or header.dtype.kind not in "iuf":
        raise InputError(f"{place}: {header.dtype} of shape {header.shape}; right is a whole number a sample, ({n},)")
    labels = source.read("labels")
    wrong = ~((labels >= 0) & (labels <= MOST_LABELS) & (labels == np.floor(labels)))
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{place}[{index}] is {labels[index]:g}; right is a whole number from 0 on")
    return labels.astype(np.int64)


def _nird(path: Path) -> NDArray[Any]:
    """The spikes of a NIR data file: on a grid of timesteps, or as events with their times."""
    nodes = _observed(read_tree(path, "a NIR data file"), "")
    if not nodes:
        raise InputError(f"{path}: it is not a NIR data file with spikes of a node")
    names = [name for name in nodes if name.split("/")[-1] == "input"] or list(nodes)
    if len(names) != 1:
        raise InputError(f"{path}: it has data of {', '.join(nodes)}; right is one node with the name 'input'")
    group = nodes[names[0]]
    if "data" in group.arrays:
        return group.arrays["data"]
    text = f"{path}: node '{names[0]}' has events"
    raise InputError(f"{text}; right is TimeGriddedData: nir's to_time_gridded(dt) gives it")


def _observed(group: Hdf5Group, path: str) -> dict[str, Hdf5Group]:
    """Each node's first observable, by the node's path."""
    observables = group.groups.get("observables")
    if observables is not None:
        return {path: next(iter(observables.groups.values()))} if observables.groups else {}
    nodes = group.groups["nodes"].groups.items() if "nodes" in group.groups else ()
    pairs = (_observed(member, f"{path}/{name}" if path else name).items() for name, member in nodes)
    return dict(chain.from_iterable(pairs))
