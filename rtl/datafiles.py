"""Find the files that fill a design's memories ($readmemh, $readmemb), and copy them to where a simulator finds them.

A simulator searches such a file from the folder in which it runs.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from draupnir.emulator.errors import InputError


def find(
    places: Mapping[str, str], folders: Iterable[Path], image_folders: Iterable[Path] = ()
) -> tuple[dict[str, Path], list[str]]:
    """Return the file of each name, from the first folder that has it, and the names that no folder has.

    places : name of a file in the source -> the place of the name in the source
    image_folders : folders that the user names; the source may name another one, such as C:/, before the file's own
        name, unless it is an absolute path here or several names end alike
    """
    all_folders, own_folders = list(folders), list(image_folders)
    n_alike = Counter(PurePath(name).name for name in places)
    files: dict[str, Path] = {}
    absent = []
    for name in places:
        own = PurePath(name).name
        paths = [folder / name for folder in all_folders]
        if n_alike[own] == 1 and not PurePath(name).is_absolute():
            paths += [folder / own for folder in own_folders]
        file = next(filter(Path.is_file, paths), None)
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
