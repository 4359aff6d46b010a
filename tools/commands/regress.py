"""`draupnir regress`: compare an RTL with the golden cases."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import regress, regress_report
from draupnir.golden.case import Case
from draupnir.golden.compare.device import Device
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl import devices
from draupnir.rtl.initial import Initial, Kind
from draupnir.tools.jobs import cases as case_jobs
from draupnir.tools.jobs import rtl as rtl_of_jobs
from draupnir.tools.jobs.options import JobOptions, job_options
from draupnir.tools.report import provenance, regress_page, schema
from draupnir.tools.terminal import builds, options, outputs
from draupnir.tools.terminal.arguments import FOLDER, case_option, chip_argument, json_option, sizes
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/regress")


@click.command("regress")
@chip_argument
@options.rtl_options()
@click.option("--netlist", type=click.Choice(["ecp5", "ice40"]), help="Run our RTL after synthesis for this FPGA.")
@click.option(
    "--sim",
    "simulator",
    type=click.Choice(rtl_of_jobs.SIMULATORS),
    default="verilator",
    show_default=True,
    help="What runs the RTL; model compares the golden model instead.",
)
@options.initial
@case_option("Compare")
@click.option("--cycles", metavar="N", type=click.IntRange(min=1), help="Compare only the first N clocks of each case.")
@click.option(
    "--golden", metavar="DIR", type=click.Path(path_type=Path), help="Folder of cases.  [default: the chip's own]"
)
@click.option("--report", metavar="DIR", type=FOLDER, default=BUILD, show_default=True, help="Folder for the report.")
@job_options
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
    job_options: JobOptions,
    as_json: bool,
) -> None:
    """Drive the golden cases' inputs into an RTL; compare every pin at every clock, and the memories at the end.

    A bit that is known in the recording must also be known in the RTL, from the end of the first reset on. X in Icarus
    is a failure, unless the case says that its Verilog is undefined there. For each case that fails, a waveform of the
    RTL goes to the report's folder. For a memory that differs, the command reports the clock of the first difference.

    A reduced chip (--set with --netlist) lacks parts that some cases need. Its netlist is therefore compared with the
    same chip before synthesis; the command also reports in how many cases it agrees with the recording.

    The report is a page (report.html), JUnit XML (results.xml) and JSON (report.json).
    Exit status: 0 all cases pass, 1 a difference, 2 the input is wrong.

    \b
    Example: draupnir regress odin --rtl ~/ODIN/src --sim icarus --case lif_events
    """
    outputs.check({"--rtl": rtl.folder, "--golden": golden}, folders={"--report": report})
    cases = regress.cases_in(golden, names, chip)
    chip_sizes, other_settings = sizes(chip, rtl.settings)
    groups = regress.by_sizes(chip, cases, chip_sizes)
    start = options.initial_values(initial, seed, simulator)
    if other_settings and not netlist and rtl.place is None:
        raise InputError(
            f"--set {other_settings[0]}: only with --netlist; a reduced chip does not do what was recorded"
        )
    if job_options.are_many and netlist:
        raise InputError("--netlist: not with --workers or --cluster")
    begin = time.perf_counter()
    comparison = _Comparison(rtl, netlist, simulator, start, cycles, report, job_options)
    outcomes = comparison.run(chip, groups)
    title, seconds = _title(rtl, netlist, simulator, start if initial else None), time.perf_counter() - begin
    about = {"chip": chip, "rtl": str(rtl), "netlist": netlist, "sim": simulator}
    report_object = {**about, **regress_report.as_object(outcomes, str(start))}
    lines = [*regress_report.lines(chip, title, outcomes, seconds, report)]
    origin = provenance.origin([seed] if seed is not None else [], rtl.folder, rtl.sources())
    page = regress_page.write(report, f"{chip}: {title}", report_object, lines, origin)
    if as_json:
        schema.echo("regress", {**report_object, "origin": origin.as_json()})
    else:
        click.echo("\n".join([*lines, f"report: {page}"]))
    if not all(outcome.holds for outcome in outcomes):
        raise DifferenceFound


@dataclass(frozen=True)
class _Comparison:
    """A comparison of an RTL with cases; the fields are options of the command, and start those of ``--initial``."""

    rtl: options.Rtl
    netlist: Literal["ecp5", "ice40"] | None
    simulator: str
    start: Initial
    cycles: int | None
    report: Path
    job_options: JobOptions

    def run(self, chip: str, groups: Sequence[tuple[Chip, list[Case]]]) -> list[CaseOutcome]:
        """Compare all cases, each with the declaration of its sizes; the outcomes are in the order of the cases."""
        outcomes: list[CaseOutcome] = []
        order = [one.name for _, group in groups for one in group]
        with progress(f"{chip} in {self.simulator}", len(order), "cases") as advance:
            for declaration, group in groups:
                for outcome in self._outcomes(declaration, group):
                    outcomes.append(outcome)
                    advance(1)
        return sorted(outcomes, key=lambda outcome: order.index(outcome.case.name))

    def _outcomes(self, declaration: Chip, group: list[Case]) -> Iterator[CaseOutcome]:
        takes_state = any(one.state for one in group)
        device, reference = _devices(
            declaration, self.rtl, self.netlist, self.simulator, self.report, self.start, takes_state
        )
        if not self.job_options.are_many:
            return regress.regress(device, declaration, group, self.cycles, self.report, reference)
        design = None if self.simulator == "model" else self.rtl.design(declaration, self.report)
        about = rtl_of_jobs.description(declaration, self.rtl, design)
        jobs = case_jobs.jobs(about, self.simulator, self.start, group, self.cycles)
        return case_jobs.regress(self.job_options, jobs, device, declaration, group, self.cycles, self.report)


def _devices(
    chip: Chip,
    rtl: options.Rtl,
    netlist: Literal["ecp5", "ice40"] | None,
    simulator: str,
    report: Path,
    start: Initial,
    takes_state: bool,
) -> tuple[Device, Device | None]:
    """The device to compare, and the device to compare it with; None for the latter means the recording."""
    if not netlist:
        return _device(chip, rtl, simulator, report, start, takes_state), None
    settings_by_name = options.parameters(chip.name, rtl.settings)
    device = _netlist_device(chip, rtl, netlist, settings_by_name, simulator, report, start)
    return device, _before_synthesis(chip, settings_by_name, report) if settings_by_name else None


def _device(chip: Chip, rtl: options.Rtl, simulator: str, report: Path, start: Initial, takes_state: bool) -> Device:
    if simulator == "model":
        if rtl.folder is not None:
            raise InputError(f"--rtl {rtl}: not with --sim model, which runs no Verilog; verilator or icarus does")
        return rtl_of_jobs.device(chip, None, simulator, start, report)
    return rtl_of_jobs.device(chip, rtl.design(chip, report), simulator, start, report, takes_state)


def _netlist_device(
    chip: Chip,
    rtl: options.Rtl,
    family: Literal["ecp5", "ice40"],
    settings_by_name: dict[str, Any],
    simulator: str,
    report: Path,
    start: Initial,
) -> Device:
    if rtl.folder is not None or simulator == "model":
        raise InputError("--netlist: only for our RTL, in verilator or icarus")
    from draupnir.rtl.fpga import netlist

    synthesised = netlist.synthesise(chip.name, family, report / f"netlist-{family}", **settings_by_name)
    build = builds.compiled_folder(report)
    cells = devices.simulated(synthesised.design, synthesised.cells_chip, simulator, build, start)
    return devices.OfNetlist(synthesised, cells)


def _before_synthesis(chip: Chip, settings_by_name: dict[str, Any], report: Path) -> Device:
    """Our RTL with these parameters. Raises InputError where they leave out words of a memory."""
    from draupnir.rtl import emit

    for memory in chip.memories:
        n_kept = len(emit.kept_words(chip.name, memory.name, **settings_by_name))
        if n_kept < memory.depth:
            raise InputError(
                f"--set: {n_kept} of {memory.depth} words of {memory.name}; right is a chip with all words"
            )
    return devices.InVerilator(
        emit.design(chip.name, report / "rtl", **settings_by_name), chip, builds.compiled_folder(report)
    )


def _title(rtl: options.Rtl, netlist: str | None, simulator: str, initial: Initial | None) -> str:
    """The name of the RTL that was compared. initial : the start values that the user chose, or None"""
    synthesised = f", synthesised for {netlist}," if netlist else ""
    subject = "golden model" if simulator == "model" else f"{rtl}{synthesised} in {simulator}"
    return f"{subject}, started at {initial}" if initial else subject
