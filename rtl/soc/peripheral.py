"""One of our chips as a peripheral of a bus: the chip, its side of the bridge, the executor, and the bus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth import ClockDomain, DomainRenamer, Module
from amaranth.hdl import Elaboratable
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from draupnir.emulator.declare import Chip, Pin, Probe
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.bridge.board import title
from draupnir.rtl.bridge.chip_side import EVENT_DEPTH, SPIKE_DEPTH, ChipSide
from draupnir.rtl.design import Design
from draupnir.rtl.lib.views import ports_of
from draupnir.rtl.soc.address_map import AddressMap, address_map
from draupnir.rtl.soc.axi_lite import AxiLite, axi_lite_pins
from draupnir.rtl.soc.executor import BusExecutor
from draupnir.rtl.soc.wishbone import WishboneClassic, wishbone_pins


@dataclass(frozen=True)
class BusFace:
    """A bus in front of the executor.

    title : the bus's name as people write it
    clock, reset : the pins of its clock and of its reset; the reset is synchronous
    pins : all other pins, for the bits of an address
    make : the component, for the bits of an address
    """

    title: str
    clock: Pin
    reset: Pin
    pins: Callable[[int], tuple[Pin, ...]]
    make: Callable[[int], wiring.Component]


FACES: Mapping[str, BusFace] = {
    "axi4-lite": BusFace(
        "AXI4-Lite",
        Pin("aclk", "in", 1, "clock", "Clock of the bus; the chip's clock has half its frequency or less."),
        Pin("aresetn", "in", 1, "reset", "Reset of the bus, synchronous.", active="low"),
        axi_lite_pins,
        AxiLite,
    ),
    "wishbone": BusFace(
        "Wishbone B4, classic",
        Pin("clk_i", "in", 1, "clock", "Clock of the bus; the chip's clock has half its frequency or less."),
        Pin("rst_i", "in", 1, "reset", "Reset of the bus, synchronous."),
        wishbone_pins,
        WishboneClassic,
    ),
}
IRQ = Pin("irq", "out", 1, "status", "Interrupt, 1 while an enabled cause is pending.")


def face(bus: str) -> BusFace:
    """Return the bus of this name. Raises InputError if there is none."""
    if bus not in FACES:
        raise InputError(f"bus {bus!r}: there are {', '.join(FACES)}")
    return FACES[bus]


class _ChipOnExecutor(wiring.Component):
    """The executor with the chip's side of the bridge; its ports are the chip's pins, and the executor's."""

    def __init__(self, the_map: AddressMap, executor: BusExecutor, side: Mapping[str, Any]) -> None:
        own = {name: executor.signature.members[name] for name in ("request", "response", "irq")}
        super().__init__(own | ChipSide.ports(the_map.chip))
        self._executor, self._side = executor, ChipSide(self, the_map.chip, **side)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.executor = executor = self._executor
        connect(m, wiring.flipped(self.request), executor.request)
        connect(m, executor.response, wiring.flipped(self.response))
        m.d.comb += self.irq.eq(executor.irq)
        self._side.connect(m, executor)
        return m


class Peripheral(wiring.Component):
    """A chip on a bus; its ports are the pins of the bus, and ``irq``.

    chip : the component with the chip's RTL; the_map : the addresses of the peripheral
    half, event_depth, spike_depth : as for ``ChipSide``

    The peripheral has the clock domain ``bus``. The chip makes its own domains from its clock pin.
    """

    def __init__(
        self,
        bus: str,
        chip: Elaboratable,
        the_map: AddressMap,
        half: int | None = None,
        event_depth: int = EVENT_DEPTH,
        spike_depth: int = SPIKE_DEPTH,
    ) -> None:
        self._face = face(bus)
        self._pins = bus_pins(bus, the_map)
        super().__init__(ports_of(self._pins))
        self._chip, self._map = chip, the_map
        executor = BusExecutor(the_map, event_depth, spike_depth)
        side = {"half": half, "event_depth": event_depth, "spike_depth": spike_depth}
        self._inside = _ChipOnExecutor(the_map, executor, side)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        domain = ClockDomain("bus")
        reset = getattr(self, self._face.reset.name)
        m.domains += domain
        m.d.comb += [
            domain.clk.eq(getattr(self, self._face.clock.name)),
            domain.rst.eq(reset == self._face.reset.active_level),
        ]
        m.submodules.chip = self._chip
        bus = self._face.make(self._map.addr_bits)
        m.submodules.bus = DomainRenamer("bus")(bus)
        m.submodules.peripheral = DomainRenamer("bus")(self._inside)
        connect(m, bus.request, self._inside.request)
        connect(m, self._inside.response, bus.response)
        m.d.comb += self.irq.eq(self._inside.irq)
        for pin in self._face.pins(self._map.addr_bits):
            outside, inside = getattr(self, pin.name), getattr(bus, pin.name)
            m.d.comb += inside.eq(outside) if pin.direction == "in" else outside.eq(inside)
        for pin in self._map.chip.pins:
            of_chip, of_side = getattr(self._chip, pin.name), getattr(self._inside, pin.name)
            m.d.comb += of_chip.eq(of_side) if pin.direction == "in" else of_side.eq(of_chip)
        return m


def bus_pins(bus: str, the_map: AddressMap) -> tuple[Pin, ...]:
    """Return the pins of a peripheral. Raises InputError for an unknown bus."""
    the_face = face(bus)
    return (the_face.clock, the_face.reset, *the_face.pins(the_map.addr_bits), IRQ)


def map_of(chip: str, **parameters: Any) -> AddressMap:
    """Return the map of one of our chips. Raises InputError as ``emit.declaration`` and ``address_map`` do."""
    return address_map(emit.declaration(chip, **parameters), title(chip, parameters))


def make_peripheral(
    chip: str,
    bus: str,
    half: int | None = None,
    event_depth: int = EVENT_DEPTH,
    spike_depth: int = SPIKE_DEPTH,
    **parameters: Any,
) -> Peripheral:
    """Return one of our chips on a bus.

    bus : a name in ``FACES``; parameters : those of the chip; the others as for ``Peripheral``

    Raises InputError as ``map_of`` and ``emit.make`` do, and for an unknown bus.
    """
    face(bus)
    the_map = map_of(chip, **parameters)
    return Peripheral(bus, emit.make(chip, **parameters), the_map, half, event_depth, spike_depth)


def declaration(bus: str, the_map: AddressMap) -> Chip:
    """Return a declaration of the peripheral: pins of the bus, the chip's memories, and its pins as probes."""
    chip = the_map.chip
    return Chip(
        name=f"{chip.name}_soc",
        title=f"{chip.title}, on a bus",
        pins=bus_pins(bus, the_map),
        memories=chip.memories,
        registers=(),
        blocks=(),
        events=(),
        source=chip.source,
        probes=tuple(Probe(name, pin.width, _path(pin), pin.meaning) for name, pin in _probe_names(chip).items()),
    )


def _probe_names(chip: Chip) -> dict[str, Pin]:
    return {f"chip_{pin.name}": pin for pin in chip.pins}


def _path(pin: Pin) -> str:
    """Return the path of a pin of the chip at the side that drives it; an input that the chip ignores is only there."""
    return f"{'peripheral' if pin.direction == 'in' else 'chip'}.{pin.name}"


def design(chip: str, bus: str, out_dir: Path, **of_peripheral: Any) -> Design:
    """Write a peripheral as Verilog into ``out_dir``, and return it as a design for a simulator.

    Raises InputError as ``make_peripheral`` does.
    """
    top = f"{chip}_soc"
    path = emit.write_verilog(make_peripheral(chip, bus, **of_peripheral), top, out_dir)
    parameters = {name: setting for name, setting in of_peripheral.items() if name in emit.parameters(chip)}
    sized_chip = emit.declaration(chip, **parameters)
    memories = {name: f"chip.{inside}" for name, inside in emit.our_chip(chip).paths(**sized_chip.sizes).items()}
    probes = {name: _path(pin) for name, pin in _probe_names(sized_chip).items()}
    return Design(top, (path,), memories, probes=probes)
