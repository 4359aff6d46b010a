"""Find the paths of memories and probes in Icarus, which has its own names for generate blocks without a name.

IEEE 1364-2005, 12.4.3, numbers such blocks within a module (genblk1, genblk2, ...), and so do Verilator and pyslang.
Icarus has other numbers. Its compiled design contains its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from draupnir.emulator.errors import InputError
from draupnir.rtl.design import Design, row_of

_UNNAMED = re.compile(r"\bgenblk\d+")
_SCOPE = re.compile(r'(S_\w+) \.scope \w+, "((?:[^"\\]|\\.)*)".*?(?:, (S_\w+))?;$')
_SIGNAL = re.compile(r'v\w+ \.(?:array|var|net)\S* "((?:[^"\\]|\\.)*)"')


def has_unnamed_blocks(design: Design) -> bool:
    """Return True if the path of a memory or a probe leads through a generate block without a name."""
    return any(_UNNAMED.search(path) for path in (*design.memories.values(), *design.probes.values()))


def as_in_icarus(design: Design, compiled: str, scope: str) -> Design:
    """Return the design with the paths that its memories and probes have in Icarus.

    compiled : the design that Icarus has compiled (a .vvp file); scope : the design's path in it, "bench.dut"
    Raises InputError if several blocks without a name could be the block of a memory. A probe of which this is so keeps
    its path.
    """
    icarus_paths: dict[str, list[str]] = {}
    for path in dict.fromkeys(_signals(compiled)):
        if path.startswith(f"{scope}."):
            icarus_paths.setdefault(_plain(path.removeprefix(f"{scope}.")), []).append(path.removeprefix(f"{scope}."))
    names: dict[str, str] = {}
    for plain, paths in _by_plain_path(design.memories).items():
        candidates = icarus_paths.get(plain, [])
        if len(candidates) != len(paths):
            raise InputError(
                f"{design.top}: memory {paths[0]} lies in a generate block without a name, and Icarus has "
                f"{', '.join(candidates) or 'none there'}; a name for the block (begin : name) tells which it is"
            )
        names |= _paired(paths, candidates)
    for plain, paths in _by_plain_path(design.probes).items():
        candidates = icarus_paths.get(plain, [])
        names |= _paired(paths, candidates if len(candidates) == len(paths) else paths)
    memories, probes = (
        {name: _renamed(path, names) for name, path in paths.items()} for paths in (design.memories, design.probes)
    )
    return replace(design, memories=memories, probes=probes)


def _by_plain_path(paths: Mapping[str, str]) -> dict[str, list[str]]:
    """Plain path -> the paths of arrays and other signals that have it."""
    by_plain_path: dict[str, list[str]] = {}
    for path in dict.fromkeys(row_of(path)[0] for path in paths.values()):
        by_plain_path.setdefault(_plain(path), []).append(path)
    return by_plain_path


def _paired(paths: list[str], candidates: list[str]) -> Iterator[tuple[str, str]]:
    """Each path with its path in Icarus: both in the order of the numbers in them."""
    return zip(sorted(paths, key=_numbers_in), sorted(candidates, key=_numbers_in), strict=True)


def _renamed(path: str, names: Mapping[str, str]) -> str:
    """Return the path of a memory, a row or a probe, with another name of the array or signal."""
    array, row = row_of(path)
    return names[array] if row is None else f"{names[array]}[{row}]"


def _signals(compiled: str) -> Iterator[str]:
    """Return the paths of all arrays, variables and nets in a compiled design."""
    scopes: dict[str, str] = {}
    current = ""
    for line in compiled.splitlines():
        if scope := _SCOPE.match(line):
            parent = scopes.get(scope.group(3) or "", "")
            current = f"{parent}.{scope.group(2)}" if parent else scope.group(2)
            scopes[scope.group(1)] = current
        elif signal := _SIGNAL.match(line):
            yield f"{current}.{signal.group(1)}"


def _plain(path: str) -> str:
    """Return a path without the numbers of blocks that have no name."""
    return _UNNAMED.sub("genblk", path)


def _numbers_in(path: str) -> list[int]:
    """Return all numbers in a path, in their order."""
    return [*map(int, re.findall(r"\d+", path))]
