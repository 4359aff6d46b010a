"""`draupnir regress`: golden cases against an RTL."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import case, regress, regress_report
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.rtl import devices
from draupnir.rtl.initial import Initial, Kind
from draupnir.tools.report import provenance, regress_page, schema
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option, sizes
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/regress")
SIMULATORS = ("verilator", "icarus", "model")


@click.command("regress")
@chip_argument
@options.rtl_options()
@click.option("--netlist", type=click.Choice(["ecp5", "ice40"]), help="Our RTL as it is after synthesis for an FPGA.")
@click.option(
    "--sim",
    "simulator",
    type=click.Choice(SIMULATORS),
    default="verilator",
    show_default=True,
    help="What runs the RTL; or hold the golden model instead.",
)
@options.initial
@click.option("--case", "names", metavar="NAME", multiple=True, help="Only this case; may be repeated.")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Only the first N clocks of each case.")
@click.option(
    "--golden", metavar="DIR", type=click.Path(path_type=Path), help="Folder of cases; default: the chip's own."
)
@click.option("--report", metavar="DIR", type=FOLDER, default=BUILD, show_default=True, help="Folder for the report.")
@json_option
def command(
    chip: str,
    rtl: options.Rtl,
    netlist: Literal["ecp5", "ice40"] | None,
    simulator: str,
    initial: Kind | None,
    seed: int | None,
    names: tuple[str, ...],
    cycles: int | None,
    golden: Path | None,
    report: Path,
    as_json: bool,
) -> None:
    """Drive the golden cases' inputs into an RTL; compare every pin at every clock, and the memories after.

    A bit that the recording knows has to be known, too, once the first reset is over: X in Icarus is a failure but
    where the case itself says that its Verilog is undefined. Of each case that does not hold, a waveform of what the
    RTL did goes to the report's folder; of a memory that differs, the clock at which it first did is told.
    A netlist of a reduced chip (--set) is compared with the same chip before synthesis, since it cannot do what was
    recorded where a case needs what it lacks; in how many cases it does as recorded all the same is said.
    The report is a page (report.html), JUnit XML (results.xml) and JSON (report.json).
    Exit status: 0 all cases hold, 1 a difference, 2 the input is at fault.

    \b
    Example: draupnir regress odin --rtl ~/ODIN/src --sim icarus --case lif_events
    """
    outputs.check({"--rtl": rtl.folder, "--golden": golden}, folders={"--report": report})
    cases = _cases(golden or chips.package(chip).cases, names)
    chosen, others = sizes(chip, rtl.settings)
    groups = regress.by_sizes(chip, cases, chosen)
    start = options.initial_values(initial, seed, simulator)
    if others and not netlist and rtl.place is None:
        raise InputError(f"--set {others[0]}: only with --netlist; a reduced chip does not do what was recorded")
    begin = time.perf_counter()
    outcomes = []
    with progress(f"{chip} in {simulator}", sum(len(group) for _, group in groups), "cases") as advance:
        for declared, group in groups:
            device, reference = _devices(declared, rtl, netlist, simulator, report, start)
            for outcome in regress.regress(device, declared, group, cycles, report, reference):
                outcomes.append(outcome)
                advance(1)
    what, seconds = _what(rtl, netlist, simulator, start if initial else None), time.perf_counter() - begin
    found = regress_report.as_object(outcomes, str(start))
    lines = [*regress_report.lines(chip, what, outcomes, seconds, report)]
    origin = provenance.origin([seed] if seed is not None else [], rtl.folder, rtl.sources())
    page = regress_page.write(report, f"{chip}: {what}", found, lines, origin)
    if as_json:
        schema.echo("regress", {**found, "origin": origin.as_json()})
    else:
        click.echo("\n".join([*lines, f"report: {page}"]))
    if not all(outcome.holds for outcome in outcomes):
        raise DifferenceFound


def _cases(folder: Path, names: Sequence[str]) -> list[case.Case]:
    """The cases of these names in a folder, or all. Raises InputError if there is none."""
    cases = regress.select(case.discover(folder), names)
    if not cases:
        raise InputError(f"{folder}: no golden cases; a folder of folders with case.toml is needed")
    return cases


def _devices(
    chip: Chip,
    rtl: options.Rtl,
    netlist: Literal["ecp5", "ice40"] | None,
    simulator: str,
    report: Path,
    start: Initial,
) -> tuple[Device, Device | None]:
    """Return what is held, and what it is held to if that is not the recording."""
    if not netlist:
        return _device(chip, rtl, simulator, report, start), None
    given = options.parameters(chip.name, rtl.settings)
    device = _netlist_device(chip, rtl, netlist, given, simulator, report, start)
    return device, _before_synthesis(chip, given, report) if given else None


def _device(chip: Chip, rtl: options.Rtl, simulator: str, report: Path, start: Initial) -> Device:
    if simulator == "model":
        if rtl.folder is not None:
            raise InputError(f"--rtl {rtl}: not with --sim model, which runs no Verilog; verilator or icarus does")
        return ModelDevice(chip, start.seed if start.kind == "random" else None)
    return devices.simulated(rtl.design(chip, report), chip, simulator, builds.compiled(report), start)


def _netlist_device(
    chip: Chip,
    rtl: options.Rtl,
    family: Literal["ecp5", "ice40"],
    given: dict[str, Any],
    simulator: str,
    report: Path,
    start: Initial,
) -> Device:
    if rtl.folder is not None or simulator == "model":
        raise InputError("--netlist: of our RTL only, in verilator or icarus")
    from draupnir.rtl.fpga import netlist

    synthesised = netlist.synthesise(chip.name, family, report / f"netlist-{family}", **given)
    build = builds.compiled(report)
    cells = devices.simulated(synthesised.design, synthesised.cells_chip, simulator, build, start)
    return devices.OfNetlist(synthesised, cells)


def _before_synthesis(chip: Chip, given: dict[str, Any], report: Path) -> Device:
    """Our RTL with these parameters. Raises InputError where they leave out words of a memory."""
    from draupnir.rtl import emit

    for memory in chip.memories:
        n_kept = len(emit.kept_words(chip.name, memory.name, **given))
        if n_kept < memory.depth:
            raise InputError(
                f"--set: {n_kept} of {memory.depth} words of {memory.name}; right is a chip with all words"
            )
    return devices.InVerilator(emit.design(chip.name, report / "rtl", **given), chip, builds.compiled(report))


def _what(rtl: options.Rtl, netlist: str | None, simulator: str, initial: Initial | None) -> str:
    """Return what was held; initial : how it was told to start, if it was."""
    synthesised = f", synthesised for {netlist}," if netlist else ""
    held = "golden model" if simulator == "model" else f"{rtl}{synthesised} in {simulator}"
    return f"{held}, started at {initial}" if initial else held
