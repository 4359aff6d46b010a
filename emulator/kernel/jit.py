"""The one place that knows Numba's options.

``kernel``, ``outlined`` and ``entry`` compile a function, and keep the machine code in a folder named by a hash of
all sources that the function can be made of: its own chip's, and those that no chip owns. So a warm start is fast, an
edit of any kernel, also of one that is only called, can never run stale code, and no chip waits for another's edits.
A chip's sources are the folder that holds its ``layout.py`` and ``chip.py``, rooms within it included, or its whole
package where it lives elsewhere; every other room of ``emulator`` belongs to all chips.
What several chips share is a function within a function that is given each chip's modules: it closes over these, and is
kept with that chip's. Over a module, not over a kernel: what Numba keeps is found by what a function closes over, and
modules have names, whereas a compiled function is another one in every process.
With NUMBA_DISABLE_JIT=1 the same functions run uncompiled and give the same bits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numba
import platformdirs
from numba.core import event

from draupnir.emulator import compiling

F = TypeVar("F", bound=Callable[..., object])

SOURCES = Path(__file__).resolve().parent.parent


@cache
def cache_folder(owner: Path | None = None) -> Path | None:
    """Folder of this version's machine code, or None if none can be written (then each start compiles).

    owner : the folder of the chip, or of the package elsewhere, whose code it is; None for code that belongs to neither
    Numba itself would take code compiled without NUMBA_BOUNDSCHECK=1 for code with it.
    """
    config: Any = numba.config
    digest = hashlib.sha256(f"{numba.__version__}, {config.BOUNDSCHECK}".encode())
    for path in _sources_of(owner):
        digest.update(path.read_bytes())
    folder = _root() / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _root() -> Path:
    return Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("draupnir")) / "kernels"


class _Compilations(event.Listener):
    """Hears of each function that is compiled, not of those that are loaded."""

    def on_start(self, event: Any) -> None:
        compiling.begins(_root(), cache_folder() is not None)

    def on_end(self, event: Any) -> None:
        """Nothing."""


_register: Callable[[str, event.Listener], None] = event.register  # Numba gives it no types
_register("numba:compile", _Compilations())


def _sources_of(owner: Path | None) -> list[Path]:
    """The sources that the owner's kernels can be made of; a chip never imports another chip."""
    rooms = (room for room in SOURCES.iterdir() if room.is_dir() and not _is_chip(room))
    found = {*SOURCES.glob("*.py"), *(path for room in rooms for path in _below(room))}
    return sorted(found | {*_below(owner)} if owner else found)


def _below(folder: Path) -> Iterator[Path]:
    """All sources in a folder, without tests."""
    return (path for path in folder.rglob("*.py") if "tests" not in (folder.name, *path.relative_to(folder).parts))


def _is_chip(folder: Path) -> bool:
    return (folder / "layout.py").is_file() and (folder / "chip.py").is_file()


def _owner(function: Callable[..., object]) -> Path | None:
    """The folder of the chip that a function is made for, by the modules that it closes over, or by its own file."""
    closed_over = [cell.cell_contents for cell in function.__closure__ or ()]
    modules = [(module.__name__, str(module.__file__)) for module in closed_over if isinstance(module, ModuleType)]
    for module, file in (*modules, (function.__module__, function.__code__.co_filename)):
        path = Path(file).resolve()  # a checkout's package reaches its rooms through links
        chip = next(filter(_is_chip, path.parents), None) if path.is_relative_to(SOURCES) else _elsewhere(module, path)
        if chip is not None:
            return chip
    return None


def _elsewhere(module: str, path: Path) -> Path | None:
    """The folder of somebody else's whole package that a module is in; None if it is in none, or in a room of ours."""
    top = module.partition(".")[0]
    if top == "draupnir" or path.is_relative_to(SOURCES.parent / top):
        return None
    return next((folder for folder in path.parents if folder.name == top), None)


def kernel(function: F) -> F:
    """Compile at the first call for each combination of argument types; integers wrap, nothing is checked.

    A kernel becomes part of the kernel that calls it: passing arrays and tuples between machine functions cost more
    than half of the clocks per second. It allocates nothing, so Numba's reference counting is off (``_nrt``), worth a
    fifth.
    """
    return _compiled(function, forceinline=True)


def outlined(function: F) -> F:
    """A kernel that stays a machine function of its own: large, and not called in every clock."""
    return _compiled(function, forceinline=False)


def entry(function: F) -> F:
    """Return what Python calls: stays a function of its own, and may allocate arrays and return them.

    It returns arrays and numbers, alone or side by side, but no named tuple: to make one, Numba calls Python, and if a
    signal's handler raises there, the process ends with a segmentation fault.
    """
    return _compiled(function, forceinline=False, _nrt=True)


def plain(function: F) -> F:
    """The uncompiled function: for what is rarely wanted, or returns a named tuple to Python."""
    return getattr(function, "py_func", function)


def _compiled(function: F, forceinline: bool, _nrt: bool = False) -> F:
    in_file = Path(function.__code__.co_filename).is_file()
    folder = cache_folder(_owner(function)) if in_file else None  # one without is kept as a part of those that call it
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": forceinline, "_nrt": _nrt}
    config: Any = numba.config
    previous_folder = config.CACHE_DIR
    config.CACHE_DIR = str(folder or "")  # read as the function is wrapped, and global: put back for the user's own
    try:
        wrapper: Callable[[F], F] = numba.njit(cache=folder is not None, **options)
        return wrapper(function)
    finally:
        config.CACHE_DIR = previous_folder
