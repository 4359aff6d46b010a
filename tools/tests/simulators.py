"""Simulators and frameworks that examples need and that Draupnir itself does not."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import pytest


def python_with(package: str) -> str:
    """Return a Python that has the package: this one, or the one that, say, BRIAN2_PYTHON names. Skips without one."""
    python = os.environ.get(f"{package.upper()}_PYTHON")
    if python is None and find_spec(package) is None:
        pytest.skip(f"{package} is not installed, and {package.upper()}_PYTHON names no Python that has it")
    return python or sys.executable
