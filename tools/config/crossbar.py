"""ODIN's synapse memory in a configuration: matrices, or [[synapses]] with pre, post, weight and mapped.

A matrix has a row for each pre-synaptic neuron and a column for each post-synaptic one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emulator.errors import InputError
from emulator.odin.layout import MAPPING, N_SYN, SYN_BITS, SYN_WEIGHT, SYNAPSES, N
from tools.config import indices
from tools.config.numbers import integer
from tools.config.source import Key, Source, closest, show

SHIFTS = np.arange(N_SYN, dtype=np.uint32) * SYN_BITS
IN_BULK = ("matrix", "mapping", "mapped")
ONE_BY_ONE = ("pre", "post", "weight", "mapped")


def fill(source: Source, words: np.ndarray, tables: list[Any]) -> None:
    """Fill the memory from its tables, in their order: where two name a synapse, the later one holds."""
    synapses = unpack(words)
    for n, table in enumerate(tables):
        key: Key = (SYNAPSES.name, n) if (SYNAPSES.name, n) in source.lines else (SYNAPSES.name,)
        names = IN_BULK if "matrix" in table else ONE_BY_ONE
        for name in table:
            if name not in names:
                raise source.error((*key, name), f"unknown: {closest(name, names)}")
        if "matrix" in table:
            synapses[:] = _bulk(source, key, table)
        else:
            _some(source, key, table, synapses)
    words[:] = pack(synapses)


def unpack(words: np.ndarray) -> np.ndarray:
    """(N, N) uint32, 4 bits each, from the memory's words."""
    return ((words >> SHIFTS) & ((1 << SYN_BITS) - 1)).reshape(N, N)


def pack(synapses: np.ndarray) -> np.ndarray:
    """The memory's words, from (N, N) uint32."""
    return (synapses.reshape(-1, N_SYN) << SHIFTS).sum(axis=1, dtype=np.uint32)[:, np.newaxis]


def _some(source: Source, key: Key, table: dict[str, Any], synapses: np.ndarray) -> None:
    for name in ONE_BY_ONE[:3]:
        if name not in table:
            raise source.error(key, f"{name} is missing; right is pre, post and weight, or a matrix")
    pre = indices.parse(source, (*key, "pre"), table["pre"], N)
    post = indices.parse(source, (*key, "post"), table["post"], N)
    weight = integer(source, (*key, "weight"), table["weight"], SYN_WEIGHT.low, SYN_WEIGHT.high)
    synapses[np.ix_(pre, post)] = weight | _mapped(source, key, table) << MAPPING.lsb


def _mapped(source: Source, key: Key, table: dict[str, Any]) -> int:
    return integer(source, (*key, "mapped"), table.get("mapped", True), MAPPING.low, MAPPING.high)


def _bulk(source: Source, key: Key, table: dict[str, Any]) -> np.ndarray:
    if "mapping" in table and "mapped" in table:
        raise source.error((*key, "mapped"), "mapping says so for each synapse already; right is one of the two")
    weights = _matrix(source, (*key, "matrix"), table["matrix"], SYN_WEIGHT.high)
    if "mapping" in table:
        mapping = _matrix(source, (*key, "mapping"), table["mapping"], MAPPING.high)
    else:
        mapping = np.full((N, N), _mapped(source, key, table), dtype=np.uint32)
    return weights | mapping << np.uint32(MAPPING.lsb)


def _matrix(source: Source, key: Key, name: object, high: int) -> np.ndarray:
    """(N, N) uint32, each within 0..high, from a .npy or .csv file."""
    path = source.file(key, name)
    try:
        if path.suffix == ".npy":
            found = _npy(path)
        elif path.suffix == ".csv":
            found = _csv(path)
        else:
            raise InputError(f"{show(name)} is neither .npy nor .csv")
        if found.shape != (N, N):
            shape = " x ".join(map(str, found.shape)) or "a single number"
            raise InputError(f"{path}: {shape}; right is {N} x {N}, a row for each pre-synaptic neuron")
        wrong = np.argwhere((found < 0) | (found > high))
        if len(wrong):
            pre, post = wrong[0]
            raise InputError(f"{path}: {found[pre, post]} from {pre} to {post} is not within 0..{high}")
    except InputError as error:
        raise source.error(key, str(error)) from error
    return found.astype(np.uint32)


def _npy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            found = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: not a .npy file of numbers") from error
    if found.dtype.kind not in "biu":
        raise InputError(f"{path}: {found.dtype}; right is an array of integers")
    return found.astype(np.int64) if found.dtype.kind == "b" else found


def _csv(path: Path) -> np.ndarray:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: {reason}") from error
    rows: list[list[int]] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = [int(cell) for cell in line.split(",")]
        except ValueError as error:
            raise InputError(f"{path}:{number}: not integers separated by commas: {show(line)}") from error
        if len(row) != N:
            raise InputError(f"{path}:{number}: {len(row)} numbers; right is {N}, one for each post-synaptic neuron")
        rows.append(row)
    return np.array(rows, dtype=object)


def dump(words: np.ndarray) -> Iterator[str]:
    """Lines of TOML: tables of synapses that are alike; none for those whose 4 bits are 0."""
    synapses = unpack(words)
    for synapse in np.unique(synapses):
        same: dict[str, list[int]] = {}
        for pre in range(N):
            if len(post := np.flatnonzero(synapses[pre] == synapse)):
                same.setdefault(indices.text(post.tolist()), []).append(pre)
        if synapse == 0:
            continue
        for post_text, pres in same.items():
            yield f"\n[[{SYNAPSES.name}]]"
            yield f'pre = "{indices.text(pres)}"\npost = "{post_text}"'
            yield f"weight = {synapse & SYN_WEIGHT.high}"
            if not synapse >> MAPPING.lsb:
                yield "mapped = false"
