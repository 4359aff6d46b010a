"""The options of `draupnir run` for samples. The command receives them as one object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from draupnir.emulator.errors import InputError
from draupnir.tools.run.options import FILE
from draupnir.tools.terminal.groups import grouped

OPTIONS = (
    click.option("--samples", metavar="FILE", type=FILE, help="Samples for a network that draupnir map wrote."),
    click.option("--export", metavar="N=FILE", multiple=True, help="Write sample N as an event file."),
    click.option("--report", metavar="DIR", type=FILE, help="Folder for a report on the samples."),
    click.option(
        "--clock", metavar="MHZ", type=click.FloatRange(0, min_open=True), help="Clock of the chip, for samples."
    ),
)


@dataclass(frozen=True)
class SampleOptions:
    """The samples of a run, and what is written of them. ``OPTIONS`` has the meaning of each."""

    samples: Path | None
    export: tuple[str, ...]
    report: Path | None
    clock: float | None

    def exports(self) -> dict[int, Path]:
        """The file for each sample to write. Raises InputError for another form than N=FILE, and for an N twice."""
        files: dict[int, Path] = {}
        for text in self.export:
            number, _, file = text.partition("=")
            if not (number.isdecimal() and file):
                raise InputError(f"--export {text}: right is N=FILE, for instance --export 0=events.csv")
            if int(number) in files:
                raise InputError(f"--export {text}: sample {number} stands twice")
            files[int(number)] = Path(file)
        return files

    def refuse_without_samples(self) -> None:
        """Raise InputError if an option is given that is only for samples."""
        for name in ("export", "report", "clock"):
            if getattr(self, name):
                raise InputError(f"--{name}: right is with --samples")


sample_options = grouped(SampleOptions, OPTIONS, "trial")
