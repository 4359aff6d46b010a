"""The results of a sweep as files: one row a run in Parquet, arrays in Zarr."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing

RUNS, ARRAYS = "runs.parquet", "arrays.zarr"
_CHUNK = 1 << 16  # spikes in a chunk
_EXTRA = "pip install 'draupnir[sweep]'"


def check_extra() -> None:
    """Raise InputError if the packages are missing that write the files."""
    try:
        for name in ("pyarrow.parquet", "zarr"):
            import_module(name)
    except ImportError as error:
        raise InputError(f"draupnir sweep: {error.name} is missing: {_EXTRA}") from error


@dataclass
class SweepFiles:
    """The open files of a sweep. Blocks of runs are written in their order.

    n_runs : of the whole sweep
    """

    parquet_path: Path
    zarr_path: Path
    n_runs: int
    _parquet: Any = None
    _zarr: Any = None
    _arrays: dict[str, Any] = field(default_factory=dict)

    def write(self, first: int, axes: Mapping[str, Any], block: Mapping[str, Mapping[str, np.ndarray]], n: int) -> None:
        """Write n runs from ``first`` on; axes : the values of the axes; block : as ``SweepSubject.run`` returns it"""
        import pyarrow
        import pyarrow.parquet

        columns = {"run": np.arange(first, first + n), **axes, **block["columns"]}
        table = pyarrow.table({name: column[:n] for name, column in columns.items()})
        if self._parquet is None:
            self._parquet = pyarrow.parquet.ParquetWriter(self.parquet_path, table.schema, compression="zstd")
        self._parquet.write_table(table, row_group_size=max(1, n))
        for name, array in block["arrays"].items():
            self._array(name, (self.n_runs, *array.shape[1:]), (len(array), *array.shape[1:]), array.dtype)[
                first : first + n
            ] = array[:n]
        spikes = block["spikes"]
        if spikes:
            is_here = spikes["run"] < n
            for name, column in spikes.items():
                self._array(f"spikes/{name}", (0,), (_CHUNK,), column.dtype).append(
                    column[is_here] + (first if name == "run" else 0)
                )

    def _array(self, name: str, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: Any) -> Any:
        """The array with a name, which is made when it is first needed."""
        import zarr

        if self._zarr is None:
            self._zarr = zarr.open_group(str(self.zarr_path), mode="w", zarr_format=3)
        if name not in self._arrays:
            self._arrays[name] = self._zarr.create_array(name, shape=shape, chunks=chunks, dtype=dtype)
        return self._arrays[name]

    def cut(self, n: int) -> None:
        """Leave out the runs from n on of all arrays that have a row for each run."""
        for name, array in self._arrays.items():
            if not name.startswith("spikes/"):
                array.resize((n, *array.shape[1:]))

    def close(self) -> None:
        """Complete the files."""
        if self._parquet is not None:
            self._parquet.close()

    @property
    def names(self) -> list[str]:
        """The names of the arrays."""
        return list(self._arrays)


@contextmanager
def opened(folder: Path, n_runs: int) -> Iterator[SweepFiles]:
    """Open the files of a sweep in a folder. Files from before are replaced when all is written, or stay."""
    folder.mkdir(parents=True, exist_ok=True)
    new_arrays = folder / f"{ARRAYS}.part"
    shutil.rmtree(new_arrays, ignore_errors=True)
    try:
        with replacing(folder / RUNS) as temporary:
            files = SweepFiles(temporary, new_arrays, n_runs)
            try:
                yield files
            finally:
                files.close()
            shutil.rmtree(folder / ARRAYS, ignore_errors=True)
            if new_arrays.exists():
                new_arrays.replace(folder / ARRAYS)
    finally:
        shutil.rmtree(new_arrays, ignore_errors=True)
