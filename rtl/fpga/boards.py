"""The boards, as data: the platform of amaranth-boards, and the board's resources that a chip uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from amaranth.build import Attrs, Pins, Resource, Subsignal

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga.memories import BlockAndSpram, BlockMemories

Family = Literal["ecp5", "ice40"]
Vendor = Literal["vivado", "gowin"]

_TOOLCHAINS = {"vivado": "Vivado", "gowin": "Gowin"}
_MEMORIES = {"ecp5": BlockMemories, "ice40": BlockAndSpram}
ONE_EDGE = 2  # clocks of the bridge in a clock of a chip that uses one edge
_ULX3S_GPIO = tuple(f"{pair}{sign}" for pair in range(28) for sign in "+-")


@dataclass(frozen=True)
class FpgaBoard:
    """A board.

    platform : module and class of its Amaranth platform
    family : the family of its FPGA; the vendor's name if only the vendor's tools make bitstreams
    device : the FPGA, as its maker writes it
    oscillator : the name of the clock's resource; its frequency in Hz is ``oscillator_hz``
    uart : name, number and subsignals of the serial line to the host
    header : the pins of connector ("gpio", 0) for the chip's pins, in the order of the chip's declaration; empty if the
        board has too few
    reset : name and number of the button that resets the chip
    attrs : the attributes of all header pins
    freq : the default frequency in Hz of the clock of a chip that uses one edge, which ODIN reaches
    uart_pins : rx and tx on connector ("pmod", 0), if the board has no serial line of its own
    """

    name: str
    platform: tuple[str, str]
    family: Family | Vendor
    device: str
    oscillator: str
    oscillator_hz: float
    uart: tuple[str, int, tuple[str, ...]]
    header: tuple[str, ...]
    reset: tuple[str, int]
    attrs: Mapping[str, str]
    freq: float
    uart_pins: tuple[str, str] | None = None

    def chip_freq(self, clocks_a_cycle: int) -> float:
        """Return the default frequency in Hz of a chip's clock; the bridge's is the same for all chips.

        clocks_a_cycle : the clocks of the bridge in a clock of the chip
        """
        return self.freq * ONE_EDGE / clocks_a_cycle

    def make_platform(self) -> Any:
        """Return a new platform for one design, which puts the chip's memories into block RAM."""
        module, name = self.platform
        theirs = getattr(import_module(f"amaranth_boards.{module}"), name)
        if self.family in _TOOLCHAINS:
            platform = theirs(toolchain=_TOOLCHAINS[self.family])
        else:
            platform = type(name, (_MEMORIES[self.family], theirs), {})()
        if self.uart_pins:
            rx, tx = self.uart_pins
            pins = (
                Subsignal("rx", Pins(rx, dir="i", conn=("pmod", 0))),
                Subsignal("tx", Pins(tx, dir="o", conn=("pmod", 0))),
            )
            platform.add_resources([Resource("uart", 0, *pins, Attrs(**self.attrs))])
        return platform


BOARDS = {
    board.name: board
    for board in (
        *(
            FpgaBoard(
                f"ulx3s-{size.lower()}",
                ("ulx3s", f"ULX3S_{size}_Platform"),
                "ecp5",
                f"LFE5U-{size}",
                "clk25",
                25e6,
                ("uart", 0, ("rx", "tx", "rts", "dtr")),
                _ULX3S_GPIO,
                ("button_fire", 0),
                {"IO_TYPE": "LVCMOS33"},
                25e6,
            )
            for size in ("25F", "85F")
        ),
        FpgaBoard(
            "icebreaker",
            ("icebreaker", "ICEBreakerPlatform"),
            "ice40",
            "iCE40UP5K",
            "clk12",
            12e6,
            ("uart", 0, ("rx", "tx")),
            (),
            ("button", 0),
            {"IO_STANDARD": "SB_LVCMOS"},
            9e6,
        ),
    )
}

# For these boards there are only projects, for the tools of the FPGA's maker.
PROJECT_BOARDS = {
    board.name: board
    for board in (
        FpgaBoard(
            "arty-a7-35",
            ("arty_a7", "ArtyA7_35Platform"),
            "vivado",
            "xc7a35ti",
            "clk100",
            100e6,
            ("uart", 0, ("rx", "tx")),
            (),
            ("button", 0),
            {"IOSTANDARD": "LVCMOS33"},
            25e6,
        ),
        FpgaBoard(
            "arty-z7-20",
            ("arty_z7", "ArtyZ720Platform"),
            "vivado",
            "xc7z020",
            "clk125",
            125e6,
            ("uart", 0, ("rx", "tx")),
            (),
            ("button", 0),
            {"IOSTANDARD": "LVCMOS33"},
            15.625e6,
            uart_pins=("1", "2"),
        ),
        FpgaBoard(
            "tang-primer-20k",
            ("tang_primer_20k", "TangPrimer20kDockPlatform"),
            "gowin",
            "GW2A-18C",
            "clk27",
            27e6,
            ("uart", 0, ("rx", "tx")),
            (),
            ("button", 0),
            {"IO_TYPE": "LVCMOS33"},
            13.5e6,
        ),
    )
}


def board(name: str) -> FpgaBoard:
    """Return the board of this name. Raises InputError if there is none."""
    return _board_of(BOARDS, name)


def project_board(name: str | None, vendor: Vendor) -> FpgaBoard:
    """Return the vendor's board of this name, or its first board for None. Raises InputError if there is none."""
    of_vendor = {board.name: board for board in PROJECT_BOARDS.values() if board.family == vendor}
    return _board_of(of_vendor, name) if name else next(iter(of_vendor.values()))


def _board_of(boards: Mapping[str, FpgaBoard], name: str) -> FpgaBoard:
    if name not in boards:
        problem = f"--board {name}: no such board" if name else "which board? --board"
        raise InputError(f"{problem}; there are {', '.join(boards)}")
    return boards[name]
