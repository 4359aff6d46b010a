"""The folder of compiled simulators, so that the next command need not compile again."""

from __future__ import annotations

import os
from pathlib import Path

COMPILED = Path("build/compiled")


def compiled(otherwise: Path) -> Path:
    """The folder for compiled simulators, which are large and belong in no report.

    otherwise : the folder that is used where none can be made below the working directory
    """
    try:
        COMPILED.mkdir(parents=True, exist_ok=True)
    except OSError:
        return otherwise / "compiled"
    return COMPILED if os.access(COMPILED, os.W_OK) else otherwise / "compiled"
