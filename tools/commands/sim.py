"""`draupnir sim`: golden model and RTL in lockstep in a simulator."""

from __future__ import annotations

import json
import shlex
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cocotb_tests.runner import SIMULATORS, Outcome, Simulator, build, run, select
from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from golden.files import replacing
from rtl.design import Design
from tools.errors import Difference
from tools.progress import progress

BUILD = Path("build/sim")


@click.command("sim")
@click.argument("chip", metavar="CHIP")
@click.option("--rtl", metavar="DIR", type=click.Path(path_type=Path), help="A folder of Verilog; without it, our RTL.")
@click.option("--top", metavar="T", help="The top module in DIR, if it cannot be told by its ports.")
@click.option("--sim", "simulator", type=click.Choice(SIMULATORS), default="verilator", show_default=True)
@click.option("--test", metavar="T", default="digits", show_default=True, help='A test, a module of tests, or "all".')
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=1, show_default=True, help="Of random tests.")
@click.option("--waves", is_flag=True, help="Write a waveform of everything in the design.")
@click.option("--report", metavar="DIR", type=click.Path(path_type=Path), default=BUILD, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(
    chip: str,
    rtl: Path | None,
    top: str | None,
    simulator: Simulator,
    test: str,
    seed: int,
    waves: bool,
    report: Path,
    as_json: bool,
) -> None:
    """Run cocotb tests of a chip, the golden model held to the RTL on every pin at every clock.

    Everything goes to the report's folder: a folder a test with its log, and results.xml (JUnit).
    Exit status: 0 no difference, 1 a difference, 2 the input is at fault.

    \b
    Example: draupnir sim odin --rtl ~/ODIN/src --sim icarus --test neurons
    """
    declared = chips.declaration(chip)
    wanted = select(declared, test)
    design = _design(declared, rtl, top, report)
    say = (lambda text: None) if as_json else click.echo
    say(f"{chip}: {rtl or 'our RTL'}, top {design.top}, in {simulator}, seed {seed}: compiling")
    built = build(design, declared, simulator, report / "compiled", waves)
    outcomes = []
    with progress(f"{chip} in {simulator}", len(wanted), "tests") as advance:
        for one in wanted:
            again = _again(chip, rtl, top, simulator, str(one), seed)
            outcomes.append(run(built, one, report / f"{simulator}-{one}", seed, again))
            advance(1)
    _write_junit(report / "results.xml", f"{chip} in {simulator}", outcomes)
    if as_json:
        click.echo(json.dumps({"holds": all(o.passed for o in outcomes), "tests": [_json(o) for o in outcomes]}))
    else:
        _print(outcomes)
    if not all(outcome.passed for outcome in outcomes):
        raise Difference


def _design(chip: Chip, rtl: Path | None, top: str | None, report: Path) -> Design:
    if rtl is not None:
        from rtl import foreign  # needs pyverilog

        return foreign.read(rtl, chip, top)
    if top is not None:
        raise InputError(f"--top {top}: only with --rtl; our RTL has one top")
    from rtl import emit  # needs Amaranth

    return emit.design(chip.name, report / "rtl")


def _again(chip: str, rtl: Path | None, top: str | None, simulator: str, test: str, seed: int) -> str:
    """The command that runs one test again, with a waveform."""
    words = ["draupnir", "sim", chip]
    words += ["--rtl", str(rtl)] if rtl else []
    words += ["--top", top] if top else []
    return shlex.join([*words, "--sim", simulator, "--test", test, "--seed", str(seed), "--waves"])


# --- Results ----------------------------------------------------------------------------------------------------


def _print(outcomes: Sequence[Outcome]) -> None:
    width = max(len(str(outcome.test)) for outcome in outcomes)
    click.echo(f"{'test':{width}}  result  clocks compared  mismatches        X   spikes  seconds")
    for outcome in outcomes:
        n = {name: outcome.notes.get(name, 0) for name in ("compared", "mismatches", "unknown", "spikes")}
        click.echo(
            f"{outcome.test!s:{width}}  {'ok' if outcome.passed else 'FAILED':6}  {n['compared']:15,}"
            f"  {n['mismatches']:10,}  {n['unknown']:7,}  {n['spikes']:7,}  {outcome.seconds:7.1f}"
        )
    for outcome in outcomes:
        for name in ("images", "events", "weight_updates", "online_accuracy", "accuracy"):
            if name in outcome.notes:
                click.echo(f"{name.replace('_', ' ')}: {_number(outcome.notes[name])}")
        if "report" in outcome.notes:
            click.echo(f"report: {outcome.notes['report']}")
        for warning in outcome.notes.get("warnings", ()):
            click.echo(f"{outcome.test}: warning: {warning}")
        if not outcome.passed:
            click.echo(f"\n{outcome.test} failed; log in {outcome.folder / 'log.txt'}\n{outcome.failure}")
    n_cycles, n_mismatches = (sum(o.notes.get(name, 0) for o in outcomes) for name in ("compared", "mismatches"))
    seconds = sum(outcome.seconds for outcome in outcomes)
    n_passed = sum(outcome.passed for outcome in outcomes)
    click.echo(
        f"{n_passed} of {len(outcomes)} tests passed: {n_cycles:,} clocks compared, "
        f"{n_mismatches} mismatches, {seconds:.1f} s"
    )


def _number(n: float) -> str:
    return f"{n:,}" if isinstance(n, int) else f"{n:.1%}"


def _json(outcome: Outcome) -> dict[str, Any]:
    return {
        "test": str(outcome.test),
        "passed": outcome.passed,
        "failure": outcome.failure,
        "seconds": outcome.seconds,
        "folder": str(outcome.folder),
        **outcome.notes,
    }


def _write_junit(path: Path, suite: str, outcomes: Sequence[Outcome]) -> None:
    n_failed = sum(not outcome.passed for outcome in outcomes)
    root = ElementTree.Element("testsuite", name=suite, tests=str(len(outcomes)), failures=str(n_failed))
    for outcome in outcomes:
        attributes = {"classname": outcome.test.module, "name": outcome.test.name, "time": f"{outcome.seconds:.3f}"}
        case = ElementTree.SubElement(root, "testcase", attributes)
        if not outcome.passed:
            ElementTree.SubElement(case, "failure", message=outcome.failure.split("\n", 1)[0]).text = outcome.failure
    with replacing(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="unicode", xml_declaration=True)
