"""`draupnir record`: golden cases from any folder of Verilog, by seeded constrained-random stimulus."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import recipes
from draupnir.golden.compare import Agreement, Undefined
from draupnir.golden.compare.agreement import agreement, listed, with_memories
from draupnir.golden.record import Recording, check_replaceable, save
from draupnir.golden.regress import observe
from draupnir.rtl import devices, toolchain, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.initial import KINDS, Initial, Kind
from draupnir.tools.report import schema
from draupnir.tools.report.provenance import source_of_recording
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, SEED, chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/record")


@click.command("record")
@chip_argument
@options.rtl_options("Folder of Verilog to record, or a list of its files (.f).")
@click.option("--recipe", "names", metavar="NAME", multiple=True, help="Recipe to record; may be repeated.")
@click.option("--all", "record_all", is_flag=True, help="Record every recipe.")
@click.option("--list", "list_only", is_flag=True, help="List the recipes instead.")
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="Of the stimulus.")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Clocks to record; default: the recipe's.")
@click.option("--repository", metavar="NAME", help="What the case calls the source; default: its git remote.")
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Default: the chip's own cases, for ours golden/CHIP.")
@click.option("--check-icarus", is_flag=True, help="Demand that Icarus Verilog does the same, and knows every bit.")
@click.option("--initial", type=click.Choice(KINDS), help="How Icarus starts registers and memories; default: unknown.")
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    names: tuple[str, ...],
    record_all: bool,
    list_only: bool,
    seed: int,
    cycles: int | None,
    repository: str | None,
    output: Path | None,
    check_icarus: bool,
    initial: Kind | None,
    as_json: bool,
) -> None:
    """Record golden cases: what a folder of Verilog does, in Verilator, under a recipe's stimulus.

    Each recipe becomes a folder of its name with waveform, memory images and provenance.
    Verilator starts every register at 0, Icarus at X: an output that is X there after the first reset, or a memory at
    the end, is not what was recorded, and no case is made, unless the recipe says that it goes where the Verilog is
    undefined; the case then tells what Icarus left open. --initial random draws from --seed.
    Exit status: 0 recorded, 1 Icarus does something else or does not know, 2 the input is at fault.

    \b
    Example: draupnir record odin --rtl ODIN/src --recipe lif_events --seed 7
             draupnir record odin --rtl ODIN/src --all --check-icarus
             draupnir record odin --list
    """
    declared = rtl.declared(chip)
    known = recipes.recipes(declared)
    if list_only:
        _list(chip, known, as_json)
        return
    wanted = tuple(known) if record_all else names
    for name in wanted:
        recipes.recipe(declared, name)
    if rtl.folder is None or not wanted:
        raise InputError("what to record? --rtl DIR and --recipe NAME or --all are needed; --list names the recipes")
    if initial and not check_icarus:
        raise InputError(f"--initial {initial}: only with --check-icarus; Verilator, which records, starts at 0")
    start = Initial(initial or "unknown", seed if initial == "random" else 1) if check_icarus else None
    folders = _places(chip, wanted, output, rtl)
    design = rtl.design(declared, BUILD)
    source = source_of_recording(rtl.folder, design.files, repository)
    device = verilated.build(design, declared, builds.compiled(BUILD))
    job = _Job(declared, rtl, design, device, seed, cycles, source, start)
    for name, folder in folders.items():
        try:
            done = job.record(name, folder)
        except DifferenceFound as difference:
            job.say(as_json, str(difference))
            raise
        if not as_json:
            click.echo(done)
    job.say(as_json)


def _list(chip: str, known: Mapping[str, recipes.Recipe], as_json: bool) -> None:
    """Print the recipes by name, and why there are."""
    if as_json:
        schema.echo("record", {"chip": chip, "recipes": {name: recipe.why for name, recipe in known.items()}})
    for name, recipe in {} if as_json else known.items():
        click.echo(f"{name}: {recipe.why}")


def _places(chip: str, wanted: Sequence[str], output: Path | None, rtl: options.Rtl) -> dict[str, Path]:
    """The folder of each case. Raises InputError for one that must not be written to."""
    folders = {name: (output or _own_cases(chip)) / name for name in wanted}
    outputs.check({"--rtl": rtl.folder}, folders={f"-o, for {name}:": folder for name, folder in folders.items()})
    for folder in folders.values():
        check_replaceable(folder)
    return folders


@dataclass
class _Job:
    """The cases that are recorded from a design, one after the other.

    cycles : to record; None: as many as the recipe says
    source : what each case tells of its source
    start : start values of Icarus, which has to do the same; None: it is not asked
    recorded : what is told of each case
    """

    chip: Chip
    rtl: options.Rtl
    design: Design
    device: verilated.Verilated
    seed: int
    cycles: int | None
    source: dict[str, Any]
    start: Initial | None
    recorded: list[dict[str, Any]] = field(default_factory=list)

    def record(self, name: str, folder: Path) -> str:
        """Record a recipe into a folder; returns a line. Raises DifferenceFound if Icarus does something else."""
        recipe = recipes.recipe(self.chip, name)
        self.device.reset()
        with progress(name, self.cycles or recipe.n_cycles) as advance:
            recording = recipes.record_recipe(self.device, self.chip, name, self.seed, self.cycles, advance)
        told: dict[str, Any] = {"case": name, "folder": None, "n_cycles": recording.trace.n_cycles}
        self.recorded.append(told)
        checked, undefined = {}, None
        if self.start is not None:
            try:
                checked["check"], undefined = _check(self.design, recording, recipe.undefined, self.start)
            except DifferenceFound as difference:
                told["check"] = str(difference)
                raise
        remake = self._remake(name)
        made = save(recording, folder, recipe.why, self.source | checked, remake, self.seed, undefined)
        told |= {"folder": str(folder), **checked}
        size = sum((folder / file).stat().st_size for file in made.sha256)
        return f"{name}: {recording.trace.n_cycles} clocks, {size // 1000} kB" + _in_brackets(checked)

    def _remake(self, name: str) -> str:
        """The command that records the same on anybody's machine."""
        remake = f"draupnir record {self.chip.name} {self.rtl.elsewhere()} --recipe {name} --seed {self.seed}"
        return remake + (f" --cycles {self.cycles}" if self.cycles else "")

    def say(self, as_json: bool, text: str = "") -> None:
        """Print what was recorded as JSON, or else the text, if there is one."""
        if as_json:
            about = {"chip": self.chip.name, "seed": self.seed, **self.source}
            schema.echo("record", {**about, "cases": self.recorded})
        elif text:
            click.echo(text)


def _own_cases(chip: str) -> Path:
    """The folder of a chip's own cases. Raises InputError where that is not for us to write to."""
    folder = chips.package(chip).cases
    if folder.resolve().is_relative_to(Path(sysconfig.get_path("purelib")).resolve()):
        raise InputError(f"-o DIR is needed: {folder}, where the cases of {chip} are, is part of an installed package")
    return folder


def _check(design: Design, recording: Recording, is_undefined: bool, initial: Initial) -> tuple[str, Undefined | None]:
    """Return what Icarus makes of the same inputs, in words, and what it leaves open where the recipe is undefined.

    Raises DifferenceFound, with these words, if Icarus differs or does not know a bit, and the recipe is defined, or
    nothing could be compared.
    """
    trace = recording.trace
    run = observe(devices.InIcarus(design, trace.chip, initial), trace, recording.before)
    held = agreement(trace, run.outputs, run.known)
    held = with_memories(held, trace.chip, recording.after, run.memories, run.memories_known)
    started = "" if initial.kind == "unknown" else f", started at {initial},"
    simulator = f"Icarus Verilog {toolchain.icarus().version}{started}"
    if held.holds(None):
        return f"{simulator} does the same; {held.bits}", None
    what = f"{simulator} {_apart(held)}; {held.bits}"
    if not (is_undefined and held.bits.n_compared):
        raise DifferenceFound(what)
    return f"{what}, in what the Verilog leaves undefined", held.as_undefined()


def _apart(held: Agreement) -> str:
    """Return how Icarus differs from the recording."""
    first = "" if held.first is None else f" from cycle {held.first} on"
    differs = [f"differs{first} in bits of {listed(held.different)}"] if held.different else []
    does_not = [f"does not know{first} bits of {listed(held.unknown, held.never)}"] if held.unknown else []
    return " and ".join(differs + does_not) or "has nothing to compare"


def _in_brackets(checked: dict[str, str]) -> str:
    return f" ({checked['check']})" if checked else ""
