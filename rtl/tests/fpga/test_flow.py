"""Designs that a device cannot take are refused. These designs are so small, or so wrong, that it takes seconds."""

import json
from pathlib import Path
from typing import Any

import pytest
from amaranth import Module, Signal
from amaranth.hdl import Elaboratable
from amaranth.lib import io, memory

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import bitfile, boards, clocks, flow, report
from draupnir.rtl.fpga.flow import DoesNotFit, MissesTiming, Request
from draupnir.rtl.fpga.report import Clock, Usage

ICEBREAKER = boards.board("icebreaker")


class Adder(Elaboratable):
    """A design that adds up bits in one clock."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        total = Signal(48)
        m.d.sync += total.eq(total + (total >> 3) + 12345)
        m.submodules.led = led = io.Buffer("o", platform.request("led_g", 0, dir="-"))
        m.d.comb += led.o.eq(total[-1])
        return m


class Hoard(Elaboratable):
    """A design with more block RAM than the device has."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.words = words = memory.Memory(shape=14, depth=1 << 14, init=[], attrs={"ram_style": "block"})
        write, read = words.write_port(), words.read_port()
        addr = Signal(14)
        m.d.sync += addr.eq(addr + 1)
        m.d.comb += [write.addr.eq(addr), read.addr.eq(addr + 7), write.data.eq(addr), write.en.eq(addr[3])]
        m.submodules.led = led = io.Buffer("o", platform.request("led_g", 0, dir="-"))
        m.d.comb += led.o.eq(read.data.xor())
        return m


def _commands(design: Elaboratable, folder: Path, mhz: float) -> list[list[str]]:
    options = f"--report top.json.report --timing-allow-fail --freq {mhz}"
    plan = ICEBREAKER.make_platform().prepare(design, "top", emit_src=False, nextpnr_opts=options)
    plan.extract(folder)
    commands: list[list[str]] = json.loads(plan.files["build_top.json"])["commands"]
    return commands


def test_a_design_that_misses_timing_is_refused_with_the_figures(tmp_path: Path) -> None:
    commands = _commands(Adder(), tmp_path, 400)
    # The design would meet the pin's own constraint, 12 MHz.
    (tmp_path / "top.pcf").write_text((tmp_path / "top.pcf").read_text().replace("12.0", "400"))
    flow.run_synthesis(commands[0], tmp_path)
    with pytest.raises(MissesTiming, match=r"^odin on icebreaker: misses timing: .* of 400.00 MHz; --freq"):
        flow.place_and_route(Request("odin", ICEBREAKER, 400e6), commands[1], tmp_path)


def test_a_design_that_does_not_fit_is_refused_with_the_figures(tmp_path: Path) -> None:
    commands = _commands(Hoard(), tmp_path, 12)
    flow.run_synthesis(commands[0], tmp_path)
    with pytest.raises(DoesNotFit, match="odin on icebreaker: does not fit: block RAMs 56 of 30 "):
        flow.place_and_route(Request("odin", ICEBREAKER, 12e6), commands[1], tmp_path)


def test_a_board_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="--board arty: no such board; there are ulx3s-25f, ulx3s-85f, icebreaker"):
        boards.board("arty")


def test_utilisation_is_read_from_the_log_where_there_is_no_report() -> None:
    log = (
        "Info: Device utilisation:\nInfo: \t    ICESTORM_LC:    6123/   5280   115%\nInfo: \t   SB_IO:  0/  96     0%\n"
    )
    assert report.of_log(log) == (Usage("logic cells", 6123, 5280),)
    assert not report.of_log(log)[0].fits


def test_report_tells_which_clock_is_too_slow(tmp_path: Path) -> None:
    nextpnr_report = {
        "utilization": {"TRELLIS_COMB": {"used": 10, "available": 24288}, "GSR": {"used": 0, "available": 1}},
        "fmax": {
            "$glbnet$chip.CLK$TRELLIS_IO_IN": {"achieved": 31.5, "constraint": 40.0},
            "$glbnet$SCK": {"achieved": 70.0, "constraint": 40.0},
        },
    }
    (tmp_path / "report").write_text(json.dumps(nextpnr_report))
    read = report.read(tmp_path / "report")
    assert read.usage == (Usage("logic cells", 10, 24288),)
    assert read.clocks == (Clock("chip.CLK", 31.5, 40.0), Clock("SCK", 70.0, 40.0))
    assert [clock.met for clock in read.clocks] == [False, True]


def test_build_json_has_the_origin_and_takes_notes(tmp_path: Path) -> None:
    request = Request("odin", ICEBREAKER, 12e6, origin={"command": "draupnir bitstream odin", "seeds": [flow.SEED]})
    plan = clocks.plan(ICEBREAKER.family, ICEBREAKER.oscillator_hz, 24e6)
    about = flow._about(request, plan, report.RoutedReport((), ()), [])
    assert about["origin"] == {"command": "draupnir bitstream odin", "seeds": [1]}
    (tmp_path / bitfile.ABOUT).write_text(json.dumps(about))
    bitfile.note(tmp_path, {"patched": {"command": "again"}})
    assert bitfile.about(tmp_path) == json.loads(json.dumps(about)) | {"patched": {"command": "again"}}
    assert [path.name for path in tmp_path.iterdir()] == [bitfile.ABOUT]
