"""The executor of a bus: it carries out one access after the other, on the registers or through a window."""

from collections.abc import Iterable
from typing import Any

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.declare import Pin
from draupnir.rtl.bridge.aer import CYCLE_BITS
from draupnir.rtl.bridge.chip_side import executor_ports
from draupnir.rtl.lib.views import ports_of
from draupnir.rtl.soc.address_map import PAGE, AddressMap
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES, CAUSES, STICKY, BusRegister
from draupnir.rtl.soc.window_access import WindowAccess


class BusRequest(data.StructLayout):
    """An access of the bus.

    addr : bytes from the beginning of the peripheral; its lowest two bits do not matter
    strb : for a write, the bytes to write
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__({"addr": addr_bits, "write": 1, "content": BUS_BITS, "strb": BUS_BYTES})


class BusResponse(data.Struct):
    """The answer to an access; error : 1 if the access did nothing, because it is forbidden."""

    content: BUS_BITS
    error: 1


def front_ports(addr_bits: int, pins: Iterable[Pin]) -> dict[str, Any]:
    """Return the ports of a bus in front of the executor: request and response, and the pins of the bus."""
    return {
        "request": Out(stream.Signature(BusRequest(addr_bits))),
        "response": In(stream.Signature(BusResponse)),
        **ports_of(pins),
    }


class BusExecutor(wiring.Component):
    """Carry out one access after the other. The ports to the chip are those of ``chip_side.executor_ports``.

    request, response : one response for each request; the next request is taken after the response
    irq : 1 while an enabled cause is pending

    address_map : what the bus finds where
    event_depth, spike_depth : the largest numbers of events and of spikes in the queues

    A response comes two clocks after the request, if it is for a register of the peripheral. But a change of PINS_IN
    waits until the chip's inputs may change, and ``forget`` until the queue is empty. An access through a window takes
    a transaction of the chip's SPI for each chunk.
    """

    def __init__(self, address_map: AddressMap, event_depth: int, spike_depth: int) -> None:
        self._map = address_map
        ports = executor_ports(address_map.buses)
        n_levels = sum(pin.width for pin in address_map.buses.levels_in)
        super().__init__(
            {
                "request": In(stream.Signature(BusRequest(address_map.addr_bits))),
                "response": Out(stream.Signature(BusResponse)),
                "irq": Out(1),
                **ports,
                "levels_in": Out(n_levels, init=address_map.register("PINS_IN").reset),
            }
        )
        self._contents: dict[str, Value] = {}  # of the registers, as the bus reads them
        self._depths = (event_depth, spike_depth)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._access = Signal(BusRequest(self._map.addr_bits))
        self._strobes = {
            register.name: Signal(name=f"{register.name.lower()}_strobes") for register in self._map.registers
        }
        self._make_flow(m)
        self._make_causes(m)
        self._make_run(m)
        self._make_queues(m)
        self._make_contents()
        if self._map.windows:
            self._connect_window(m)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.request.ready.eq(1)
                with m.If(self.request.valid):
                    m.d.sync += [self._access.eq(self.request.payload), Value.cast(self.response.payload).eq(0)]
                    m.next = "DECODE"
            with m.State("DECODE"):
                self._decode(m)
            with m.State("PINS"):
                with m.If(self.look):
                    m.d.sync += self.levels_in.eq(self._access.content)
                    m.next = "RESPOND"
            with m.State("FORGET"):
                with m.If(self.event_level == 0):
                    m.next = "RESPOND"
            if self._map.windows:
                with m.State("WINDOW"):
                    self._end_window(m)
            with m.State("RESPOND"):
                m.d.comb += self.response.valid.eq(1)
                with m.If(self.response.ready):
                    m.next = "IDLE"
        with m.If(self.set_levels):
            m.d.sync += self.levels_in.eq(self.next_levels)
        return m

    # --- What the registers hold ---

    def _stored(self, m: Module, name: str) -> Signal:
        """Return a register that the bus writes as a whole."""
        register = self._map.register(name)
        stored = Signal(BUS_BITS, init=register.reset, name=name.lower())
        with m.If(self._strobes[name] & self._access.write):
            m.d.sync += stored.eq(self._access.content)
        self._contents[name] = stored
        return stored

    def _part(self, register: str, field: str, content: Value) -> Value:
        """Return a field of a register's content."""
        f = self._map.register(register).word[field]
        return content[f.lsb : f.msb + 1]

    def _make_flow(self, m: Module) -> None:
        """Make the registers that only hold numbers for the chip's side."""
        control = self._stored(m, "CONTROL")
        self._free = self._part("CONTROL", "free", control)
        is_write = self._strobes["CONTROL"] & self._access.write
        forget = self._part("CONTROL", "forget", self._access.content)
        self._contents["CONTROL"] = control & ~(1 << self._map.register("CONTROL").word["forget"].lsb)
        m.d.comb += [
            self.more.eq(self._part("CONTROL", "more", control)),
            self.more_levels.eq(self._part("CONTROL", "more_levels", control)),
            self.forget.eq(is_write & forget),
        ]
        for name in ("EVENT_DELAYS", "SPIKE_DELAYS"):
            stored = self._stored(m, name)
            for f in self._map.register(name).word:
                m.d.comb += getattr(self, f.name).eq(stored[f.lsb : f.msb + 1])

    def _make_run(self, m: Module) -> None:
        """Count the clocks of RUN. While the chip's clock is free, something is always left."""
        n_left = Signal(CYCLE_BITS)
        counts = self.ran & ~self._free & (n_left != 0)
        m.d.comb += [self.left.eq(Mux(self._free, ~0, n_left)), self._ends.eq(counts & (n_left == 1))]
        with m.If(counts):
            m.d.sync += n_left.eq(n_left - 1)
        starts = self._strobes["RUN"] & self._access.write
        m.d.comb += self.started.eq(starts | self.events.valid & self.events.ready)  # An event is not quiet, either.
        with m.If(starts):
            m.d.sync += n_left.eq(self._access.content)
        self._contents |= {"RUN": n_left, "NOW": self.now, "QUIET": self.quiet}

    def _make_queues(self, m: Module) -> None:
        cycle = self._stored(m, "EVENT_CYCLE")
        pushes = (self._strobes["EVENT"] | self._strobes["EVENT_AT"]) & self._access.write
        pops = self._strobes["SPIKE"] & ~self._access.write
        spike = self.spikes.payload
        m.d.comb += [
            self.events.valid.eq(pushes),
            self.events.payload.addr.eq(self._access.content),
            self.events.payload.cycle.eq(Mux(self._strobes["EVENT"], self.now, cycle)),
            self._loses.eq(pushes & ~self.events.ready),
            self.spikes.ready.eq(pops),
        ]
        valid = self._map.register("SPIKE").word["valid"].lsb
        self._contents |= {
            "SPIKE_CYCLE": Mux(self.spikes.valid, spike.cycle, 0),
            "SPIKE": Mux(self.spikes.valid, spike.addr | 1 << valid, 0),
            "LEVELS": Cat(self.event_level, self.spike_level),
        }

    def _make_causes(self, m: Module) -> None:
        """Make the causes of the interrupt. Some are levels, the others stay until they are cleared."""
        self._ends, self._loses = Signal(), Signal()
        marks, quiet_mark = self._stored(m, "MARKS"), self._stored(m, "QUIET_MARK")
        enable = self._stored(m, "IRQ_ENABLE")
        conditions = {
            "spikes": self.spike_level >= self._part("MARKS", "spikes", marks),
            "events": self.event_level <= self._part("MARKS", "events", marks),
            "quiet": self.quiet >= quiet_mark,
            "done": self._ends,
            "lost": self._loses,
        }
        pending = Signal(len(CAUSES))
        clears = self._strobes["IRQ_PENDING"] & self._access.write
        for f in CAUSES:
            level: Value = conditions[f.name]
            if f.name in STICKY:
                level = Signal(name=f"is_{f.name}")
                with m.If(conditions[f.name]):
                    m.d.sync += level.eq(1)
                with m.Elif(clears & self._access.content[f.lsb]):
                    m.d.sync += level.eq(0)
            m.d.comb += pending[f.lsb].eq(level)
        m.d.comb += self.irq.eq((pending & enable).any())
        self._contents["IRQ_PENDING"] = pending

    def _make_contents(self) -> None:
        events, spikes = self._map.register("DEPTHS").word
        self._contents |= {
            "IDENTITY": Value.cast(self._map.identity),
            "DEPTHS": Value.cast(self._depths[0] << events.lsb | self._depths[1] << spikes.lsb),
            "PINS_IN": self.levels_in,
            "PINS_OUT": self.levels_out,
        }

    # --- How an access goes ---

    def _decode(self, m: Module) -> None:
        access = self._access
        m.d.sync += self.response.payload.error.eq(1)  # unless a case below says otherwise
        m.next = "RESPOND"
        with m.If(access.addr < PAGE):
            with m.Switch(access.addr[BUS_BYTES.bit_length() - 1 :]):
                for register in self._map.registers:
                    with m.Case(register.offset // BUS_BYTES):
                        self._access_register(m, register)
        if self._map.windows:
            with m.Else():
                m.d.comb += self._window.start.eq(1)
                m.next = "WINDOW"

    def _access_register(self, m: Module, register: BusRegister) -> None:
        access = self._access
        if register.is_readable:
            with m.If(~access.write):
                m.d.comb += self._strobes[register.name].eq(1)
                m.d.sync += [
                    self.response.payload.content.eq(self._contents[register.name]),
                    self.response.payload.error.eq(0),
                ]
        if register.is_writable:
            with m.If(access.write & ~access.strb.any()):
                m.d.sync += self.response.payload.error.eq(0)
            with m.Elif(access.write & access.strb.all()):
                m.d.comb += self._strobes[register.name].eq(1)
                m.d.sync += self.response.payload.error.eq(self._loses)
                if register.name == "PINS_IN":
                    m.next = "PINS"
                if register.name == "CONTROL":
                    with m.If(self.forget):
                        m.next = "FORGET"

    def _connect_window(self, m: Module) -> None:
        m.submodules.window = self._window = window = WindowAccess(self._map)
        access = self._access
        pins, levels = self._map.buses.levels_in, self._map.register("PINS_IN").word
        m.d.comb += [
            window.addr.eq(access.addr),
            window.write.eq(access.write),
            window.content.eq(access.content),
            window.strb.eq(access.strb),
            window.in_reset.eq(
                Cat(
                    self.levels_in[f.lsb] == pin.active_level
                    for pin, f in zip(pins, levels, strict=True)
                    if pin.role == "reset"
                ).any()
            ),
            self.spi_half.eq(window.spi_half),
            window.spi_busy.eq(self.spi_busy),
            window.spi_received.eq(self.spi_received),
        ]
        connect(m, window.spi, wiring.flipped(self.spi))

    def _end_window(self, m: Module) -> None:
        with m.If(self._window.done):
            m.d.sync += [
                self.response.payload.content.eq(self._window.answer),
                self.response.payload.error.eq(self._window.error),
            ]
            m.next = "RESPOND"
