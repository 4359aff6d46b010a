"""Proofs that points of a design cannot be reached, which waivers name.

The design gets a mark at each point. A solver then looks for a state and levels of the pins under which the mark is
reached. For a chip that is proved as a whole, these are states in which holds what its steps show to hold from a reset
on; of another chip, any states. A toggle cannot be reached if its bit is constant, and not in so many clocks if its bit
is 0 for as long.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from draupnir.emulator.package import ChipPackage
from draupnir.rtl.design import Design
from draupnir.rtl.slang import Parser
from draupnir.tools.coverage.late import clocks_at_0
from draupnir.tools.coverage.marks import BYTES, MarkedFile
from draupnir.tools.coverage.points import Point, with_stars_only
from draupnir.tools.proofs import sources
from draupnir.tools.proofs.claims import PROOFS
from draupnir.tools.proofs.clocked import ClockedModule
from draupnir.tools.proofs.job import Designs
from draupnir.tools.proofs.logic import Logic, Truth
from draupnir.tools.proofs.netlist import NetlistReader
from draupnir.tools.proofs.questions import Solver
from draupnir.tools.proofs.whole import ChipStep, Setting

Marks = Mapping[Point, str]  # point -> the place of its mark, as Yosys writes it


@dataclass(frozen=True)
class Reachable:
    """All states of a design that may be reached. assumptions : what holds in each of them"""

    logic: Logic
    netlist: Mapping[str, Any]
    reader: NetlistReader
    assumptions: Sequence[Truth]


def unreachable(
    chip: ChipPackage | None,
    design: Design,
    points: Mapping[Point, int],
    folder: Path,
    seconds: float,
    took: Callable[[int], None] = lambda n: None,
) -> dict[Point, bool | None]:
    """Return for each point whether a proof shows that it cannot be reached.

    False means that the solver has a state in which it is reached, though perhaps not one that the chip gets into; None
    that the time was not enough, or that the point has no place for a mark.

    chip : the chip that the design is; None for one of which nothing is proved
    points : each point, and in how many clocks after a reset it cannot be reached; 0 if it never can
    folder : an empty one for files; seconds : the solver's limit for each point
    took : called with 1 after each point

    Raises InputError if Yosys does not understand the sources.
    """
    marked_design, marks = _with_marks(design, [p for p in points if p.kind != "toggle"], folder / "marked")
    reachable = _reachable(chip, marked_design, folder)
    solver = Solver(reachable.logic, reachable.assumptions, seconds)

    @cache
    def late_bits() -> Mapping[Any, int]:
        bits = [bit for point, clocks in points.items() if clocks for bit in _driven_bits(reachable, point)]
        return clocks_at_0(chip.declared, design, reachable.netlist, bits) if chip else {}

    @cache
    def outcome(place: Point, clocks: int) -> bool | None:
        if clocks:
            bits = _driven_bits(reachable, place)
            return bool(bits) and all(late_bits().get(bit, 0) >= clocks for bit in bits)
        claims = _constants(reachable, place) if place.kind == "toggle" else _never(reachable, marks, place)
        outcomes = [_one_of([solver.ask(claim, {}).holds for claim in alternatives]) for alternatives in claims]
        return False if False in outcomes else None if None in outcomes or not outcomes else True

    outcomes: dict[Point, bool | None] = {}
    for point, clocks in points.items():
        outcomes[point] = outcome(_without_direction(point), clocks)
        took(1)
    return outcomes


def _one_of(answers: Sequence[bool | None]) -> bool | None:
    """Return whether one of several claims holds, None if that is not known."""
    return True if True in answers else None if None in answers else False


def _without_direction(point: Point) -> Point:
    """Return the same point for both toggles of a bit: one that is constant has neither."""
    return replace(point, name=point.name.rpartition(":")[0] + ":") if point.kind == "toggle" else point


def _with_marks(design: Design, points: Sequence[Point], folder: Path) -> tuple[Design, Marks]:
    """Return the design with marks at points, and those that have a place."""
    folder.mkdir(parents=True)
    files: list[Path] = []
    marks: dict[Point, str] = {}
    for i, path in enumerate(design.files):
        here = [point for point in points if Path(point.file).resolve() == path.resolve()]
        text = path.read_bytes().decode(BYTES)
        files.append(folder / f"{i}_{path.name}")
        if here:
            parser = Parser(path.parent, design.options.defines, design.folders)
            text, lines = MarkedFile(path, parser).with_marks(here)
            marks |= {point: f"{sources.copy_name(i, files[-1])}:{line}." for point, line in lines.items()}
        files[-1].write_bytes(text.encode(BYTES))
    return replace(design, files=tuple(files)), marks


def _reachable(chip: ChipPackage | None, design: Design, folder: Path) -> Reachable:
    """Return the states of a design: of a chip that is proved, those of its proof; of another one, any states."""
    netlist = sources.of_verilog(design, design.top, design.parameters, folder / "netlist", formal=True)
    parts = (PROOFS.load(chip) or ()) if chip else ()
    step = next((part for part in parts if isinstance(part, ChipStep)), None)
    if chip and step:
        setting = Setting(step.whole, netlist, Designs(chip.name, design, folder).places(step, netlist), ("", ""))
        reader = setting.module.reader(setting.inputs(setting.pins_before), setting.state)
        facts = [*setting.invariants(setting.pins_before).values(), setting.held_before]
        return Reachable(setting.logic, netlist, reader, facts)
    logic = Logic()
    module = ClockedModule(logic, netlist)
    ports = {name: port for name, port in netlist["ports"].items() if port["direction"] == "input"}
    inputs = {name: logic.unknown(name, len(port["bits"])) for name, port in ports.items()}
    return Reachable(logic, netlist, module.reader(inputs, module.at_rest(inputs, module.unknown_state())), ())


def _never(reachable: Reachable, marks: Marks, point: Point) -> list[list[Truth]]:
    """Return the claim that the mark of a point is reached in no instance; none if the point has no mark."""
    logic, reader, pattern = reachable.logic, reachable.reader, _path(point, "*")
    cells = [
        cell
        for name, cell in reachable.netlist["cells"].items()
        if cell["type"] == "$check" and fnmatch.fnmatchcase(_plain_path(name), pattern)
    ]
    here = [cell for cell in cells if point in marks and cell["attributes"]["src"].startswith(marks[point])]
    reached = [logic.every([reader.bits(cell["connections"][port]).is_true() for port in ("A", "EN")]) for cell in here]
    return [[logic.every([each.inverted() for each in reached])]] if reached else []


def _constants(reachable: Reachable, point: Point) -> list[list[Truth]]:
    """Return the claims that a bit is always 0, and always 1, for each instance; none if there is no such bit.

    A bit that nothing drives has no level that it could leave.
    """
    logic, reader = reachable.logic, reachable.reader
    driven = [reader.bits([bit]) for bit in _driven_bits(reachable, point)]
    of_each = [[level.equals(logic.number(n, 1)) for n in (0, 1)] for level in driven]
    return of_each or ([[logic.constant(True)]] if _bits_of(reachable, point) else [])


def _driven_bits(reachable: Reachable, point: Point) -> list[Any]:
    """Return the bit of a toggle in each instance, but not where nothing drives it."""
    return [bit for bit in _bits_of(reachable, point) if reachable.reader.is_driven(bit)]


def _bits_of(reachable: Reachable, point: Point) -> list[Any]:
    """Return the bit of a toggle in each instance."""
    pattern = _path(point, point.vector)
    nets = [net for name, net in reachable.netlist["netnames"].items() if fnmatch.fnmatchcase(name, pattern)]
    places = [(net["bits"], point.bit - net.get("offset", 0)) for net in nets]
    return list(dict.fromkeys(bits[i] for bits, i in places if 0 <= i < len(bits)))


def _plain_path(name: str) -> str:
    """Return the path of a cell without the marks that Yosys puts before and into it."""
    return name.removeprefix("$flatten").replace("\\", "")


def _path(point: Point, ending: str) -> str:
    """Return the pattern of a point's names in a flat netlist: below the top, and with * for what differs."""
    below_top = point.instance.split(".")[2:]
    return with_stars_only(".".join([*below_top, ending]))
