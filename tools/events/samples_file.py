"""Files of samples (.npz), written sample by sample, so that memory need not hold them.

array    contents
spikes   (samples, timesteps, inputs) uint8, 0 or 1
labels   (samples,) int64, if there are labels
classes  (labels,) the names of the labels, if they have names
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing
from draupnir.tools.events.binning import BinnedSpikes
from draupnir.tools.mapping.read.npz import MOST_VALUES
from draupnir.tools.mapping.samples import MOST_LABELS

LEVEL = 1  # of compression; most of a sample is zeros
CODE = np.dtype("<u4")  # timestep n_rows + row


class SampleSpool:
    """Samples on their way to a file. Their spikes wait in a temporary file, as the longest sample has yet to come.

    spool : an empty file; n_timesteps : of each sample, None for those of the longest
    """

    def __init__(self, spool: IO[bytes], n_timesteps: int | None = None) -> None:
        self._file = spool
        self._n_timesteps, self._n_rows = n_timesteps, 0
        self._lengths: list[int] = []
        self._labels: list[int | None] = []
        self.longest = 0

    def add(self, sample: BinnedSpikes) -> None:
        """Add a sample. Raises InputError for one of another size, a too long one, and a wrong label."""
        name, n_timesteps = sample.name, int(sample.timesteps[-1]) + 1 if len(sample.timesteps) else 0
        if self._lengths and sample.n_rows != self._n_rows:
            right = "right is the same for all, with --crop or --pool"
            raise InputError(f"{name}: it has {sample.n_rows} rows, and the recordings before {self._n_rows}; {right}")
        self._n_rows = sample.n_rows
        _check_length(name, self._n_timesteps or n_timesteps, self._n_rows)
        if self._labels and (sample.label is None) != (self._labels[0] is None):
            lacks, has = ("no label", "one") if sample.label is None else ("a label", "none")
            raise InputError(f"{name}: it has {lacks}, and the recordings before have {has}; right is all or none")
        if sample.label is not None and not 0 <= sample.label <= MOST_LABELS:
            raise InputError(f"{name}: its label is {sample.label}; right is within 0..{MOST_LABELS}")
        self.longest = max(self.longest, n_timesteps)
        codes = sample.timesteps * self._n_rows + sample.rows
        self._file.write(codes.astype(CODE).tobytes())
        self._lengths.append(len(codes))
        self._labels.append(sample.label)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Samples, timesteps, inputs."""
        return len(self._lengths), self._n_timesteps or max(self.longest, 1), self._n_rows

    @property
    def n_silent(self) -> int:
        """The number of samples without a spike."""
        return self._lengths.count(0)

    @property
    def has_labels(self) -> bool:
        """True if the samples have labels."""
        return bool(self._labels) and self._labels[0] is not None

    def write(self, path: Path, classes: Sequence[str] = ()) -> None:
        """Write all samples; the file appears when it is complete. classes : the names of the labels, if any"""
        arrays: dict[str, Any] = {}
        if self.has_labels:
            arrays["labels"] = np.array(self._labels, np.int64)
        if classes:
            arrays["classes"] = np.array(classes)
        with (
            replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        ):
            with file.open("spikes.npy", "w", force_zip64=True) as array:
                self._write_spikes(array)
            for name, contents in arrays.items():
                with file.open(f"{name}.npy", "w") as array:
                    np.lib.format.write_array(array, contents, allow_pickle=False)

    def _write_spikes(self, array: IO[bytes]) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(array, header)
        self._file.seek(0)
        for length in self._lengths:
            spikes = np.zeros(self.shape[1] * self.shape[2], np.uint8)
            spikes[np.frombuffer(self._file.read(length * CODE.itemsize), CODE)] = 1
            array.write(spikes.tobytes())


def _check_length(name: str, n_timesteps: int, n_rows: int) -> None:
    if n_timesteps * n_rows > MOST_VALUES:
        text = f"a sample of {n_timesteps:,} timesteps and {n_rows:,} inputs is too large"
        right = f"right is at most {MOST_VALUES:,} together: a longer --bin, or --timesteps N"
        raise InputError(f"{name}: {text}; {right}")
