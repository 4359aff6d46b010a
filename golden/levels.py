"""The levels of some pins of a chip in a waveform, moment by moment. No clock is needed, and pins may be missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.rows import Assembler, Gap, SignalChanges
from draupnir.golden.scopes import find_some_pins, renamed
from draupnir.golden.wave import open_waveform, places, signals_of


@dataclass(frozen=True)
class PinMoments:
    """Moments at which at least one of the pins changes.

    times : (n,) int64, increasing
    level : pin -> (n + 1,) int64, its level before the first moment, and then after each; X and Z are 0
    is_known : pin -> (n + 1,) bool, True where no bit of it is X or Z
    """

    times: np.ndarray
    level: Mapping[str, np.ndarray]
    is_known: Mapping[str, np.ndarray]


class _LevelAssembler(Assembler):
    """An assembler of levels by pin. Pins of more than 63 bits are left out."""

    def moments(self, changes: SignalChanges) -> PinMoments:
        times, level, known_bits = self._moments(changes)
        of_pin = {piece.pin: p for p, piece in enumerate(self._pieces) if self._parts_of_pin[piece.pin]}
        whole = {p: (1 << self._pieces[p].width) - 1 for p in of_pin.values()}
        return PinMoments(
            times,
            {pin: level[p] for pin, p in of_pin.items()},
            {pin: known_bits[p] == whole[p] for pin, p in of_pin.items()},
        )


class SomePins:
    """A waveform that has some pins of a chip, open for one reading.

    scope : the scope of the pins, with dots, "" for the top of the file
    present : the names of the pins that it has
    broken_off : the place at which the file ends in the middle of a change, "" if it does not; set by ``stream``

    needed, pins : names of pins that must be there, and of all pins to look for
    scope_name : the scope of the pins; None to search it
    names : pin -> name of its variable, for pins with another name in the file

    Raises InputError if the file is not a readable waveform, or does not have the pins that are needed.
    """

    def __init__(
        self,
        path: Path,
        chip: Chip,
        needed: Collection[str],
        pins: Collection[str],
        scope_name: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self._file = open_waveform(path)
        variables = renamed(chip, self._file.variables, path, names or {})
        pin_scope = find_some_pins(chip, variables, path, needed, pins, scope_name)
        self.scope = pin_scope.name
        self.present = tuple(pin.name for pin, parts in zip(chip.pins, pin_scope.pins, strict=True) if parts)
        self._signals = signals_of(pin_scope)
        self._assembler = _LevelAssembler(chip, places(pin_scope, self._signals))

    @property
    def broken_off(self) -> str:
        return self._file.broken_off

    def time_text(self, time: int) -> str:
        """Return a time of this recording with its unit: ``120 ns``."""
        return f"{time * self._file.tick:,} {self._file.unit}".rstrip()

    def stream(self, sink: Callable[[PinMoments], None]) -> None:
        """Read the recording once, and give its moments to ``sink``, piece by piece.

        Raises InputError for a damaged file, and for one in which a time was not dumped.
        """

        def give(changes: SignalChanges) -> None:
            if len(changes.times):
                sink(self._assembler.moments(changes))

        self._file.stream(self._signals, give, self._refuse_gap)

    def _refuse_gap(self, gap: Gap) -> None:
        begin, end = self.time_text(gap.begin), self.time_text(gap.end)
        raise InputError(
            f"{self.path}: {gap.place}$dumpoff: edges from {begin} to {end} are missing, and what follows them cannot"
            " be decoded; right is a recording without $dumpoff"
        )
