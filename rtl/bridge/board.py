"""A chip of ours with the bridge in front of it: all that a board needs besides a clock and the line."""

import inspect
from pathlib import Path
from typing import Any

from amaranth import ClockDomain, DomainRenamer, Module
from amaranth.hdl import Elaboratable
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.declare import Chip, Pin
from draupnir.rtl import emit
from draupnir.rtl.bridge.bridge import EVENT_DEPTH, SPIKE_DEPTH, Bridge
from draupnir.rtl.bridge.protocol import buses
from draupnir.rtl.design import Design


class Board(wiring.Component):
    """CLK : the bridge's clock, from which it makes the chip's; RX, TX : the line, 1 when idle. See ``pins``.

    chip : the component; declaration : the chip that declares its pins; the rest as for ``Bridge``
    The domain ``bridge`` is made here; those of the chip come out of it, ``sync`` among them.
    """

    CLK: In(1)
    RX: In(1, init=1)
    TX: Out(1, init=1)

    def __init__(self, chip: Elaboratable, declaration: Chip, divider: int, **of_bridge: Any) -> None:
        super().__init__()
        self._chip, self._declaration = chip, declaration
        self._bridge = Bridge(declaration, divider, **of_bridge)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        domain = ClockDomain("bridge", reset_less=True)
        domain.clk = self.CLK
        m.domains += domain
        m.submodules.chip = self._chip
        bridge = self._bridge
        m.submodules.bridge = DomainRenamer("bridge")(bridge)
        m.d.comb += [bridge.rx.eq(self.RX), self.TX.eq(bridge.tx)]
        for pin in self._declaration.pins:
            of_chip, of_bridge = getattr(self._chip, pin.name), getattr(bridge, pin.name)
            m.d.comb += of_chip.eq(of_bridge) if pin.direction == "in" else of_bridge.eq(of_chip)
        return m


def title(chip: str, parameters: dict[str, Any]) -> str:
    """Return what IDENTIFY says of a chip: its name, and those parameters that are not at their defaults."""
    make_parameters = inspect.signature(emit.our_chip(chip).make).parameters
    other = {name: content for name, content in sorted(parameters.items())
             if name in make_parameters and content != make_parameters[name].default}  # fmt: skip
    return " ".join([chip, *(f"{name}={_word(content)}" for name, content in other.items())])


def _word(content: int | bool) -> str:
    """Return a value as ``--set`` has it."""
    if isinstance(content, bool):
        return "yes" if content else "no"
    return str(content)


def make_board(
    chip: str,
    divider: int,
    half: int = 1,
    event_depth: int = EVENT_DEPTH,
    spike_depth: int = SPIKE_DEPTH,
    **parameters: Any,
) -> Board:
    """A board of one of our chips; parameters : of the chip.

    Raises InputError as ``emit.make`` does, and for a chip that has not the buses of a bridge.
    """
    declaration = emit.declaration(chip, **parameters)
    buses(declaration)  # refuses before Amaranth has begun what would come to nothing
    return Board(
        emit.make(chip, **parameters),
        declaration,
        divider,
        half=half,
        title=title(chip, parameters),
        event_depth=event_depth,
        spike_depth=spike_depth,
    )


def pins(chip: Chip) -> Chip:
    """The board declared as a chip is, with the line as its pins and the chip's memories."""
    return Chip(
        name=f"{chip.name}_board",
        title=f"{chip.title}, behind a bridge",
        pins=(
            Pin("CLK", "in", 1, "clock", "Clock of the bridge."),
            Pin("RX", "in", 1, "control", "The line, from the host."),
            Pin("TX", "out", 1, "status", "The line, to the host."),
        ),
        memories=chip.memories,
        registers=(),
        blocks=(),
        events=(),
        source=chip.source,
    )


def design(chip: str, out_dir: Path, divider: int, **of_board: Any) -> Design:
    """A board as Verilog, for a simulator. Raises InputError as ``emit.make`` does."""
    path = emit.write_verilog(make_board(chip, divider, **of_board), "board", out_dir)
    sizes = emit.declaration(chip, **of_board).sizes
    memories = {name: f"chip.{inside}" for name, inside in emit.our_chip(chip).paths(**sizes).items()}
    return Design("board", (path,), memories)
