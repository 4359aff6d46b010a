"""`draupnir record`: golden cases from any folder of Verilog, by seeded constrained-random stimulus."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np

from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from golden import recipes
from golden.record import Recording, check_replaceable, record, save
from rtl import foreign, icarus, toolchain, verilated
from rtl.design import Design
from tools import outputs, schema
from tools.arguments import FOLDER, SEED, chip_argument, json_option
from tools.errors import Difference
from tools.progress import progress
from tools.provenance import provenance

ROOT = Path(__file__).parents[2]


@click.command("record")
@chip_argument
@click.option("--rtl", "rtl_dir", metavar="DIR", type=click.Path(path_type=Path), help="Folder of Verilog to record.")
@click.option("--top", metavar="MODULE", help="Top module, if several could be the chip.")
@click.option("--recipe", "names", metavar="NAME", multiple=True, help="Recipe to record; may be repeated.")
@click.option("--all", "record_all", is_flag=True, help="Record every recipe.")
@click.option("--list", "list_only", is_flag=True, help="List the recipes instead.")
@click.option("--seed", metavar="N", type=SEED, default=1, show_default=True, help="Of the stimulus.")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Clocks to record; default: the recipe's.")
@click.option("--repository", metavar="NAME", help="What the case calls the source; default: its git remote.")
@click.option("-o", "--output", metavar="DIR", type=FOLDER, help="Default: golden/CHIP.")
@click.option("--check-icarus", is_flag=True, help="Demand that Icarus Verilog does the same.")
@json_option
def command(
    chip: str,
    rtl_dir: Path | None,
    top: str | None,
    names: tuple[str, ...],
    record_all: bool,
    list_only: bool,
    seed: int,
    cycles: int | None,
    repository: str | None,
    output: Path | None,
    check_icarus: bool,
    as_json: bool,
) -> None:
    """Record golden cases: what a folder of Verilog does, in Verilator, under a recipe's stimulus.

    Each recipe becomes a folder of its name with waveform, memory images and provenance.
    Exit status: 0 recorded, 1 Icarus does something else, 2 the input is at fault.

    \b
    Example: draupnir record odin --rtl ODIN/src --recipe lif_events --seed 7
             draupnir record odin --rtl ODIN/src --all --check-icarus
             draupnir record odin --list
    """
    declared = chips.declaration(chip)
    known = recipes.recipes(declared)
    if list_only:
        if as_json:
            schema.echo("record", {"chip": chip, "recipes": {name: recipe.why for name, recipe in known.items()}})
        for name, recipe in {} if as_json else known.items():
            click.echo(f"{name}: {recipe.why}")
        return
    wanted = tuple(known) if record_all else names
    for name in wanted:
        recipes.recipe(declared, name)
    if rtl_dir is None or not wanted:
        raise InputError("what to record? --rtl DIR and --recipe NAME or --all are needed; --list names the recipes")
    folders = {name: (output or ROOT / "golden" / chip) / name for name in wanted}
    outputs.check({"--rtl": rtl_dir}, folders={f"-o, for {name}:": folder for name, folder in folders.items()})
    for folder in folders.values():
        check_replaceable(folder)
    design = foreign.read(rtl_dir, declared, top)
    device = verilated.build(design, declared, ROOT / "build" / "verilated")
    source = {"kind": "recorded", **provenance(rtl_dir, design.files, repository)}
    source["simulator"] = f"Verilator {toolchain.verilator().version}"
    recorded = []
    for name, folder in folders.items():
        device.reset()
        recording = _record(declared, device, name, seed, cycles)
        checked = {"check": _check(design, recording, known[name].undefined)} if check_icarus else {}
        remake = f"draupnir record {chip} --rtl DIR --recipe {name} --seed {seed}"
        remake += f" --cycles {cycles}" if cycles else ""
        made = save(recording, folder, known[name].why, source | checked, remake, seed)
        size = sum((folder / file).stat().st_size for file in made.sha256)
        recorded.append({"case": name, "folder": str(folder), "n_cycles": recording.trace.n_cycles, **checked})
        if not as_json:
            click.echo(f"{name}: {recording.trace.n_cycles} clocks, {size // 1000} kB" + _in_brackets(checked))
    if as_json:
        schema.echo("record", {"chip": chip, "seed": seed, **source, "cases": recorded})


def _record(chip: Chip, device: verilated.Verilated, name: str, seed: int, cycles: int | None) -> Recording:
    stimulus, memories = recipes.prepare(chip, name, seed)
    n_cycles = cycles or recipes.recipe(chip, name).n_cycles
    with progress(name, n_cycles) as advance:
        return record(device, chip, stimulus, n_cycles, memories, advance)


def _check(design: Design, recording: Recording, undefined: bool) -> str:
    """What Icarus makes of the same inputs, in words; Difference if it differs where the recipe is defined."""
    trace = recording.trace
    with tempfile.TemporaryDirectory() as scratch:
        run = icarus.run(design, trace.chip, trace.inputs, trace.clk, Path(scratch), recording.before)
    differs = (run.outputs ^ trace.outputs) & run.known
    n_unknown = sum(int(bits).bit_count() for bits in trace.known & ~run.known)
    simulator = f"Icarus Verilog {toolchain.icarus().version}"
    unknown = f"{n_unknown} output bits unknown"
    if differs.any():
        cycle = int(np.count_nonzero(trace.clk[: int(np.flatnonzero(differs)[0])]))
        return _differs(f"{simulator} differs from cycle {cycle} on, {unknown}", undefined)
    for name, content in recording.after.items():
        wrong = ((run.memories[name] ^ content) & run.memories_known[name]).any(axis=1)
        if wrong.any():
            return _differs(f"{simulator} differs in {np.count_nonzero(wrong)} words of {name}, {unknown}", undefined)
    return f"{simulator} does the same; {unknown}"


def _differs(what: str, allowed: bool) -> str:
    if not allowed:
        click.echo(what)
        raise Difference
    return f"{what}, in what the Verilog leaves undefined"


def _in_brackets(checked: dict[str, str]) -> str:
    return f" ({checked['check']})" if checked else ""
