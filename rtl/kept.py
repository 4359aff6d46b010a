"""Keep generated files in the user's cache, each under a hash of everything that it is made from.

A simulator's runtime takes seconds to compile and is the same for every design. A design that is compiled in one folder
is often needed in another. And a chip's Verilog stays the same as long as nobody edits its sources.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from draupnir.emulator import user_cache
from draupnir.golden.files import alone, replacing

DAYS = 30  # a file that nobody used for so long is removed
# These variables also tell a compiler where its headers and its own programs are.
_VARIABLES = ("CPATH", "CPLUS_INCLUDE_PATH", "C_INCLUDE_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH", "LIBRARY_PATH")


def store() -> Path | None:
    """Return the folder of the kept files, in the user's cache; None if this program cannot write there."""
    return user_cache.writable(user_cache.path("compiled"))


def put(target: Path, made_from: Iterable[str | bytes], make: Callable[[], object]) -> Path:
    """Make the file ``target``, or copy it from the kept files; return ``target``.

    made_from : everything that the file depends on: sources, options, compiler
    make : writes ``target``; if several processes need the same file, only one of them calls it
    """
    folder = store()
    if folder is None:
        make()
        return target
    stored_file = folder / digest(made_from)
    with alone(stored_file.with_suffix(".lock")):
        if stored_file.is_file():
            os.utime(stored_file)
        else:
            make()
            _remove_unused(folder)
            with suppress(OSError), replacing(stored_file) as temporary:  # a full disk is no reason to fail here
                shutil.copyfile(target, temporary)
            return target
    shutil.copyfile(stored_file, target)
    return target


def digest(parts: Iterable[str | bytes]) -> str:
    """Return a hash of all parts and of their lengths, as 32 hexadecimal digits."""
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        hashed.update(len(content).to_bytes(8, "little") + content)
    return hashed.hexdigest()[:32]


@cache
def compiler(command: str) -> str:
    """Return a text that differs for any two compilers, and for two versions of the same compiler."""
    banner = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
    path = Path(command).resolve()
    variables = [f"{name}={os.environ.get(name)}" for name in _VARIABLES]
    return "\n".join((str(path), str(path.stat().st_mtime_ns), banner, *variables))


@cache
def headers(folder: Path) -> str:
    """Return a hash of all files below a folder that C++ may include."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".hpp", ".cpp") and path.is_file())
    return digest(part for path in files for part in (str(path.relative_to(folder)), path.read_bytes()))


def _remove_unused(folder: Path) -> None:
    oldest = time.time() - DAYS * 24 * 3600
    for path in folder.iterdir():
        with suppress(OSError):  # another process has removed it
            if path.stat().st_mtime < oldest:
                path.unlink()
