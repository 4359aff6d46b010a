"""The size and the speed of a chip in an ECP5, for several parameters, and for somebody else's RTL beside ours.

Each design is the chip alone, with the same options, and place and route chooses its pins. So the figures can be
compared with each other, but they are not those of a board.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import datafiles, emit
from draupnir.rtl.design import Design, OurChip, literal
from draupnir.rtl.fpga import report, synthesis, tools
from draupnir.rtl.fpga.memories import BlockMemories
from draupnir.rtl.fpga.report import Usage

DEVICES = {"25k": "LFE5U-25F-6 CABGA381", "85k": "LFE5U-85F-6 CABGA381"}  # nextpnr's name -> Lattice's name
PACKAGE = ("--package", "CABGA381", "--speed", "6")
TARGET_MHZ, SEED = 50, 1
THEIRS = "--rtl"


@dataclass(frozen=True)
class Row:
    """A variant, with its cells after packing.

    mhz : the frequency of the fastest clock in MHz; None if the variant was not placed and routed
    """

    name: str
    parameters: Mapping[str, Any]
    usage: tuple[Usage, ...]
    mhz: float | None

    def n_used(self, kind: str) -> int:
        return sum(each.used for each in self.usage if each.kind == kind)


@dataclass(frozen=True)
class _Flow:
    """The tools' options, the same for all rows.

    ours : the chip, whose options of the synthesis are those of all rows; route, device : see ``survey``
    """

    ours: OurChip
    route: bool
    device: str


def variants(chip: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the name of a variant -> the parameters of our RTL."""
    return emit.our_chip(chip).variants


def survey(
    chip: Chip, names: list[str], theirs: Design | None, folder: Path, route: bool, device: str = "25k"
) -> Iterator[Row]:
    """Yield a row for each variant, and then one for somebody else's RTL, as soon as it is complete.

    chip : the declaration with the sizes of all variants; a variant may have other sizes
    names : the names of the variants
    theirs : somebody else's RTL; None for none
    route : True to place and route, which takes minutes for each; False only packs
    folder : the folder for logs and reports, with a folder for each variant
    device : one of DEVICES

    Raises InputError for an unknown variant, and with ``route`` for one that has no room in the device.
    """
    all_variants = variants(chip.name)
    for name in names:
        if name not in all_variants:
            raise InputError(f"--variant {name}: {chip.name} has {', '.join(all_variants)}")
    ours = emit.our_chip(chip.name)
    flow = _Flow(ours, route, device)
    for name in names:
        path, parameters = folder / name.replace(" ", "-"), {**chip.sizes, **all_variants[name]}
        emit.write_verilog(emit.make(chip.name, **parameters), ours.top, path, BlockMemories())
        design = Design(ours.top, (path / f"{ours.top}.v",))
        yield _row(name, parameters, design, chip.clock.name, path, flow)
    if theirs is not None:
        yield _row(THEIRS, {}, theirs, theirs.port(chip.clock), folder / "theirs", flow)


def _row(name: str, parameters: Mapping[str, Any], design: Design, clock: str, folder: Path, flow: _Flow) -> Row:
    row = _synthesised(name, parameters, design, folder, flow)
    return _routed(row, clock, folder, flow) if flow.route else row


def _synthesised(name: str, parameters: Mapping[str, Any], design: Design, folder: Path, flow: _Flow) -> Row:
    """Synthesise and pack a design in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*design.files, *design.includes):
        if path.parent != folder:
            shutil.copy(path, folder / path.name)
    system_verilog = "-sv " if design.language == "systemverilog" else ""
    defines = "".join(f"-D{define} " for define in design.options.defines)
    datafiles.put_beside(design.data, folder)
    read = f"read_verilog {system_verilog}{defines}{' '.join(path.name for path in design.files)}"
    read += "".join(f"; chparam -set {name} {literal(value)} {design.top}" for name, value in design.parameters.items())
    script = f"{read}; {synthesis.commands(flow.ours, 'ecp5', design.top)}"
    tools.must("yosys", ["-q", "-l", "synthesis.log", "-p", script], folder)
    log = tools.must("nextpnr-ecp5", [*_options(flow.device), "--pack-only"], folder)
    return Row(name, parameters, report.of_log(log), None)


def _routed(row: Row, clock: str, folder: Path, flow: _Flow) -> Row:
    """Place and route what was synthesised in a folder; clock : the net of the clock whose frequency counts"""
    if excess := [each for each in row.usage if each.used > each.available]:
        need = ", ".join(f"{each.used:,} {each.kind} of {each.available:,}" for each in excess)
        raise InputError(f"{row.name}: {DEVICES[flow.device]} has no room: {need}; --no-route only counts")
    options = ["--seed", str(SEED), "--timing-allow-fail", "--report", "report.json", "--log", "place_and_route.log"]
    router = synthesis.synthesis(flow.ours, "ecp5", flow.ours.top).router
    tools.must("nextpnr-ecp5", ["--quiet", *_options(flow.device), *router, *options], folder)
    routed = report.read(folder / "report.json")
    fastest = routed.clock(clock)
    if fastest is None:
        raise InputError(f"{row.name}: no clock {clock} in what was routed")
    return Row(row.name, row.parameters, routed.usage, fastest.achieved)


def _options(device: str) -> list[str]:
    return [f"--{device}", *PACKAGE, "--json", "chip.json", "--lpf-allow-unconstrained", "--freq", str(TARGET_MHZ)]
