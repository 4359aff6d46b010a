"""Event files of a chip, made of one recording: stimulus for ``draupnir run`` and ``draupnir host``.

A chip that receives events gets `cycle,addr`: the clock in which the timestep of a spike begins, and the address of its
event `spike`. A chip that its host leads gets `time,addr`: timesteps and input neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.declare import Chip, Event
from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing
from draupnir.tools.events.binning import BinnedSpikes, Timesteps
from draupnir.tools.run import hosted, spikes
from draupnir.tools.run.events import ADDR, CYCLE

SPIKE = "spike"
MICRO = 1_000_000


@dataclass(frozen=True)
class StimulusTarget:
    """The chip that receives the events. first_row : the row of input 0; megahertz : the chip's clock, None for none"""

    chip: Chip
    first_row: int = 0
    megahertz: float | None = None

    @property
    def is_hosted(self) -> bool:
        """True if a host leads the chip timestep by timestep."""
        return hosted.is_hosted(self.chip.name)

    def check(self, path: Path) -> None:
        """Raise InputError for a chip without such events, and for options and files that do not fit it."""
        _spike_event(self.chip)
        name = self.chip.name
        if self.is_hosted and self.megahertz is not None:
            raise InputError(f"--clock {self.megahertz:g}: {name} has timesteps; right is to leave it out")
        if not self.is_hosted and self.megahertz is None:
            raise InputError(f"--chip {name}: its events need clocks; right is with --clock MHZ, the chip's clock")
        if self.is_hosted and path.suffix != ".csv":
            raise InputError(f"-o {path}: spikes for {name} are written to .csv")


def _spike_event(chip: Chip) -> Event:
    """The event by which a chip takes the spike of a row. Raises InputError if it has none."""
    for event in chip.events:
        if event.name == SPIKE and len(event.fields) == 1:
            return event
    has = ", ".join(event.name for event in chip.events) or "none"
    raise InputError(f"--chip {chip.name}: it has no event '{SPIKE}' of one row; its events are: {has}")


def addresses(target: StimulusTarget, rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    """(n,) int64, the address of each row of a picture. Raises InputError if the chip has not as many rows."""
    event = _spike_event(target.chip)
    (row,) = event.fields
    n_free = (1 << row.width) - target.first_row
    if n_rows > n_free:
        text = f"{n_rows} rows from row {target.first_row} on"
        raise InputError(f"--chip {target.chip.name}: {text}; right is at most {max(n_free, 0)}")
    table = [event.encode(**{row.name: target.first_row + n}) for n in range(n_rows)]
    return np.array(table, np.int64)[rows]


def write(path: Path, sample: BinnedSpikes, target: StimulusTarget, timesteps: Timesteps) -> int:
    """Write the spikes of a recording as an event file. Returns the number of timesteps up to the last spike."""
    addrs = addresses(target, sample.rows, sample.n_rows)
    if target.is_hosted:
        header, times = hosted.SPIKES, _checked(sample)
    else:
        assert target.megahertz is not None
        header, times = [CYCLE, ADDR], cycles(sample.timesteps * timesteps.length, target.megahertz)
    with replacing(path) as temporary, spikes.spike_stream(temporary, path.suffix, header) as take:
        take(times, addrs)
    return int(sample.timesteps[-1]) + 1 if len(sample.timesteps) else 0


def _checked(sample: BinnedSpikes) -> NDArray[np.int64]:
    """The timesteps of a sample. Raises InputError if there are more than an event file may have."""
    if len(sample.timesteps) and sample.timesteps[-1] > hosted.LAST_TIME:
        text = f"its last spike is in timestep {sample.timesteps[-1]:,}"
        raise InputError(f"{sample.name}: {text}; right is at most {hosted.LAST_TIME:,}: a longer --bin")
    return sample.timesteps


def cycles(t: NDArray[np.int64], megahertz: float) -> NDArray[np.int64]:
    """The number of the clock in which each time in us falls, rounded down. megahertz : to a millionth"""
    hertz = max(round(megahertz * MICRO), 1)
    # In two parts, so that no product passes 63 bits.
    return t // MICRO * hertz + t % MICRO * hertz // MICRO
