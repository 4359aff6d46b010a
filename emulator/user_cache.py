"""The user's cache, where Draupnir keeps what it can make again: machine code of kernels, and compiled designs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def path(name: str) -> Path:
    """Return the path of a folder in the cache; the folder may not be there yet."""
    cache: Path = platformdirs.user_cache_path("draupnir")
    return cache / name


def writable(folder: Path) -> Path | None:
    """Make a folder, and return it; None if this program cannot write there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
