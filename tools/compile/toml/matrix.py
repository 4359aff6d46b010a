"""Memories of synapses in a configuration: matrices, or tables such as [[synapses]] with pre, post, weight, mapped.

The memory's declaration gives the names and the numbers of rows and columns, and the fields of an entry: a weight and,
if the chip has one, a mapping bit, which is 1 by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.codec import take
from draupnir.emulator.columns import matrix_of, pack, unpack
from draupnir.emulator.declare import Field, Matrix, Memory
from draupnir.emulator.errors import InputError
from draupnir.golden import npy
from draupnir.tools.compile.toml import indices
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, Tables, TomlSource, closest, show

MATRIX, WEIGHT, MAPPING, MAPPED = "matrix", "weight", "mapping", "mapped"


def fill(source: TomlSource, words: NDArray[np.uint32], memory: Memory, tables: Tables) -> None:
    """Fill a memory from its tables, in their order. A later table overrides an earlier one.

    words : (depth, limbs) uint32, changed in place
    Raises InputError, with file, line and field, for each mistake.
    """
    matrix = matrix_of(memory)
    mapped_name = [MAPPED] if _mapping(matrix) else []
    bulk_names = [MATRIX, *([MAPPING] if mapped_name else []), *mapped_name]
    table_names = [matrix.rows[0], matrix.columns[0], WEIGHT, *mapped_name]
    entries = unpack(words, memory)
    for n, table in tables:
        key: Key = (memory.name, n) if (memory.name, n) in source.lines else (memory.name,)
        names = bulk_names if MATRIX in table else table_names
        for name in table:
            if name not in names:
                raise source.error((*key, name), f"unknown: {closest(name, names)}")
        if MATRIX in table:
            entries[:] = _bulk(source, key, matrix, table)
        else:
            _some(source, key, matrix, table, entries)
    words[:] = pack(entries, memory)


def _weight(matrix: Matrix) -> Field:
    return matrix.entry.fields[0]


def _mapping(matrix: Matrix) -> Field | None:
    return next((field for field in matrix.entry if field.name == MAPPING), None)


def _some(source: TomlSource, key: Key, matrix: Matrix, table: dict[str, Any], entries: NDArray[np.uint32]) -> None:
    (row, n_rows), (column, n_columns) = matrix.rows, matrix.columns
    for name in (row, column, WEIGHT):
        if name not in table:
            raise source.error(key, f"{name} is missing; right is {row}, {column} and {WEIGHT}, or a {MATRIX}")
    rows = indices.parse(source, (*key, row), table[row], n_rows)
    columns = indices.parse(source, (*key, column), table[column], n_columns)
    field = _weight(matrix)
    weight = integer(source, (*key, WEIGHT), table[WEIGHT], field.low, field.high)
    entries[np.ix_(rows, columns)] = weight & _mask(field) | _mapped(source, key, matrix, table)


def _mask(field: Field) -> int:
    return (1 << field.width) - 1


def _mapped(source: TomlSource, key: Key, matrix: Matrix, table: dict[str, Any]) -> int:
    """The mapping bit of all synapses in a table, at its place in an entry; 0 if the chip has none."""
    field = _mapping(matrix)
    if field is None:
        return 0
    return integer(source, (*key, MAPPED), table.get(MAPPED, True), field.low, field.high) << field.lsb


def _bulk(source: TomlSource, key: Key, matrix: Matrix, table: dict[str, Any]) -> NDArray[np.uint32]:
    if MAPPING in table and MAPPED in table:
        raise source.error((*key, MAPPED), "mapping already gives it for each synapse; right is one of the two")
    weight, mapping = _weight(matrix), _mapping(matrix)
    weights = _read(source, (*key, MATRIX), table[MATRIX], matrix, weight)
    if mapping and MAPPING in table:
        return weights | _read(source, (*key, MAPPING), table[MAPPING], matrix, mapping) << np.uint32(mapping.lsb)
    return weights | np.uint32(_mapped(source, key, matrix, table))


def _read(source: TomlSource, key: Key, name: object, matrix: Matrix, field: Field) -> NDArray[np.uint32]:
    """One field of each entry, from a .npy or .csv file: (rows, columns) uint32, 0..2**width - 1 of the field."""
    path = source.file(key, name)
    (row, n_rows), (column, n_columns) = matrix.rows, matrix.columns
    try:
        if path.suffix == ".npy":
            numbers = _npy(path)
        elif path.suffix == ".csv":
            numbers = _csv(path, matrix)
        else:
            raise InputError(f"{show(name)} is neither .npy nor .csv")
        if numbers.shape != matrix.shape:
            shape = " x ".join(map(str, numbers.shape)) or "a single number"
            shape = shape if numbers.size else "nothing"
            raise InputError(f"{path}: {shape}; right is {n_rows} x {n_columns}, a row for each {row}")
        wrong = np.argwhere((numbers < field.low) | (numbers > field.high))
        if len(wrong):
            i, j = wrong[0]
            raise InputError(
                f"{path}: {show(int(numbers[i, j]))} at {row} {i}, {column} {j} is not within {field.low}..{field.high}"
            )
    except InputError as error:
        raise source.error(key, str(error)) from error
    return (numbers.astype(np.int64) & _mask(field)).astype(np.uint32)


def _npy(path: Path) -> NDArray[np.uint32]:
    numbers = npy.read(path)
    return numbers.astype(np.int64) if numbers.dtype.kind == "b" else numbers


def _csv(path: Path, matrix: Matrix) -> NDArray[np.uint32]:
    column_name, n_columns = matrix.columns
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: {reason}") from error
    rows: list[list[int]] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = [int(cell) for cell in line.split(",")]
        except ValueError as error:
            raise InputError(f"{path}:{number}: not integers separated by commas: {show(line)}") from error
        if len(row) != n_columns:
            raise InputError(f"{path}:{number}: {len(row)} numbers; right is {n_columns}, one for each {column_name}")
        rows.append(row)
    return np.array(rows, dtype=object)


def dump(words: NDArray[np.uint32], memory: Memory) -> Iterator[str]:
    """Lines of TOML: one table for all synapses with the same contents, and none for those that are 0."""
    matrix, entries = matrix_of(memory), unpack(words, memory)
    weight, mapping = _weight(matrix), _mapping(matrix)
    for entry in np.unique(entries).tolist():
        rows_by_columns: dict[str, list[int]] = {}
        for row, columns in enumerate(entries == entry):
            if columns.any():
                rows_by_columns.setdefault(indices.text(np.flatnonzero(columns).tolist()), []).append(row)
        if entry == 0:
            continue
        for columns_text, rows in rows_by_columns.items():
            yield f"\n[[{memory.name}]]"
            yield f'{matrix.rows[0]} = "{indices.text(rows)}"\n{matrix.columns[0]} = "{columns_text}"'
            yield f"{WEIGHT} = {take(weight, entry)}"
            if mapping and not take(mapping, entry):
                yield f"{MAPPED} = false"
