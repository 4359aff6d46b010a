"""Chips that their host leads, behind a bridge: operations of emulator/<chip>/host.py as operations of the bridge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.bridge.protocol import Operation, buses
from draupnir.tools.host.session import HostOutcome
from draupnir.tools.run import hosted


def read(path: Path, chip: Chip, configuration: Configuration | None, timesteps: int | None) -> np.ndarray:
    """The operations in a file (see ``draupnir.tools.run.hosted``), (n, 2) int64, for ``session.lead``.

    configuration : the chip's configuration, which decides what the chip sends
    Raises InputError if there is no configuration, and as ``hosted.read`` does.
    """
    if configuration is None:
        raise InputError(f"{path}: the output of {chip.name} depends on its configuration; right is with --config")
    model = chips.model(chip.name, chip.sizes)()
    configuration.apply(model)
    operations = hosted.read(path, model, timesteps)
    codes = codes_of(chip, hosted.operations_of(model))
    return np.stack([codes[operations[:, 0]], operations[:, 1]], axis=1)


def codes_of(chip: Chip, host_operations: Any) -> np.ndarray:
    """Map each operation of the chip's host to the bridge operation of the same name; one that sets a pin maps to SET.

    host_operations : the chip's operations, an IntEnum from 0
    Returns (n,) int64, the bridge operation of each; SET + i sets pin i of ``Lead.levels``.
    """
    lead = buses(chip).lead
    levels = [pin.name for pin in lead.levels] if lead else []
    return np.array(
        [Operation.SET + levels.index(op.name) if op.name in levels else Operation[op.name] for op in host_operations]
    )


def report(operations: np.ndarray, outcome: HostOutcome) -> dict[str, Any]:
    """The report of a run. Its events are the spikes that were sent."""
    return outcome.report() | {"n_events": int(np.count_nonzero(operations[:, 0] == Operation.SPIKE))}
