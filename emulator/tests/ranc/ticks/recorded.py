"""The recordings of RANC's own programs; see recordings/README.md."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.ranc.ticks import json_files
from draupnir.emulator.ranc.ticks.hardware import Hardware
from draupnir.emulator.ranc.ticks.network import CoreNetwork

FOLDER = Path(__file__).parent / "recordings"
SIMULATOR_CASES = sorted(path.parent.name for path in FOLDER.glob("*/console.txt"))
RTL_CASES = sorted(path.parent.name for path in FOLDER.glob("*/writes.csv"))


def network_of(case: str) -> CoreNetwork:
    """The network of a case."""
    return json_files.read(FOLDER / case / "config.json", FOLDER / case / "input.json")


def facts(case: str) -> dict[str, Any]:
    """The ticks of a case, and the period and input delay of an RTL case."""
    return tomllib.loads((FOLDER / case / "case.toml").read_text())


def hardware_of(case: str) -> Hardware:
    """The hardware on which an RTL case was recorded."""
    return Hardware(period=facts(case)["period"], input_delay=facts(case)["input_delay"])


def table(case: str, name: str) -> np.ndarray:
    """A CSV of an RTL case, (rows, columns) int64."""
    return np.loadtxt(FOLDER / case / name, np.int64, delimiter=",", skiprows=1, ndmin=2)
