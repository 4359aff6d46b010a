"""The bridge's executor decodes a request, carries it out, and writes the response."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.declare import Chip
from draupnir.rtl.bridge.aer import CYCLE_BITS, DELAY_BITS
from draupnir.rtl.bridge.chip_side import DELAYS, executor_ports
from draupnir.rtl.bridge.protocol import (
    BUFFER,
    BY_COMMAND,
    CYCLE_BYTES,
    PAYLOAD,
    POLL_HEAD,
    REFUSED,
    RUN_FORGET,
    RUN_KEEP,
    RUN_MORE,
    RUN_MORE_LEVELS,
    buses,
)
from draupnir.rtl.bridge.protocol import Command as C


class Executor(wiring.Component):
    """Carry out one request after the other.

    identity : the bytes that IDENTIFY answers

    request, ended, release : the request (see ``framing.Deframer``)
    clear, response, length, send, busy : the response (see ``framing.Framer``)
    The other ports are those of ``chip_side.executor_ports``.
    """

    def __init__(self, chip: Chip, identity: bytes) -> None:
        self._buses = bridge_buses = buses(chip)
        self._identity = identity
        super().__init__(
            {
                "ended": In(1),
                "release": Out(1),
                "request": In(stream.Signature(8)),
                "clear": Out(1),
                "response": Out(stream.Signature(8, always_ready=True)),
                "length": In(range(BUFFER + 1)),
                "send": Out(1),
                "busy": In(1),
                **executor_ports(bridge_buses),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._number, self._has_answer, self._command = Signal(8), Signal(), Signal(8)
        self._arguments = Signal(8 * max(8, CYCLE_BYTES + self._buses.event_bytes))  # the last byte is on top
        self._reply = Signal(8 * max(POLL_HEAD, CYCLE_BYTES + self._buses.spike_bytes))  # the next byte is at bit 0
        self._count = Signal(8)  # the number of bytes that are still to be read or written
        self._n_events = Signal(8)
        with m.If(self.ran):
            m.d.sync += self.left.eq(self.left - 1)
        with m.If(self.set_levels):
            m.d.sync += self.levels_in.eq(self.next_levels)
        with m.FSM():
            self._head(m)
            self._take_and_give(m)
            self._levels_state(m)
            if self._buses.spi:
                self._spi_states(m)
            self._event_states(m)
            self._poll_states(m)
            self._identify_states(m)
            with m.State("SEND"):
                m.d.comb += self.send.eq(1)
                m.d.sync += self._has_answer.eq(1)
                m.next = "SENDING"
            with m.State("SENDING"):
                with m.If(~self.busy):
                    m.d.comb += self.release.eq(1)
                    m.next = "RELEASED"
            with m.State("RELEASED"):
                m.next = "IDLE"
        return m

    def _put(self, m: Module, byte: object) -> None:
        m.d.comb += [self.response.valid.eq(1), self.response.payload.eq(byte)]

    def _head(self, m: Module) -> None:
        with m.State("IDLE"):
            with m.If(self.request.valid):
                m.d.comb += self.request.ready.eq(1)
                with m.If(self._has_answer & (self.request.payload == self._number)):
                    m.next = "SEND"
                with m.Else():
                    m.d.comb += self.clear.eq(1)
                    m.d.sync += self._number.eq(self.request.payload)
                    m.next = "NUMBER"
        with m.State("NUMBER"):
            self._put(m, self._number)
            m.next = "COMMAND"
        with m.State("COMMAND"):
            with m.If(self.request.valid):
                m.d.comb += self.request.ready.eq(1)
                m.d.sync += [self._command.eq(self.request.payload), self._n_events.eq(0)]
                self._put(m, self.request.payload)
                self._dispatch(m)
            with m.Elif(self.ended):
                m.next = "SEND"

    def _dispatch(self, m: Module) -> None:
        """Go to the first state of each command. A command with arguments of a fixed length reads them first."""
        lengths = {
            C.LEVELS: self._buses.n_bytes("levels in"),
            C.EVENTS: CYCLE_BYTES + self._buses.event_bytes,
            **{c: sum(int(item.size) for item in BY_COMMAND[c].request) for c in (C.ENVIRONMENT, C.RUN)},
        }
        if self._buses.spi:
            lengths |= {C.SPI_WRITE: 1, C.SPI_EXCHANGE: 1}
        with m.Switch(self.request.payload):
            with m.Case(C.IDENTIFY):
                m.next = "IDENTIFY"
            with m.Case(C.POLL):
                m.next = "POLL"
            for command, length in lengths.items():
                with m.Case(command):
                    m.d.sync += self._count.eq(length)
                    m.next = "TAKE"
            with m.Default():
                self._put(m, self.request.payload | REFUSED)
                m.next = "SEND"

    def _take_and_give(self, m: Module) -> None:
        with m.State("TAKE"):
            with m.If(self._count == 0):
                self._do(m)
            with m.Elif(self.request.valid):
                m.d.comb += self.request.ready.eq(1)
                m.d.sync += [
                    self._arguments.eq(Cat(self._arguments[8:], self.request.payload)),
                    self._count.eq(self._count - 1),
                ]
            with m.Elif(self.ended):
                m.next = "EVENTS DONE"  # The request is too short; the events that it has count.
        with m.State("GIVE"):
            with m.If(self._count == 0):
                with m.If(self._command == C.POLL):
                    m.next = "SPIKES"
                with m.Else():
                    m.next = "SEND"
            with m.Else():
                self._put(m, self._reply[:8])
                m.d.sync += [self._reply.eq(self._reply >> 8), self._count.eq(self._count - 1)]

    def _last(self, n_bytes: int) -> Signal:
        """The last bytes of the arguments."""
        return self._arguments[len(self._arguments) - 8 * n_bytes :]

    def _do(self, m: Module) -> None:
        with m.Switch(self._command):
            with m.Case(C.LEVELS):
                m.d.sync += self.levels_in.eq(self._last(self._buses.n_bytes("levels in")))
                m.next = "LEVELS"
            with m.Case(C.ENVIRONMENT):
                delays = self._last(8)
                for i, name in enumerate(DELAYS):
                    m.d.sync += getattr(self, name).eq(delays.word_select(i, DELAY_BITS))
                m.next = "SEND"
            if self._buses.spi:
                with m.Case(C.SPI_WRITE, C.SPI_EXCHANGE):
                    m.d.sync += self.spi_half.eq(self._last(1))
                    m.next = "SPI"
            with m.Case(C.EVENTS):
                m.next = "EVENT"
            with m.Case(C.RUN):
                clocks, flags = self._last(5)[:CYCLE_BITS], self._last(1)
                m.d.sync += [self.more.eq((flags & RUN_MORE) != 0), self.more_levels.eq((flags & RUN_MORE_LEVELS) != 0)]
                with m.If((flags & RUN_KEEP) == 0):
                    m.d.sync += self.left.eq(clocks)
                    m.d.comb += self.started.eq(1)
                m.d.comb += self.forget.eq((flags & RUN_FORGET) != 0)
                m.next = "SEND"

    def _levels_state(self, m: Module) -> None:
        with m.State("LEVELS"):
            m.d.sync += [self._reply.eq(self.levels_out), self._count.eq(self._buses.n_bytes("levels out"))]
            m.next = "GIVE"

    def _spi_states(self, m: Module) -> None:
        with m.State("SPI"):
            with m.If(~self.spi_busy):
                m.d.comb += [self.spi.valid.eq(self.request.valid), self.spi.payload.eq(self.request.payload)]
                with m.If(self.request.valid & self.spi.ready):
                    m.d.comb += self.request.ready.eq(1)
                    m.next = "SPI BYTE"
                with m.Elif(self.ended):
                    m.next = "SEND"
        with m.State("SPI BYTE"):
            with m.If(~self.spi_busy):
                with m.If(self._command == C.SPI_EXCHANGE):
                    self._put(m, self.spi_received)
                m.next = "SPI"

    def _event_states(self, m: Module) -> None:
        n_bytes = CYCLE_BYTES + self._buses.event_bytes
        event = self._last(n_bytes)
        m.d.comb += [
            self.events.payload.cycle.eq(event[:CYCLE_BITS]),
            self.events.payload.addr.eq(event[CYCLE_BITS:]),
        ]
        with m.State("EVENT"):
            m.d.comb += self.events.valid.eq(1)
            with m.If(self.events.ready):
                m.d.sync += [self._n_events.eq(self._n_events + 1), self._count.eq(n_bytes)]
                m.next = "TAKE"
            with m.Else():
                m.next = "EVENTS DONE"
        with m.State("EVENTS DONE"):
            with m.If(self._command == C.EVENTS):
                self._put(m, self._n_events)
            m.next = "SEND"

    def _poll_states(self, m: Module) -> None:
        n_bytes = CYCLE_BYTES + self._buses.spike_bytes
        with m.State("POLL"):
            m.d.sync += [self._reply.eq(Cat(self.now, self.left, self.quiet)), self._count.eq(POLL_HEAD)]
            m.next = "GIVE"
        with m.State("SPIKES"):
            with m.If(self.spikes.valid & (self.length <= PAYLOAD - n_bytes)):
                m.d.comb += self.spikes.ready.eq(1)
                spike = self.spikes.payload
                m.d.sync += [self._reply.eq(Cat(spike.cycle, spike.addr)), self._count.eq(n_bytes)]
                m.next = "GIVE"
            with m.Else():
                m.next = "SEND"

    def _identify_states(self, m: Module) -> None:
        m.submodules.identity = rom = memory.Memory(shape=8, depth=len(self._identity), init=list(self._identity))
        read = rom.read_port()
        byte_idx = Signal(range(len(self._identity) + 1), name="byte_idx")
        m.d.comb += read.addr.eq(byte_idx)
        with m.State("IDENTIFY"):
            m.d.sync += byte_idx.eq(byte_idx + 1)
            m.next = "IDENTITY"
        with m.State("IDENTITY"):  # The port's output is the byte before ``byte_idx``.
            self._put(m, read.data)
            m.d.sync += byte_idx.eq(byte_idx + 1)
            with m.If(byte_idx == len(self._identity)):
                m.d.sync += byte_idx.eq(Const(0, 8))
                m.next = "SEND"
