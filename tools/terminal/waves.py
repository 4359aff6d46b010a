"""The options of a waveform that a command writes, as one object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.terminal.groups import grouped

if TYPE_CHECKING:
    from draupnir.golden.waves.watch import WaveView

SUFFIX = ".fst"
VIEWERS = ("", " (for GTKWave)", " (for Surfer)")  # of each file of a waveform
LEVELS = ("pins", "registers", "all")  # those of golden.waves.watch, which a command's help does not import


@dataclass(frozen=True)
class WaveOptions:
    """The options of a waveform; ``OPTIONS`` has the meaning of each."""

    waves: Path | None
    level: str | None
    window: str | None
    watch: tuple[str, ...]

    def view(self, chip: Chip) -> WaveView | None:
        """Return what the waveform shows; None if the user wants none. Raises InputError for a mistake."""
        if self.waves is None:
            for name, option in (("level", self.level), ("window", self.window), ("watch", self.watch)):
                if option:
                    raise InputError(f"--{name}: only with --waves FILE{SUFFIX}")
            return None
        if self.waves.suffix != SUFFIX:
            raise InputError(f"--waves {self.waves}: right is a name that ends in {SUFFIX}")
        from draupnir.golden.waves.watch import ClockWindow, WaveLevel, WaveView, watched_words, window_of

        window = ClockWindow() if self.window is None else window_of(self.window)
        return WaveView(WaveLevel(self.level or WaveLevel.REGISTERS), window, watched_words(chip, self.watch))

    def files(self) -> dict[str, Path]:
        """Return option -> file, for ``outputs.check``."""
        if self.waves is None:
            return {}
        from draupnir.golden.waves.recorder import files_of

        return {f"--waves{viewer}": file for viewer, file in zip(VIEWERS, files_of(self.waves), strict=True)}

    def refuse(self, reason: str) -> None:
        """Raise InputError if the user wants a waveform, because of this reason."""
        if self.waves is not None:
            raise InputError(f"--waves {self.waves}: {reason}")


OPTIONS = (
    click.option(
        "--waves",
        metavar="FILE.fst",
        type=click.Path(path_type=Path),
        help="Write a waveform of the golden model, with its registers (docs/waves.md).",
    ),
    click.option(
        "--level",
        type=click.Choice(LEVELS),
        help="With --waves: pins, or all registers too, or all words of all memories too.  [default: registers]",
    ),
    click.option("--window", metavar="A:B", help="With --waves: clocks A to B - 1 only.  [default: all clocks]"),
    click.option(
        "--watch",
        metavar="MEM=WORDS",
        multiple=True,
        help="With --waves: also fields of words, neurons=0,17,20-23, or of synapses, synapses=3:17. May be repeated.",
    ),
)
wave_options = grouped(WaveOptions, OPTIONS, "wave_options")
