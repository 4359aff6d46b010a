"""A board's top: the clock, the reset, the chip, and the bridge to the host or the chip's pins at the header."""

from __future__ import annotations

from typing import Any

from amaranth import ClockDomain, ClockSignal, DomainRenamer, Elaboratable, Module, ResetSignal, Signal
from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.rtl.bridge.bridge import Bridge
from draupnir.rtl.bridge.protocol import clocks_a_cycle
from draupnir.rtl.fpga.boards import FpgaBoard
from draupnir.rtl.fpga.clocks import ClockPlan, ClockSource

# For about 3 us after configuration, block RAMs of an iCE40 read as 0. We wait five times as long, as Amaranth does.
POWER_ON_SECONDS = 15e-6
CLOCK_NET = "board_clk"
FEWEST_CLOCKS = 4  # the smallest number of clocks in a bit of the serial line
BAUD, BAUD_ERROR = 1_000_000, 0.02  # the rate of the line to the host in bits a second, and its largest relative error
DOMAIN = "board"  # The name "sync" belongs to the chip.


def header_pins(chip: Chip, board: FpgaBoard) -> dict[str, tuple[Pin, tuple[str, ...]]]:
    """Return the name of each pin of the chip, without clock and reset -> the pin, and its header pins, bit 0 first.

    Raises InputError if the header has too few pins, or if the chip uses more than the rise of one clock.
    """
    if chip.period != (1,):
        raise InputError(f"a header is for a chip that uses the rise of one clock; {chip.name} has {chip.used_edges}")
    pins = [pin for pin in (*chip.inputs, *chip.outputs) if pin.role != "reset"]
    needed = sum(pin.width for pin in pins)
    if needed > len(board.header):
        raise InputError(f"{board.name}: {len(board.header)} header pins; {chip.name} has {needed} pins")
    places, n_pins = {}, 0
    for pin in pins:
        places[pin.name] = (pin, board.header[n_pins : n_pins + pin.width])
        n_pins += pin.width
    return places


def divider(freq: float) -> int:
    """Return the number of clocks of ``freq`` Hz in a bit of the line, at least 4.

    Raises InputError if no number is near enough to the rate of the line.
    """
    clocks = max(round(freq / BAUD), 1)
    if clocks < FEWEST_CLOCKS or abs(freq / clocks / BAUD - 1) > BAUD_ERROR:
        raise InputError(f"a bridge at {freq / 1e6:g} MHz cannot make {BAUD:,} baud; --freq asks for another frequency")
    return clocks


class BoardTop(Elaboratable):
    """The design of a board, for ``platform.prepare``.

    clock_plan : the plan of the bridge's clock, which is ``clocks_a_cycle`` times as fast as the chip's; without a
        bridge, of the chip's
    title : the bridge's answer to IDENTIFY; None for the chip's pins at the header instead of a bridge

    Everything is in reset until the PLL has locked and the block RAMs are ready, and while the board's button is
    pressed. The reset ends with a clock edge. With a bridge, the host drives the chip's own reset.
    """

    def __init__(self, chip: Chip, component: Any, board: FpgaBoard, clock_plan: ClockPlan, title: str | None) -> None:
        self._chip, self._component, self._board, self._plan = chip, component, board, clock_plan
        self._title = title

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.chip = self._component
        self._make_clock(m, platform)
        if self._title is None:
            self._connect_header(m, platform)
        else:
            self._connect_bridge(m, platform, self._title)
        return m

    def _connect_bridge(self, m: Module, platform: Any, title: str) -> None:
        bridge = Bridge(self._chip, divider(self._plan.freq), title=title)
        m.submodules.bridge = DomainRenamer(DOMAIN)(bridge)
        for pin in self._chip.pins:
            of_chip, of_bridge = getattr(self._component, pin.name), getattr(bridge, pin.name)
            m.d.comb += of_chip.eq(of_bridge) if pin.direction == "in" else of_bridge.eq(of_chip)
        chip_freq = self._plan.freq / clocks_a_cycle(self._chip)
        platform.add_clock_constraint(getattr(self._component, self._chip.clock.name), chip_freq)
        name, number, subsignals = self._board.uart
        uart = platform.request(name, number, dir=dict.fromkeys(subsignals, "-"))
        m.submodules.rx, m.submodules.tx = rx, tx = io.Buffer("i", uart.rx), io.Buffer("o", uart.tx)
        m.d.comb += [bridge.rx.eq(rx.i), tx.o.eq(bridge.tx)]

    def _make_clock(self, m: Module, platform: Any) -> None:
        board = self._board
        button = io.Buffer("i", platform.request(*board.reset, dir="-"))
        m.submodules.button = button
        oscillator = platform.request(board.oscillator, 0, dir="-")
        m.submodules.clock_source = source = ClockSource(board.family, board.oscillator_hz, self._plan, oscillator)
        board_clk = Signal(name=CLOCK_NET)
        m.d.comb += board_clk.eq(source.clk)
        if self._plan.pll is not None or self._plan.halvings:
            platform.add_clock_constraint(board_clk, self._plan.freq)
        m.domains.power_on = ClockDomain(reset_less=True, local=True)
        m.domains += ClockDomain(DOMAIN)
        waits = Signal(range(int(POWER_ON_SECONDS * self._plan.freq) + 1), init=int(POWER_ON_SECONDS * self._plan.freq))
        awake = Signal()
        m.d.comb += [ClockSignal("power_on").eq(board_clk), ClockSignal(DOMAIN).eq(board_clk)]
        with m.If(~source.locked):
            m.d.power_on += waits.eq(waits.init)
        with m.Elif(waits == 0):
            m.d.power_on += awake.eq(1)
        with m.Else():
            m.d.power_on += waits.eq(waits - 1)
        m.submodules.reset = ResetSynchronizer(~awake | button.i, domain=DOMAIN)

    def _connect_header(self, m: Module, platform: Any) -> None:
        m.d.comb += getattr(self._component, self._chip.clock.name).eq(ClockSignal(DOMAIN))
        for pin in self._chip.inputs:
            if pin.role == "reset":
                reset = ResetSignal(DOMAIN)
                m.d.comb += getattr(self._component, pin.name).eq(reset if pin.active_level else ~reset)
        places = header_pins(self._chip, self._board)
        subsignals = [
            Subsignal(name, Pins(" ".join(place), dir="i" if pin.direction == "in" else "o", conn=("gpio", 0)))
            for name, (pin, place) in places.items()
        ]
        platform.add_resources([Resource("chip", 0, *subsignals, Attrs(**self._board.attrs))])
        ports = platform.request("chip", 0, dir=dict.fromkeys(places, "-"))
        for name, (pin, _) in places.items():
            inward = pin.direction == "in"
            m.submodules[f"pin_{name}"] = buffer = io.Buffer("i" if inward else "o", getattr(ports, name))
            signal = getattr(self._component, name)
            m.d.comb += signal.eq(buffer.i) if inward else buffer.o.eq(signal)
