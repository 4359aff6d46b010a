"""`draupnir record`: make golden cases from any folder of Verilog, with constrained-random stimulus from a seed."""

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
from draupnir.golden.compare.agreement import agreement, bits_text, with_memories
from draupnir.golden.compare.device import SteppedModel
from draupnir.golden.record import Recording, check_replaceable, save
from draupnir.golden.regress import observe
from draupnir.rtl import devices, toolchain, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.initial import KINDS, Initial, Kind
from draupnir.tools.report import schema
from draupnir.tools.report.provenance import source_of_recording
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, SEED, chip_argument, json_option, recipe_option
from draupnir.tools.terminal.arguments import sizes as chip_sizes
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/record")


@click.command("record")
@chip_argument
@options.rtl_options("Folder of Verilog to record, or a list of its files (.f).")
@click.option("--model", "of_model", is_flag=True, help="Record the golden model, of a chip that has no original.")
@recipe_option("Recipe to record; may be repeated.")
@click.option("--all", "record_all", is_flag=True, help="Record every recipe.")
@click.option("--list", "list_only", is_flag=True, help="List the recipes instead.")
@click.option(
    "--seed", metavar="N", type=SEED, default=1, show_default=True, help="Start value of the random stimulus."
)
@click.option(
    "--cycles", metavar="N", type=click.IntRange(min=1), help="Clocks to record.  [default: as the recipe says]"
)
@click.option("--repository", metavar="NAME", help="Name of the source in the case.  [default: its git remote]")
@click.option(
    "-o", "--output", metavar="DIR", type=FOLDER, help="Folder of cases.  [default: the chip's own, golden/CHIP]"
)
@click.option("--check-icarus", is_flag=True, help="Require that Icarus Verilog does the same, with no unknown bit.")
@click.option(
    "--initial", type=click.Choice(KINDS), help="Start of registers and memories in Icarus.  [default: unknown]"
)
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    of_model: bool,
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
    """Record golden cases: run Verilog in Verilator with the stimulus of a recipe.

    Each recipe becomes a folder of its name, with waveform, memory images and provenance.

    Verilator starts every register at 0, but Icarus starts it at X. With --check-icarus an output that is X in Icarus
    after the first reset, or a memory word that is X at the end, counts as a difference, and no case is made. A recipe
    may say that it uses Verilog that is undefined; its case then lists the bits that Icarus does not know. --initial
    random takes its numbers from --seed.
    Exit status: 0 recorded, 1 Icarus differs or does not know a bit, 2 the input is wrong.

    \b
    Example: draupnir record odin --rtl ODIN/src --recipe lif_events --seed 7
             draupnir record odin --rtl ODIN/src --all --check-icarus
             draupnir record gungnir --model --all -o my_cases
             draupnir record odin --list
    """
    declaration = rtl.declaration(chip)
    known_recipes = recipes.recipes(declaration)
    if list_only:
        _list(chip, known_recipes, as_json)
        return
    recipe_names = tuple(known_recipes) if record_all else names
    for name in recipe_names:
        recipes.recipe(declaration, name)
    if of_model == (rtl.folder is not None) or not recipe_names:
        raise InputError(
            "what to record? --rtl DIR or --model, and --recipe NAME or --all are needed; --list names the recipes"
        )
    _check_icarus_options(of_model, check_icarus, initial)
    start = Initial(initial or "unknown", seed if initial == "random" else 1) if check_icarus else None
    folders = _places(chip, recipe_names, output, rtl)
    job = _Job(rtl, seed, cycles, repository, start)
    for sizes, group in _by_sizes(declaration, recipe_names, rtl).items():
        source = job.source(chips.declaration(chip, dict(sizes)))
        for name in group:
            try:
                line = job.record(source, name, folders[name])
            except DifferenceFound as difference:
                job.say(source, as_json, str(difference))
                raise
            if not as_json:
                click.echo(line)
    job.say(source, as_json)


def _check_icarus_options(of_model: bool, check_icarus: bool, initial: Kind | None) -> None:
    """Raise InputError for options that have no meaning together."""
    if of_model and check_icarus:
        raise InputError("--check-icarus: only with --rtl; Icarus runs Verilog, and no model")
    if initial and not check_icarus:
        raise InputError(f"--initial {initial}: only with --check-icarus; Verilator, which records, starts at 0")


def _by_sizes(
    declaration: Chip, recipe_names: Sequence[str], rtl: options.Rtl
) -> dict[tuple[tuple[str, int], ...], list[str]]:
    """Sizes of the chip -> names of the recipes to record with them; sizes that the user chooses are for all."""
    sizes_of_user, _ = chip_sizes(declaration.name, rtl.settings)
    groups: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for name in recipe_names:
        sizes = sizes_of_user or recipes.sizes_of(declaration, name)
        groups.setdefault(tuple(sizes.items()), []).append(name)
    return groups


def _list(chip: str, known_recipes: Mapping[str, recipes.Recipe], as_json: bool) -> None:
    """Print the name of each recipe, and the reason for it."""
    if as_json:
        schema.echo("record", {"chip": chip, "recipes": {name: recipe.why for name, recipe in known_recipes.items()}})
    for name, recipe in {} if as_json else known_recipes.items():
        click.echo(f"{name}: {recipe.why}")


def _places(chip: str, recipe_names: Sequence[str], output: Path | None, rtl: options.Rtl) -> dict[str, Path]:
    """The folder of each case. Raises InputError for one that must not be written to."""
    folders = {name: (output or _own_cases(chip)) / name for name in recipe_names}
    outputs.check({"--rtl": rtl.folder}, folders={f"-o, for {name}:": folder for name, folder in folders.items()})
    for folder in folders.values():
        check_replaceable(folder)
    return folders


@dataclass(frozen=True)
class _Source:
    """A compiled RTL, or the golden model, from which cases are recorded.

    design : the RTL; None for the model
    origin : the source of the design, as each case.toml states it
    """

    chip: Chip
    design: Design | None
    device: verilated.Verilated | SteppedModel
    origin: dict[str, Any]

    def begin(self) -> None:
        """Bring the device into its initial state."""
        if isinstance(self.device, SteppedModel):
            self.device.model = type(self.device.model)()
        else:
            self.device.reset()


@dataclass
class _Job:
    """A job that records cases, one after the other.

    seed : 0..2**32 - 1; cycles : clocks to record, at least 1, None for the number that the recipe gives
    repository : the name of the source; None for its git remote
    start : the start values in Icarus, which must do the same; None if Icarus does not run
    case_objects : each case for JSON
    """

    rtl: options.Rtl
    seed: int
    cycles: int | None
    repository: str | None
    start: Initial | None
    case_objects: list[dict[str, Any]] = field(default_factory=list)

    def source(self, chip: Chip) -> _Source:
        """Compile the RTL for a chip of these sizes, or make its golden model."""
        if self.rtl.folder is None:
            return _Source(chip, None, SteppedModel(chips.model(chip.name, chip.sizes)()), {"kind": "model"})
        design = self.rtl.design(chip, BUILD)
        origin = source_of_recording(self.rtl.folder, design.files, self.repository)
        return _Source(chip, design, verilated.build(design, chip, builds.compiled_folder(BUILD)), origin)

    def record(self, source: _Source, name: str, folder: Path) -> str:
        """Record a recipe into a folder, and return a line to print. Raises DifferenceFound if Icarus differs."""
        recipe = recipes.recipe(source.chip, name)
        source.begin()
        with progress(name, self.cycles or recipe.n_cycles) as advance:
            recording = recipes.record_recipe(source.device, source.chip, name, self.seed, self.cycles, advance)
        case_object: dict[str, Any] = {"case": name, "folder": None, "n_cycles": recording.trace.n_cycles}
        self.case_objects.append(case_object)
        check, undefined = {}, None
        if self.start is not None and source.design is not None:
            try:
                check["check"], undefined = _check(source.design, recording, recipe.undefined, self.start)
            except DifferenceFound as difference:
                case_object["check"] = str(difference)
                raise
        remake = self._remake(source.chip, name)
        case = save(recording, folder, recipe.why, source.origin | check, remake, self.seed, undefined)
        case_object |= {"folder": str(folder), **check}
        size = sum((folder / file).stat().st_size for file in case.sha256)
        return f"{name}: {recording.trace.n_cycles} clocks, {size // 1000} kB" + _in_brackets(check)

    def _remake(self, chip: Chip, name: str) -> str:
        """The command that makes the same recording on any machine."""
        device = "--model" if self.rtl.folder is None else self.rtl.elsewhere()
        remake = f"draupnir record {chip.name} {device} --recipe {name} --seed {self.seed}"
        return remake + (f" --cycles {self.cycles}" if self.cycles else "")

    def say(self, source: _Source, as_json: bool, text: str = "") -> None:
        """Print all cases as JSON; or else the text, if there is one."""
        if as_json:
            about = {"chip": source.chip.name, "seed": self.seed, **source.origin}
            schema.echo("record", {**about, "cases": self.case_objects})
        elif text:
            click.echo(text)


def _own_cases(chip: str) -> Path:
    """The folder of a chip's own cases. Raises InputError if it is part of an installed package."""
    folder = chips.package(chip).cases
    if folder.resolve().is_relative_to(Path(sysconfig.get_path("purelib")).resolve()):
        raise InputError(f"-o DIR is needed: {folder}, where the cases of {chip} are, is part of an installed package")
    return folder


def _check(design: Design, recording: Recording, is_undefined: bool, initial: Initial) -> tuple[str, Undefined | None]:
    """Run the same inputs in Icarus. Returns its result in words, and the bits that it does not know.

    The latter is None if Icarus knows all bits. Raises DifferenceFound, with these words, if nothing could be compared,
    and if Icarus differs or does not know a bit, unless the recipe is one of undefined Verilog.
    """
    trace = recording.trace
    run = observe(devices.InIcarus(design, trace.chip, initial), trace, recording.memories_before)
    result = agreement(trace, run.outputs, run.known_bits)
    result = with_memories(result, trace.chip, recording.memories_after, run.memories, run.memories_known)
    start_text = "" if initial.kind == "unknown" else f", started at {initial},"
    simulator = f"Icarus Verilog {toolchain.icarus().version}{start_text}"
    if result.holds(None):
        return f"{simulator} does the same; {result.bits}", None
    summary = f"{simulator} {_apart(result)}; {result.bits}"
    if not (is_undefined and result.bits.n_compared):
        raise DifferenceFound(summary)
    return f"{summary}, in what the Verilog leaves undefined", result.as_undefined()


def _apart(result: Agreement) -> str:
    """The difference between Icarus and the recording, in words."""
    since = "" if result.first is None else f" from cycle {result.first} on"
    differs = [f"differs{since} in bits of {bits_text(result.different)}"] if result.different else []
    does_not = [f"does not know{since} bits of {bits_text(result.unknown, result.never)}"] if result.unknown else []
    return " and ".join(differs + does_not) or "has nothing to compare"


def _in_brackets(check: dict[str, str]) -> str:
    return f" ({check['check']})" if check else ""
