"""The flow from a chip and a board to a bitstream: synthesis, place and route, contents of the memories, packing."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import amaranth
import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.protocol import buses, clocks_a_cycle
from draupnir.rtl.fpga import bitfile, clocks, report, synthesis, tools
from draupnir.rtl.fpga.boards import FpgaBoard
from draupnir.rtl.fpga.clocks import ClockPlan
from draupnir.rtl.fpga.memories import MemoryShape, check_placed, numbered
from draupnir.rtl.fpga.report import RoutedReport, Usage
from draupnir.rtl.fpga.top import BoardTop, divider, header_pins

NAME = "top"
STEPS = ("elaboration", "synthesis", "place and route", "packing", "unpacking and comparing")
SEED = 1  # the seed of place and route
_LOGS = {f"{NAME}.rpt": "synthesis.log", f"{NAME}.tim": "place_and_route.log"}
_CONSTRAINTS = {"ecp5": f"{NAME}.lpf", "ice40": f"{NAME}.pcf"}


class Unbuildable(Exception):
    """The design is right, but cannot be built for this device at this frequency; the figures say why."""


class DoesNotFit(Unbuildable):
    """The design needs more than the device has; usage : the use of each kind of cell."""

    def __init__(self, subject: str, usage: tuple[Usage, ...], reason: str) -> None:
        over = [str(each) for each in usage if not each.fits] or [str(each) for each in usage[:3]]
        super().__init__(f"{subject}: does not fit: {', '.join(over) or 'no figures'} ({reason})")
        self.usage = usage


class MissesTiming(Unbuildable):
    """A clock of the routed design is too slow; routed_report : the whole report of nextpnr."""

    def __init__(self, subject: str, routed_report: RoutedReport) -> None:
        missed = ", ".join(str(clock) for clock in routed_report.clocks if not clock.met)
        super().__init__(f"{subject}: misses timing: {missed}; --freq asks for less")
        self.routed_report = routed_report


@dataclass(frozen=True)
class Request:
    """A request for a bitstream.

    chip : the name of a chip with an RTL of ours
    freq : the frequency of its clock in Hz
    parameters : the parameters of its top component
    header : True to connect the chip's pins to the board's header; False for a bridge to the host
    words : memory -> the contents of the words that the chip has, (depth, limbs) uint32, or (copies, depth, limbs);
        other memories are 0
    origin : the origin of the request, for build.json: command, date, commit, versions
    """

    chip: str
    board: FpgaBoard
    freq: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, np.ndarray] = field(default_factory=dict)
    header: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{self.chip} on {self.board.name}"

    @property
    def declaration(self) -> Chip:
        """The chip's declaration. Raises InputError as ``emit.declaration`` does."""
        return emit.declaration(self.chip, **self.parameters)

    @property
    def clocks_a_cycle(self) -> int:
        """The clocks of the board in a clock of the chip."""
        return 1 if self.header else clocks_a_cycle(self.declaration)


@dataclass(frozen=True)
class BuiltBitstream:
    """A bitstream, with its reports.

    bitstream, constraints : the files
    routed_report : the report of place and route
    outside : the memories that the bitstream cannot hold, because their RAM has no initial content
    tools : name of a tool -> its version and its source
    """

    bitstream: Path
    constraints: Path
    clock: ClockPlan
    routed_report: RoutedReport
    outside: tuple[str, ...]
    tools: dict[str, str]


def build(request: Request, out: Path, step: Callable[[str], None] = lambda name: None) -> BuiltBitstream:
    """Build a bitstream in folder ``out``. The memories are read back from it, and compared.

    The folder also gets the routed design as text, constraints, logs and build.json. ``bitfile.pack`` makes other
    bitstreams from these.

    step : a function that is called with the name of each of STEPS when it begins

    Raises InputError for a wrong request, DoesNotFit and MissesTiming.
    """
    board, declaration = request.board, request.declaration
    clock_plan = clocks.plan(board.family, board.oscillator_hz, request.freq * request.clocks_a_cycle)
    # These checks come before there are components, because Amaranth warns of components that are not used.
    check_words(request.chip, request.words)
    if request.header:
        header_pins(declaration, board)
    else:
        buses(declaration)
        divider(clock_plan.freq)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=out) as scratch_name:
        scratch = Path(scratch_name)
        step(STEPS[0])
        commands = _prepare(request, clock_plan, scratch)
        try:
            step(STEPS[1])
            run_synthesis(commands[0], scratch)
            step(STEPS[2])
            routed = place_and_route(request, commands[1], scratch)
        finally:
            for log, file_name in _LOGS.items():
                if (scratch / log).exists():
                    os.replace(scratch / log, out / file_name)
        about = _about(request, clock_plan, routed, [command[0] for command in commands])
        (scratch / bitfile.ABOUT).write_text(json.dumps(about, indent=2) + "\n")
        step(STEPS[3])
        bitstream = bitfile.pack(scratch, board.family, request.words, lambda: step(STEPS[4]))
        constraints = _CONSTRAINTS[board.family]
        for name in (bitfile.FORMS[board.family].routed, constraints, bitfile.ABOUT, bitstream.name):
            os.replace(scratch / name, out / name)
    outside = tuple(about["outside"])
    return BuiltBitstream(out / bitstream.name, out / constraints, clock_plan, routed, outside, about["tools"])


def _prepare(request: Request, clock_plan: ClockPlan, scratch: Path) -> list[list[str]]:
    """Write all inputs of the tools. Return the command lines of all tools but the packer."""
    declaration = request.declaration
    component = emit.make(request.chip, **request.parameters)
    platform = request.board.make_platform()
    steps = synthesis.synthesis(emit.our_chip(request.chip), request.board.family, NAME)
    options = f"--report {NAME}.json.report --timing-allow-fail --seed {SEED} --freq {request.freq / 1e6:g}"
    name = None if request.header else title(request.chip, dict(request.parameters))
    design = BoardTop(declaration, component, request.board, clock_plan, name)
    plan = platform.prepare(
        design,
        NAME,
        emit_src=False,
        nextpnr_opts=" ".join((options, *steps.router)),
        script_after_read=steps.settings,
        synth_opts=steps.options,
        script_after_synth=steps.rest,
    )
    remedy = f"so there is none yet; `draupnir rtl {request.chip}` has the chip's Verilog"
    check_placed(request.subject, _shapes(request), platform.placed, f"a bitstream, {remedy}")
    for name, text in plan.files.items():
        (scratch / name).write_text(text if isinstance(text, str) else text.decode())
    commands: list[list[str]] = json.loads(plan.files[f"build_{NAME}.json"])["commands"]
    return commands[:2]


def check_words(chip: str, words: Mapping[str, np.ndarray]) -> None:
    """Raise InputError for contents of a memory that begins with 0 in any bitstream of the chip.

    words : memory -> its contents, in any shape
    """
    for name in emit.our_chip(chip).zeros:
        if name in words and words[name].any():
            raise InputError(
                f"{name}: a bitstream of {chip} cannot fill it, so it begins with 0; right is to leave it out"
            )


def _shapes(request: Request) -> dict[str, MemoryShape]:
    """Return the shape of each memory, or of each of its copies, without those that begin with 0 in any bitstream."""
    return numbered(
        (part, len(emit.kept_words(request.chip, memory.name, **request.parameters)), memory.width)
        for memory in request.declaration.memories
        if memory.name not in emit.our_chip(request.chip).zeros
        for part in memory.parts
    )


def run_synthesis(command: list[str], scratch: Path) -> None:
    tools.must(command[0], command[1:], scratch)


def place_and_route(request: Request, command: list[str], scratch: Path) -> RoutedReport:
    process = tools.run(command[0], command[1:], scratch)
    log = (scratch / f"{NAME}.tim").read_text() if (scratch / f"{NAME}.tim").exists() else process.output
    if process.status:
        reason = next((line.strip() for line in log.splitlines() if line.startswith("ERROR")), process.errors[0])
        raise DoesNotFit(request.subject, report.of_log(log), reason.removeprefix("ERROR: "))
    routed = report.read(scratch / f"{NAME}.json.report")
    if not all(clock.met for clock in routed.clocks):
        raise MissesTiming(request.subject, routed)
    return routed


def memory_shapes(request: Request) -> tuple[dict[str, MemoryShape], list[str]]:
    """Return name -> shape of the memories that the bitstream holds, and the names of those that the host writes."""
    platform = request.board.make_platform()
    all_shapes = _shapes(request)
    inside = {
        name: shape for name, shape in all_shapes.items() if platform.has_initial_content(shape.depth, shape.width)
    }
    return inside, [name for name in all_shapes if name not in inside]


def _about(
    request: Request, clock_plan: ClockPlan, routed_report: RoutedReport, tool_names: list[str]
) -> dict[str, Any]:
    shapes, outside = memory_shapes(request)
    chip_freq = clock_plan.freq / request.clocks_a_cycle
    packer = bitfile.FORMS[request.board.family].packer
    versions = {name: f"{tools.find(name).version} ({tools.find(name).source})" for name in (*tool_names, packer)}
    return {
        "chip": request.chip,
        "board": request.board.name,
        "device": request.board.device,
        "family": request.board.family,
        "parameters": dict(request.parameters),
        "header": request.header,
        "clock": {
            "chip_mhz": chip_freq / 1e6,
            "board_mhz": clock_plan.freq / 1e6,
            "from": str(clock_plan),
        },
        "memories": shapes,
        "outside": outside,
        "usage": [vars(each) for each in routed_report.usage],
        "clocks": [{**vars(each), "met": each.met} for each in routed_report.clocks],
        "tools": {"amaranth": amaranth.__version__, **versions},
        "origin": dict(request.origin),
    }
