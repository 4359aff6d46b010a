"""`draupnir regress`: golden cases against an RTL."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from golden import case
from tools import builds, options, outputs, regress, schema
from tools.arguments import FOLDER, chip_argument, json_option
from tools.errors import Difference
from tools.progress import progress
from tools.regress import Device, Outcome

ROOT = Path(__file__).parents[2]
BUILD = Path("build/regress")
SIMULATORS = ("verilator", "icarus", "model")


@click.command("regress")
@chip_argument
@click.option("--rtl", metavar="DIR", type=click.Path(path_type=Path), help="A folder of Verilog; without it, our RTL.")
@click.option("--top", metavar="T", help="The top module in DIR, if it cannot be told by its ports.")
@click.option("--netlist", type=click.Choice(["ecp5", "ice40"]), help="Our RTL as it is after synthesis for an FPGA.")
@click.option("--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the netlist's chip.")
@click.option(
    "--sim",
    "simulator",
    type=click.Choice(SIMULATORS),
    default="verilator",
    show_default=True,
    help="What runs the RTL; or hold the golden model instead.",
)
@click.option("--case", "names", metavar="NAME", multiple=True, help="Only this case; may be repeated.")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Only the first N clocks of each case.")
@click.option("--golden", metavar="DIR", type=click.Path(path_type=Path), help="Folder of cases; default: golden/CHIP.")
@click.option("--report", metavar="DIR", type=FOLDER, default=BUILD, show_default=True, help="Folder for the report.")
@json_option
def command(
    chip: str,
    rtl: Path | None,
    top: str | None,
    netlist: Literal["ecp5", "ice40"] | None,
    settings: tuple[str, ...],
    simulator: str,
    names: tuple[str, ...],
    cycles: int | None,
    golden: Path | None,
    report: Path,
    as_json: bool,
) -> None:
    """Drive the golden cases' inputs into an RTL; compare every pin at every clock, and the memories after.

    Bits that are X in Icarus are counted and not compared. Of each case that differs, a waveform of what the RTL
    did goes to the report's folder.
    A netlist of a reduced chip (--set) is compared with the same chip before synthesis, since it cannot do what was
    recorded where a case needs what it lacks; in how many cases it does as recorded all the same is said.
    Exit status: 0 all cases hold, 1 a difference, 2 the input is at fault.

    \b
    Example: draupnir regress odin --rtl ~/ODIN/src --sim icarus --case lif_events
    """
    declared = chips.declaration(chip)
    options.refuse_top_alone(rtl, top)
    outputs.check({"--rtl": rtl, "--golden": golden}, folders={"--report": report})
    folder = golden or ROOT / "golden" / chip
    cases = regress.select(case.discover(folder.parent, folder.name), names)
    if not cases:
        raise InputError(f"{folder}: no golden cases; a folder of folders with case.toml is needed")
    reference: Device | None = None
    if netlist:
        given = options.parameters(chip, settings)
        device = _netlist_device(declared, rtl, netlist, given, simulator, report)
        reference = _before_synthesis(declared, given, report) if given else None
    elif settings:
        raise InputError(f"--set {settings[0]}: only with --netlist; a reduced chip does not do what was recorded")
    else:
        device = _device(declared, rtl, top, simulator, report)
    begin = time.perf_counter()
    outcomes = []
    with progress(f"{chip} in {simulator}", len(cases), "cases") as advance:
        for outcome in regress.regress(device, declared, cases, cycles, report, reference):
            outcomes.append(outcome)
            advance(1)
    holds = all(outcome.holds for outcome in outcomes)
    if as_json:
        schema.echo("regress", {"holds": holds, "cases": [_json(outcome) for outcome in outcomes]})
    else:
        click.echo(f"{chip}: {_what(rtl, netlist, simulator)}")
        _print(chip, outcomes, time.perf_counter() - begin, report)
    if not holds:
        raise Difference


def _device(chip: Chip, rtl: Path | None, top: str | None, simulator: str, report: Path) -> Device:
    if simulator == "model":
        if rtl is not None:
            raise InputError(f"--rtl {rtl}: not with --sim model, which runs no Verilog; verilator or icarus does")
        return regress.model(chip)
    design = options.design(chip, rtl, top, report)
    if simulator == "icarus":
        return regress.in_icarus(design, chip)
    return regress.in_verilator(design, chip, builds.compiled(report))


def _netlist_device(
    chip: Chip,
    rtl: Path | None,
    family: Literal["ecp5", "ice40"],
    given: dict[str, Any],
    simulator: str,
    report: Path,
) -> Device:
    if rtl is not None or simulator == "model":
        raise InputError("--netlist: of our RTL only, in verilator or icarus")
    from rtl.fpga import netlist

    synthesised = netlist.synthesise(chip.name, family, report / f"netlist-{family}", **given)
    if simulator == "icarus":
        return regress.of_netlist(synthesised, regress.in_icarus(synthesised.design, synthesised.cells_chip))
    cells = regress.in_verilator(synthesised.design, synthesised.cells_chip, builds.compiled(report))
    return regress.of_netlist(synthesised, cells)


def _before_synthesis(chip: Chip, given: dict[str, Any], report: Path) -> Device:
    """Our RTL with these parameters. Raises InputError where they leave out words of a memory."""
    from rtl import emit

    for memory in chip.memories:
        n_kept = len(emit.kept_words(chip.name, memory.name, **given))
        if n_kept < memory.depth:
            raise InputError(
                f"--set: {n_kept} of {memory.depth} words of {memory.name}; right is a chip with all words"
            )
    return regress.in_verilator(emit.design(chip.name, report / "rtl", **given), chip, builds.compiled(report))


# --- Results ----------------------------------------------------------------------------------------------------


def _what(rtl: Path | None, netlist: str | None, simulator: str) -> str:
    synthesised = f", synthesised for {netlist}," if netlist else ""
    return "golden model" if simulator == "model" else f"{rtl or 'our RTL'}{synthesised} in {simulator}"


def _print(chip: str, outcomes: Sequence[Outcome], seconds: float, report: Path) -> None:
    width = max(len(outcome.case.name) for outcome in outcomes)
    click.echo(f"{'case':{width}}   clocks  mismatches  words      X bits  first difference")
    for o in outcomes:
        words = "-" if o.n_words is None else str(o.n_words)
        click.echo(
            f"{o.case.name:{width}}  {o.n_cycles:7,}  {o.n_mismatches:10,}  {words:>5}  {o.n_unknown:10,}  {_first(o)}"
        )
    for outcome in outcomes:
        if outcome.n_mismatches and not outcome.holds:
            click.echo(f"decoded: {_replay(chip, outcome, report)}")
    defined = [outcome for outcome in outcomes if not outcome.undefined]
    n_cycles, n_mismatches = sum(o.n_cycles for o in outcomes), sum(o.n_mismatches for o in defined)
    undefined = f", {len(outcomes) - len(defined)} undefined in the source" if len(defined) < len(outcomes) else ""
    if n_otherwise := sum(not o.as_recorded for o in outcomes):
        n_as_recorded = len(outcomes) - n_otherwise
        click.echo(f"compared with this chip before synthesis, which does as recorded in {n_as_recorded} cases")
    click.echo(
        f"{sum(o.holds for o in outcomes)} of {len(outcomes)} cases hold{undefined}: {n_cycles:,} clocks, "
        f"{n_mismatches:,} mismatches, {seconds:.1f} s"
    )


def _first(outcome: Outcome) -> str:
    if outcome.equal:
        return "none"
    first = str(outcome.differences[0])
    return f"{first} (undefined in the source)" if outcome.undefined else first


def _replay(chip: str, outcome: Outcome, report: Path) -> str:
    """The command that holds what the RTL did against the golden model, and decodes the first mismatch."""
    words = ["draupnir", "replay", chip, str(report / f"{outcome.case.name}.fst")]
    for name, file in outcome.case.before.items():
        words += ["--load", f"{name}={file}"]
    return shlex.join(words)


def _json(outcome: Outcome) -> dict[str, Any]:
    return {
        "case": outcome.case.name,
        "holds": outcome.holds,
        "undefined": outcome.undefined,
        "as_recorded": outcome.as_recorded,
        "clocks": outcome.n_cycles,
        "mismatches": outcome.n_mismatches,
        "words": outcome.n_words,
        "unknown": outcome.n_unknown,
        "differences": [asdict(difference) for difference in outcome.differences],
    }
