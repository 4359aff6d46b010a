"""The options that `draupnir run` and `draupnir host` share. A command receives them as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.lint import report
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import SEED
from draupnir.tools.terminal.groups import grouped
from draupnir.tools.terminal.options import images
from draupnir.tools.terminal.ranges import CYCLES, DELAY

if TYPE_CHECKING:
    from draupnir.emulator.configuration import Configuration
    from draupnir.tools.compile.packed import Memories
    from draupnir.tools.lint.findings import Finding

FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class RunOptions:
    """The options of a run: the chip's input, and the files of the results. ``OPTIONS`` has the meaning of each."""

    config: Path | None
    onto: str | None
    events: Path | None
    timesteps: int | None
    output: Path | None
    potentials: Path | None
    save: tuple[str, ...]
    gap: int
    hold: int
    ack_delay: int
    ack_hold: int
    max_cycles: int | None
    seed: int | None

    @property
    def delays(self) -> dict[str, int]:
        """The keyword arguments of ``draupnir.emulator.parts.handshake.Environment``, in clocks."""
        return {name: getattr(self, name) for name in ("gap", "hold", "ack_delay", "ack_hold")}

    def checked_saves(self, chip: Chip, others: Mapping[str, Path] | None = None) -> dict[str, Path]:
        """Check all outputs, and return the file for each memory to save; others : option -> another output

        Raises InputError for a memory that the chip does not have, and as ``draupnir.tools.terminal.outputs.check``.
        """
        names = [memory.name for memory in chip.memories]
        saves = images("--save", self.save)
        for name, file in saves.items():
            if name not in names:
                raise InputError(f"--save {name}={file}: {chip.name} has no memory {name!r}; it has {', '.join(names)}")
        onto = Path(self.onto) if self.onto else None
        inputs = {"--config": self.config, "--onto": onto, "--events": self.events}
        images_by_option = {f"--save {name}=": file for name, file in saves.items()}
        outputs.check(
            inputs, {"-o": self.output, "--potentials": self.potentials, **images_by_option, **(others or {})}
        )
        return saves

    def configuration(
        self, chip: Chip, strict: bool, allow: Sequence[str]
    ) -> tuple[Memories | None, Configuration | None, list[Finding]]:
        """Read the configuration. Returns the earlier contents of the memories, the configuration, and its findings.

        strict : raise InputError if there is a finding; allow : names of findings to leave out
        The configuration is None if the user gives none. Findings and odd parts of a stream are printed on stderr.
        Raises InputError for a mistake.
        """
        from draupnir.tools.compile import packed  # imported here, because --help needs none of it

        present = packed.memories_before(self.onto, chip)
        if self.config is None:
            return present, None, []
        read = packed.read(self.config, chip, present, report.warn)
        return present, read, report.check_configuration(self.config, read, strict, allow)

    def refuse_beside(self, option: str, *names: str) -> None:
        """Raise InputError for one of these options that is given; option : the one that excludes them"""
        for name in names:
            if getattr(self, name) not in (None, ()):
                raise InputError(f"{option} and --{name.replace('_', '-')}: right is one of the two")

    def check_timesteps(self, chip: str) -> None:
        """Raise InputError if the user gives timesteps, for a chip that has none."""
        refuse_timesteps(self.timesteps, chip)

    def check_potentials(self, has_operations: bool) -> None:
        """Raise InputError if the user names a file for potentials, and the events are no file of operations."""
        if self.potentials is not None and not has_operations:
            raise InputError(f"--potentials {self.potentials}: only with operations, among them READ, in --events")

    def warn_if_empty(self, n_events: int, is_done: bool) -> None:
        """Warn the user, on stderr, that the file of events has none."""
        if is_done and not n_events:
            click.echo(f"warning: {self.events}: no events: none was sent", err=True)


def refuse_timesteps(timesteps: int | None, chip: str) -> None:
    """Raise InputError for timesteps of a chip that has none."""
    if timesteps is not None:
        raise InputError(f"--timesteps {timesteps}: {chip} has no timesteps; right is to leave it out")


def _delay(name: str, meaning: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(f"--{name}", metavar="N", type=DELAY, default=1, show_default=True, help=meaning)


DELAY_OPTIONS = (
    _delay("gap", "Sender: clocks from the fall of ACK to the rise of REQ."),
    _delay("hold", "Sender: clocks from the rise of ACK to the fall of REQ."),
    _delay("ack-delay", "Receiver: clocks from the rise of REQ to the rise of ACK."),
    _delay("ack-hold", "Receiver: clocks from the fall of REQ to the fall of ACK."),
)
TIMESTEPS_OPTION = click.option(
    "--timesteps",
    metavar="N",
    type=click.IntRange(min=1),
    help="Timesteps of the sample, for a chip that its host leads.",
)
OPTIONS = (
    click.option("--config", metavar="CONFIG", type=FILE, help="Registers, neurons and synapses, in TOML or packed."),
    click.option(
        "--onto", metavar="CONFIG", help="Earlier contents of the memories: a configuration, or blank (all 0)."
    ),
    click.option("--events", metavar="FILE", type=FILE, help="File of events: .csv or .npy."),
    TIMESTEPS_OPTION,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=FILE,
        help="File for the spikes, cycle and address of each: .csv or .npy.",
    ),
    click.option(
        "--potentials",
        metavar="FILE",
        type=FILE,
        help="File for the potentials that READ operations ask for: .csv or .npy.",
    ),
    click.option("--save", metavar="MEM=FILE", multiple=True, help="Memory image after the run ($readmemh)."),
    *DELAY_OPTIONS,
    click.option("--max-cycles", metavar="N", type=CYCLES, help="Stop after N clocks."),
    click.option("--seed", metavar="N", type=SEED, help="Start registers that have no reset at random values."),
)


run_options = grouped(RunOptions, OPTIONS, "options")
