"""One of our chips with the bridge in front of it. A board adds only a clock and the serial line."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from amaranth import ClockDomain, DomainRenamer, Module
from amaranth.hdl import Elaboratable
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.declare import Chip, Pin
from draupnir.rtl import emit
from draupnir.rtl.bridge.bridge import Bridge
from draupnir.rtl.bridge.chip_side import EVENT_DEPTH, SPIKE_DEPTH
from draupnir.rtl.bridge.protocol import LONGEST_TITLE, buses
from draupnir.rtl.design import Design


class Board(wiring.Component):
    """A chip and its bridge; ``pins`` declares the three pins.

    CLK : the bridge's clock; the bridge makes the chip's clock from it
    RX, TX : the serial line, 1 when it is idle

    chip : the component with the chip's RTL; declaration : the declaration of its pins
    divider, of_bridge : as for ``Bridge``

    The board has the clock domain ``bridge``. The chip makes its own domains, ``sync`` among them, from its clock pin.
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
    """Return the text that IDENTIFY answers for a chip: its name, and the parameters that differ from the defaults.

    If the parameters are too long for a response, a digest stands for them.
    """
    defaults = emit.parameters(chip)
    words = [f"{name}={_word(content)}" for name, content in sorted(parameters.items())
             if name in defaults and content != defaults[name]]  # fmt: skip
    text = " ".join([chip, *words])
    return text if len(text) <= LONGEST_TITLE else f"{chip} {sha256(text.encode()).hexdigest()}"


def _word(content: int | bool) -> str:
    """Return a parameter's content in the form that ``--set`` takes."""
    if isinstance(content, bool):
        return "yes" if content else "no"
    return str(content)


def make_board(
    chip: str,
    divider: int,
    half: int | None = None,
    event_depth: int = EVENT_DEPTH,
    spike_depth: int = SPIKE_DEPTH,
    **parameters: Any,
) -> Board:
    """Return a board with one of our chips.

    chip : the name of the chip; parameters : its parameters
    divider, half, event_depth, spike_depth : as for ``Bridge``

    Raises InputError as ``emit.make`` does, and for a chip that lacks the buses that a bridge needs.
    """
    declaration = emit.declaration(chip, **parameters)
    buses(declaration)  # It raises before there are components, because Amaranth warns of components that are not used.
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
    """Return a declaration of the board: its pins are the clock and the line, its memories are the chip's."""
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
    """Write a board as Verilog into ``out_dir``, and return it as a design for a simulator.

    Raises InputError as ``make_board`` does.
    """
    path = emit.write_verilog(make_board(chip, divider, **of_board), "board", out_dir)
    sizes = emit.declaration(chip, **of_board).sizes
    memories = {name: f"chip.{inside}" for name, inside in emit.our_chip(chip).paths(**sizes).items()}
    return Design("board", (path,), memories)
