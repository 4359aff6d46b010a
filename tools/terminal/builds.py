"""The folder of compiled simulators, which the next command uses again."""

from __future__ import annotations

import os
from pathlib import Path

COMPILED = Path("build/compiled")


def compiled_folder(otherwise: Path) -> Path:
    """The folder for compiled simulators. They are large, so they do not go into a report's folder.

    otherwise : the folder to use if none can be made below the working directory
    """
    try:
        COMPILED.mkdir(parents=True, exist_ok=True)
    except OSError:
        return otherwise / "compiled"
    return COMPILED if os.access(COMPILED, os.W_OK) else otherwise / "compiled"
