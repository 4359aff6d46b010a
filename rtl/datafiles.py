"""Find the files that fill a design's memories ($readmemh, $readmemb), and copy them to where a simulator finds them.

A simulator searches such a file from the folder in which it runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from draupnir.emulator.errors import InputError


def find(places: Mapping[str, str], folders: Iterable[Path]) -> tuple[dict[str, Path], list[str]]:
    """Return the file of each name, from the first folder that has it, and the names that no folder has.

    places : name of a file in the source -> the place of the name in the source
    """
    all_folders = list(folders)
    files: dict[str, Path] = {}
    absent = []
    for name in places:
        file = next((path for folder in all_folders if (path := folder / name).is_file()), None)
        if file is None:
            absent.append(name)
        else:
            files[name] = file.resolve()
    return files, absent


def put(data: Mapping[str, Path], folder: Path) -> Path:
    """Copy files to the paths that their names have from a folder, and return this folder.

    It is ``folder``, or one below it, if a name leads upwards.
    """
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
    """Create this folder, and copy files to the paths that their names have from it.

    Raises InputError for a name that leads out of the folder.
    """
    for name in data:
        if _n_up(name):
            raise InputError(f"memory image {name}: it must not lie above the folder in which a tool runs")
    put(data, folder)


def _n_up(name: str) -> int:
    """Return the number of folders that a relative name leads upwards, at most."""
    depth = lowest = 0
    for part in PurePath(name).parts if not PurePath(name).is_absolute() else ():
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    return -lowest
