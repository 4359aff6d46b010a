"""A chip that its host leads, behind a bridge: its operations (emulator/<chip>/host.py) as the bridge knows them."""

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

    configuration : of the chip, which says what it sends. Raises InputError without one, and as ``hosted.read``.
    """
    if configuration is None:
        raise InputError(f"{path}: what {chip.name} sends hangs on its configuration; right is with --config")
    model = chips.model(chip.name, chip.sizes)()
    configuration.apply(model)
    operations = hosted.read(path, model, timesteps)
    codes = codes_of(chip, hosted.operations_of(model))
    return np.stack([codes[operations[:, 0]], operations[:, 1]], axis=1)


def codes_of(chip: Chip, known: Any) -> np.ndarray:
    """Map each operation of the chip's host to the bridge operation of the same name; one that sets a pin maps to SET.

    known : the chip's operations, an IntEnum from 0
    Returns (n,) int64, indexed by them; SET + i sets the i-th of ``Lead.levels``.
    """
    lead = buses(chip).lead
    levels = [pin.name for pin in lead.levels] if lead else []
    return np.array(
        [Operation.SET + levels.index(op.name) if op.name in levels else Operation[op.name] for op in known]
    )


def report(operations: np.ndarray, outcome: HostOutcome) -> dict[str, Any]:
    """The outcome, with the spikes that were sent for events."""
    return outcome.report() | {"n_events": int(np.count_nonzero(operations[:, 0] == Operation.SPIKE))}
