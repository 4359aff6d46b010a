"""The board of a command, on a serial port or simulated, and the chip on it as a device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.terminal.arguments import sizes
from draupnir.tools.terminal.groups import grouped
from draupnir.tools.terminal.options import parameters

if TYPE_CHECKING:
    import numpy as np

    from draupnir.tools.host.device import BridgedChip
    from draupnir.tools.host.simulated.terminal import SimulatedBoard

BUILD = Path("build/host")


@dataclass(frozen=True)
class BoardOptions:
    """The choice of a board. One of ``port`` and ``simulate`` is None. ``OPTIONS`` has the meaning of each option."""

    port: str | None
    simulate: str | None
    baud: int
    settings: tuple[str, ...]

    def parameters(self, chip: Chip) -> dict[str, Any]:
        """The parameters of the RTL in the bitstream. Raises InputError for one that the chip does not have."""
        if self.simulate == "model":
            if other_settings := sizes(chip.name, self.settings)[1]:
                raise InputError(f"--set {other_settings[0]}: the golden model is the whole chip, without parameters")
            return dict(chip.sizes)
        return parameters(chip.name, self.settings)

    def declaration(self, chip: str) -> Chip:
        """The chip's declaration with these sizes."""
        return chips.declaration(chip, sizes(chip, self.settings)[0])


OPTIONS = (
    click.option("--port", metavar="DEVICE", help="Serial port of the board."),
    click.option(
        "--simulate", type=click.Choice(["model", "rtl"]), help="A simulated board instead: golden model or RTL."
    ),
    click.option(
        "--baud",
        metavar="N",
        type=click.IntRange(min=1),
        default=1_000_000,
        show_default=True,
        help="Speed of the port.",
    ),
    click.option(
        "--set",
        "settings",
        metavar="NAME=N",
        multiple=True,
        help="A size of the chip, or a parameter of the RTL in the bitstream.",
    ),
)


board_options = grouped(BoardOptions, OPTIONS, "board")


@contextmanager
def opened(
    board: BoardOptions, chip: Chip, seed: int | None = None, memories: Mapping[str, np.ndarray] | None = None
) -> Iterator[BridgedChip]:
    """Open the chip on the board as a device, for the time of the ``with`` block.

    seed : 0..2**32 - 1, start value of random registers in the model of a simulated board; None for zeros
    memories : memory -> its content in the bitstream of a simulated board, uint32 of ``Memory.shape``
    Raises InputError if the port cannot be opened, and if the board holds another chip or other parameters.
    """
    from draupnir.rtl.bridge.board import title
    from draupnir.tools.host import link
    from draupnir.tools.host.device import BridgedChip

    settings_by_name = board.parameters(chip)
    port = _port(board, chip, settings_by_name, seed, memories or {})
    with port as name, link.open_port(name, board.baud) as line:
        yield BridgedChip(link.BridgeLink(line, name), chip, title(chip.name, settings_by_name))


@contextmanager
def _port(
    board: BoardOptions,
    chip: Chip,
    settings_by_name: Mapping[str, Any],
    seed: int | None,
    memories: Mapping[str, np.ndarray],
) -> Iterator[str]:
    """The name of the port: the user's, or that of a simulated board."""
    if board.port is not None:
        yield board.port
        return
    from draupnir.tools.host.simulated.terminal import serial_port

    simulated = _model if board.simulate == "model" else _rtl
    with serial_port(simulated(chip, settings_by_name, seed, memories)) as name:
        yield name


def _model(
    chip: Chip, settings_by_name: Mapping[str, Any], seed: int | None, memories: Mapping[str, np.ndarray]
) -> SimulatedBoard:
    from draupnir.rtl.bridge.board import title
    from draupnir.rtl.bridge.chip_side import EVENT_DEPTH, SPIKE_DEPTH
    from draupnir.rtl.bridge.protocol import buses
    from draupnir.tools.host.simulated.model import ModelBoard
    from draupnir.tools.host.simulated.packets import PacketBoard

    model = chips.model(chip.name, chip.sizes)(seed)
    for name, words in memories.items():
        model.memories[name][:] = words
    board = PacketBoard if buses(chip).packets else ModelBoard
    return board(model, title(chip.name, dict(settings_by_name)), EVENT_DEPTH, SPIKE_DEPTH)


def _rtl(
    chip: Chip, settings_by_name: Mapping[str, Any], seed: int | None, memories: Mapping[str, np.ndarray]
) -> SimulatedBoard:
    from draupnir.tools.host.simulated.rtl import RtlBoard

    board = RtlBoard(chip.name, BUILD, **settings_by_name)
    for name, words in memories.items():
        board.device.write_memory(name, words)
    return board
