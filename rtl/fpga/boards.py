"""The boards, as data: which platform of amaranth-boards, and what of it a chip is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from emulator.errors import InputError
from rtl.fpga.memories import BlockAndSpram, BlockMemories

Family = Literal["ecp5", "ice40"]

_ULX3S_GPIO = tuple(f"{pair}{sign}" for pair in range(28) for sign in "+-")
_ODIN_SMALL = {"n_neurons": 256, "izh": False, "bursts": False}


@dataclass(frozen=True)
class Board:
    """A board.

    platform : module and class of its Amaranth platform
    family : of its FPGA
    device : the FPGA, as its maker writes it
    oscillator : name of the clock's resource; its frequency in Hz is ``oscillator_hz``
    uart : name, number and subsignals of the line to the host
    header : pins of connector ("gpio", 0) that a chip's pins go to, in the order of the chip's declaration; none on
        a board with too few of them
    reset : name and number of the button that resets the chip
    attrs : of all header pins
    freqs : default frequency of a chip's clock in Hz, one that was met
    parameters : of a chip where the whole one does not fit
    """

    name: str
    platform: tuple[str, str]
    family: Family
    device: str
    oscillator: str
    oscillator_hz: float
    uart: tuple[str, int, tuple[str, ...]]
    header: tuple[str, ...]
    reset: tuple[str, int]
    attrs: Mapping[str, str]
    freqs: Mapping[str, float]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def make_platform(self) -> Any:
        """A new platform, which takes one design, with block RAM for the chip's memories."""
        module, name = self.platform
        theirs = getattr(import_module(f"amaranth_boards.{module}"), name)
        ours = BlockMemories if self.family == "ecp5" else BlockAndSpram
        return type(name, (ours, theirs), {})()


BOARDS = {
    board.name: board
    for board in (
        *(
            Board(
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
                {"odin": 25e6},
            )
            for size in ("25F", "85F")
        ),
        Board(
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
            {"odin": 12e6},
            {"odin": _ODIN_SMALL},
        ),
    )
}


def board(name: str) -> Board:
    """The board of this name. Raises InputError if there is none."""
    if name not in BOARDS:
        raise InputError(f"--board {name}: no such board; there are {', '.join(BOARDS)}")
    return BOARDS[name]
