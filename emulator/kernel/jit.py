"""The only place that knows Numba's options.

``kernel``, ``outlined`` and ``entry`` compile a function, and keep the machine code on disk. Its folder has a name that
is a hash of all sources that the function can depend on: the sources of its chip, and those that no chip owns. So a
second start is fast, stale code never runs after an edit, and an edit of one chip does not recompile another.

Which sources belong to a chip? The folder with its ``layout.py`` and ``chip.py``, with all rooms in it; for a chip in
another package, the whole package. Every other room of ``emulator`` belongs to all chips.

Code that several chips share is an inner function, which closes over the chip's modules; its machine code is kept with
the chip. It must close over a module and not over a kernel, because Numba finds kept code by what a function closes
over: a module has a name, but a compiled function is a new object in every process.

With NUMBA_DISABLE_JIT=1 the same functions run uncompiled and give the same bits.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numba
from numba.core import event
from numba.np import linalg

from draupnir.emulator import compiling, user_cache

F = TypeVar("F", bound=Callable[..., object])

SOURCES = Path(__file__).resolve().parent.parent
_IMPORTED_ROOM = re.compile(r"^from draupnir\.emulator\.(\w+)", re.MULTILINE)


@cache
def cache_folder(owners: frozenset[Path] = frozenset()) -> Path | None:
    """The folder for the machine code of the present sources, or None if it cannot be written.

    owners : the folders of the chips, or of the other packages, that own the code; none for code that no chip owns
    """
    config: Any = numba.config
    # Numba itself does not distinguish code with and without NUMBA_BOUNDSCHECK=1.
    digest = hashlib.sha256(f"{numba.__version__}, {config.BOUNDSCHECK}".encode())
    for path in _sources_of(owners):
        digest.update(path.read_bytes())
    return user_cache.writable(_root() / digest.hexdigest()[:16])


def _root() -> Path:
    folder = os.environ.get("NUMBA_CACHE_DIR")
    return Path(folder) / "kernels" if folder else user_cache.path("kernels")


class _Compilations(event.Listener):
    """A listener that Numba calls for each function that it compiles, but not for one that it loads."""

    def on_start(self, event: Any) -> None:
        compiling.begins(_root(), cache_folder() is not None)

    def on_end(self, event: Any) -> None:
        """Do nothing; Numba calls both methods."""


_register: Callable[[str, event.Listener], None] = event.register  # Numba gives it no types
_register("numba:compile", _Compilations())


def _postpone_scipy() -> None:
    """Let Numba import scipy.linalg when a function calls BLAS, and not when the process loads its first kernel.

    The import takes a quarter of the time in which a process loads its first kernel, and no kernel calls BLAS.
    """
    if "numba.np.arraymath" in sys.modules or find_spec("scipy") is None:
        return
    ensure_blas = linalg.ensure_blas

    def at_first() -> None:
        """Answer arraymath, which asks once while it is imported. Each later call imports scipy.linalg."""
        linalg.ensure_blas = ensure_blas

    linalg.ensure_blas = at_first


_postpone_scipy()


def _sources_of(owners: frozenset[Path]) -> list[Path]:
    """The sources that the owners' kernels can depend on: the rooms that are no chip's, and the owners'."""
    rooms = (room for room in SOURCES.iterdir() if room.is_dir() and not _is_chip(room))
    sources = {*SOURCES.glob("*.py"), *(path for room in rooms for path in _sources_in(room))}
    return sorted(sources.union(*(_own_sources(owner) for owner in owners)))


def _own_sources(owner: Path) -> frozenset[Path]:
    """The sources of a chip, and of the chips whose modules it imports: a chip imports one that it extends."""
    own = frozenset(_sources_in(owner))
    names = {name for path in own for name in _IMPORTED_ROOM.findall(path.read_text())}
    extended = (SOURCES / name for name in names - {owner.name})
    return own.union(*(_own_sources(folder) for folder in extended if _is_chip(folder)))


def _sources_in(folder: Path) -> Iterator[Path]:
    """All sources in a folder and its rooms, without tests."""
    return (path for path in folder.rglob("*.py") if "tests" not in (folder.name, *path.relative_to(folder).parts))


def _is_chip(folder: Path) -> bool:
    return (folder / "layout.py").is_file() and (folder / "chip.py").is_file()


def _owners(function: Callable[..., object]) -> frozenset[Path]:
    """The chips that own a function, as folders: those of its file, and of the modules and kernels in its closure."""
    closed_over = [cell.cell_contents for cell in function.__closure__ or ()]
    modules = [(module.__name__, str(module.__file__)) for module in closed_over if isinstance(module, ModuleType)]
    owners = (_chip_of(*place) for place in (*modules, (function.__module__, function.__code__.co_filename)))
    kernels = (content.py_func for content in closed_over if hasattr(content, "py_func"))
    return frozenset(owner for owner in owners if owner).union(*map(_owners, kernels))


def _chip_of(module: str, file: str) -> Path | None:
    """The folder of the chip, or of the other package, that has a module; None for a room that is no chip's."""
    path = Path(file).resolve()  # a checkout's package reaches its rooms through links
    return next(filter(_is_chip, path.parents), None) if path.is_relative_to(SOURCES) else _elsewhere(module, path)


def _elsewhere(module: str, path: Path) -> Path | None:
    """The top folder of another package that a module is in; None if it is in no package, or in one of our rooms."""
    top = module.partition(".")[0]
    if top == "draupnir" or path.is_relative_to(SOURCES.parent / top):
        return None
    return next((folder for folder in path.parents if folder.name == top), None)


def kernel(function: F) -> F:
    """Compile a function at its first call with each combination of argument types.

    Integers wrap, and no index is checked. A kernel becomes a part of the kernel that calls it, because passing arrays
    and tuples between machine functions halves the speed. A kernel allocates nothing, so Numba's reference counting is
    off (``_nrt``), which gains a fifth.
    """
    return _compile(function, forceinline=True)


def outlined(function: F) -> F:
    """Compile a kernel that stays a machine function of its own: for a large one that is not called in every clock."""
    return _compile(function, forceinline=False)


def entry(function: F) -> F:
    """Compile a function that Python calls. It may allocate arrays and return them.

    It returns arrays and numbers, or a plain tuple of them, but no named tuple: Numba calls Python to make one, and if
    the handler of a signal raises an exception there, the process ends with a segmentation fault.
    """
    return _compile(function, forceinline=False, _nrt=True)


def plain(function: F) -> F:
    """Return the uncompiled function: for one that is rarely called, or that returns a named tuple to Python."""
    return getattr(function, "py_func", function)


def module_of(source: ModuleType, name: str, **kernels: Callable[..., object]) -> ModuleType:
    """Return a module whose functions are these kernels, for a kernel that calls them and must not close over them.

    source : a module of the chip that owns the kernels
    name : of the new module; two modules with one name have the same kernels
    """
    module = ModuleType(name)
    module.__file__ = source.__file__
    vars(module).update(kernels)
    sys.modules[name] = module  # by its name Numba finds the kept code of a kernel that closes over it
    return module


def _compile(function: F, forceinline: bool, _nrt: bool = False) -> F:
    in_file = Path(function.__code__.co_filename).is_file()
    folder = cache_folder(_owners(function)) if in_file else None  # a function without a file is kept with its caller
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": forceinline, "_nrt": _nrt}
    # Only C code would call a kernel through a cfunc wrapper, which takes a sixth of the time of compiling.
    options["no_cfunc_wrapper"] = True
    config: Any = numba.config
    previous_folder = config.CACHE_DIR
    config.CACHE_DIR = str(folder or "")  # global; Numba reads it while it wraps the function
    try:
        wrapper: Callable[[F], F] = numba.njit(cache=folder is not None, **options)
        return wrapper(function)
    finally:
        config.CACHE_DIR = previous_folder
