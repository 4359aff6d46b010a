"""The files that a design fills its memories from ($readmemh, $readmemb): found here, and put where it looks for them.

A simulator looks for such a file from the folder in which it runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from draupnir.emulator.errors import InputError


def find(wanted: Mapping[str, str], folders: Iterable[Path]) -> tuple[dict[str, Path], list[str]]:
    """The file of each name, in the first folder that has it; and the names that no folder has.

    wanted : name as the source has it -> where the source says so
    """
    places = list(folders)
    files: dict[str, Path] = {}
    missing = []
    for name in wanted:
        found = next((path for folder in places if (path := folder / name).is_file()), None)
        if found is None:
            missing.append(name)
        else:
            files[name] = found.resolve()
    return files, missing


def put(data: Mapping[str, Path], folder: Path) -> Path:
    """Copy files to where their names lead from a folder, and return it: ``folder``, or one deep enough below it."""
    n_up = max((_n_up(name) for name in data), default=0)
    working = folder.joinpath(*["below"] * n_up)
    working.mkdir(parents=True, exist_ok=True)
    for name, file in data.items():
        if not PurePath(name).is_absolute():
            target = Path(os.path.normpath(working / name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return working


def put_beside(data: Mapping[str, Path], folder: Path) -> None:
    """Copy files to where their names lead from exactly this folder, which is made.

    Raises InputError for a name that leads out of the folder.
    """
    for name in data:
        if _n_up(name):
            raise InputError(f"memory image {name}: it must not lie above the folder in which a tool runs")
    put(data, folder)


def _n_up(name: str) -> int:
    """Return how many folders up a relative name leads at most."""
    depth = lowest = 0
    for part in PurePath(name).parts if not PurePath(name).is_absolute() else ():
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    return -lowest
