"""Write files completely or not at all. A file has a temporary name until it is complete.

Errors name the caller's file, never the temporary one.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

PART = ".part"
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the signals that end a command
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # with these errors a failed write does not name its file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``. It is renamed at the end of the block, or removed after an exception."""
    with replacing_all([path]) as (temporary,):
        yield temporary


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give one temporary path for each path. All are renamed at the end of the block, and removed after an exception.

    A device or a pipe is used directly, without a temporary path. For a symbolic link its target is replaced.
    """
    places = [path if _is_device(path) else Path(os.path.realpath(path)) for path in paths]
    temporaries = [place if _is_device(place) else temporary_name(place) for place in places]
    for place in places:
        _remove_stale(place)
    try:
        yield temporaries
        with _undisturbed():
            for temporary, place in zip(temporaries, places, strict=True):
                if temporary != place:
                    temporary.replace(place)
    except OSError as error:
        _raise_named(error, dict(zip(temporaries, paths, strict=True)))
    finally:
        for temporary, place in zip(temporaries, places, strict=True):
            if temporary != place:
                temporary.unlink(missing_ok=True)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Give a temporary folder inside ``folder``. Its files move to ``folder`` at the end of the block, but not after
    an exception.

    If ``folder`` does not exist, it is created, and after an exception removed again.
    """
    new_folders = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(folder / "files")
    _remove_stale(folder / "files")
    try:
        with naming(temporary, folder):
            temporary.mkdir()
            yield temporary
            with _undisturbed():
                for file in sorted(temporary.iterdir()):
                    file.replace(folder / file.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for path in new_folders:
            with suppress(OSError):  # it is not empty
                path.rmdir()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Delay the handlers of signals until the end of the block, so that all files of a group are renamed.

    Python runs signal handlers in the main thread only, so in any other thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        waiting.append(number)

    handlers = {number: signal.getsignal(number) for number in _ENDS}
    handled = [number for number, handler in handlers.items() if callable(handler)]
    try:
        for number in handled:
            signal.signal(number, wait)
        yield
    finally:
        for number in handled:
            signal.signal(number, handlers[number])
        for first in waiting[:1]:
            signal.raise_signal(first)


@contextmanager
def naming(temporary: Path, path: Path) -> Iterator[None]:
    """Replace in errors of the block the name ``temporary``, or that of a file in it, by ``path``."""
    try:
        yield
    except OSError as error:
        _raise_named(error, {temporary: path})


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let only one process at a time run the block; path : the file of the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def temporary_name(path: Path) -> Path:
    """Return the name that this process gives a file until it is complete."""
    return path.with_name(f".{path.name}.{os.getpid()}{PART}")


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _remove_stale(place: Path) -> None:
    """Remove temporary files of ``place`` that belong to killed processes."""
    for name in glob.glob(f".{glob.escape(place.name)}.*{PART}", root_dir=place.parent, include_hidden=True):
        writer = name.removesuffix(PART).rpartition(".")[2]
        if writer.isdecimal() and not _runs(int(writer)):
            stale = place.with_name(name)
            with suppress(OSError):  # it is another user's
                shutil.rmtree(stale) if stale.is_dir() else stale.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _raise_named(error: OSError, paths: Mapping[Path, Path]) -> NoReturn:
    """Raise the error with the caller's path instead of a temporary one, or of none if a write failed."""
    name = None if error.filename is None else os.fsdecode(error.filename)
    for temporary, path in paths.items():
        if name == str(temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        if name is not None and name.startswith(f"{temporary}{os.sep}"):
            raise OSError(error.errno, error.strerror, str(path / name[len(str(temporary)) + 1 :])) from error
    if name is None and error.errno in _NO_ROOM:
        raise OSError(error.errno, error.strerror, str(next(iter(paths.values())))) from error
    raise error
