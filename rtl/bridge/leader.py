"""The leader of a chip whose host leads it from timestep to timestep: it drives the chip's buses, tick and levels.

It does in each clock of the chip what emulator/reckon/host.py describes. Several operations may take no time. Then the
chip's clock stands still until the leader has carried them out, one after the other.
"""

from collections.abc import Callable

from amaranth import Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.bridge.aer import CYCLE_BITS, DELAY_BITS, TimedEvent
from draupnir.rtl.bridge.protocol import Operation


class Leader(wiring.Component):
    """Carry out operations.

    i : operations: ``addr`` is the code (``protocol.Operation``), ``cycle`` the operand; ``ready`` when it is complete
    o : bytes from the chip, each with the number of the clock before whose edge its REQ was first 1
    look : 1 while the chip's outputs are as its last edge left them, so that the leader may act
    stb : as for ``BridgeAerSender``
    settled : 1 if the leader has nothing more to do before the next edge
    addr, req, target, tick, levels, out_ack : outputs to the chip; ack, ready, out_addr, out_req : inputs from it
    forget : 1 sets all pins to 0, as after a reset

    addr_bits, out_bits : widths of the input and the output bus; n_levels : the number of level pins
    """

    def __init__(self, addr_bits: int, out_bits: int, n_levels: int) -> None:
        super().__init__(
            {
                "look": In(1),
                "stb": In(1),
                "now": In(CYCLE_BITS),
                **{name: In(DELAY_BITS) for name in ("gap", "hold", "ack_delay", "ack_hold")},
                "forget": In(1),
                "i": In(stream.Signature(TimedEvent(addr_bits))),
                "o": Out(stream.Signature(TimedEvent(out_bits))),
                "settled": Out(1),
                "addr": Out(addr_bits),
                "req": Out(1),
                "ack": In(1),
                "target": Out(1),
                "tick": Out(1),
                "ready": In(1),
                "levels": Out(n_levels),
                "out_addr": In(out_bits),
                "out_req": In(1),
                "out_ack": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._phase = Signal(2)
        self._waited = Signal(CYCLE_BITS)  # the number of clocks in the present delay
        self._n_bytes = Signal(CYCLE_BITS)  # the number of bytes that this operation has received
        self._blocked = Signal()  # The leader does nothing until the next edge.
        self._acts = Signal()
        self._next = {name: Signal.like(getattr(self, name), name=f"{name}_next") for name in self._pins}
        m.d.comb += [
            self.settled.eq(self._blocked),
            self._acts.eq(self.look & self.i.valid & ~self._blocked),
            self.o.payload.cycle.eq(self.now),
            self.o.payload.addr.eq(self.out_addr),
        ]
        with m.If(self._acts):
            self._act(m)
        with m.If(self.stb):
            m.d.sync += [self._blocked.eq(0), *(getattr(self, name).eq(self._next[name]) for name in self._pins)]
        with m.If(self.forget):
            m.d.sync += [self._blocked.eq(0), self._phase.eq(0), self._waited.eq(0), self._n_bytes.eq(0)]
            m.d.sync += [pin.eq(0) for name in self._pins for pin in (getattr(self, name), self._next[name])]
        return m

    _pins = ("addr", "req", "target", "tick", "levels", "out_ack")

    def _act(self, m: Module) -> None:
        """Do a step of the present operation. It ends, goes to another phase, or blocks until the next edge."""
        operand, code = self.i.payload.cycle, self.i.payload.addr
        with m.Switch(code):
            with m.Case(Operation.SPIKE, Operation.TARGET):
                self._send(m, operand, code == Operation.TARGET)
            with m.Case(Operation.TICK):
                self._tick(m, operand[0])
            with m.Case(Operation.TAKE):
                self._take(m, operand)
            with m.Case(Operation.WAIT):
                self._wait(m, operand, lambda: self._finish(m))
            for i in range(len(self.levels)):
                with m.Case(Operation.SET + i):
                    m.d.sync += self._next["levels"][i].eq(operand[0])
                    self._finish(m)
            with m.Default():
                self._finish(m)

    def _finish(self, m: Module) -> None:
        m.d.comb += self.i.ready.eq(1)
        m.d.sync += [self._phase.eq(0), self._waited.eq(0), self._n_bytes.eq(0)]

    def _go(self, m: Module, phase: int) -> None:
        m.d.sync += [self._phase.eq(phase), self._waited.eq(0)]

    def _block(self, m: Module) -> None:
        m.d.sync += self._blocked.eq(1)

    def _wait(self, m: Module, delay: Value, then: Callable[[], None]) -> None:
        """Call ``then`` after a delay in clocks."""
        with m.If(self._waited == delay):
            then()
        with m.Else():
            m.d.sync += self._waited.eq(self._waited + 1)
            self._block(m)

    def _send(self, m: Module, addr: Value, is_target: Value) -> None:
        """Send an event or a target with a four-phase handshake. The operation ends when ACK has fallen."""

        def raise_req() -> None:
            m.d.sync += [self._next["addr"].eq(addr), self._next["target"].eq(is_target), self._next["req"].eq(1)]
            self._go(m, 1)

        def drop_req() -> None:
            m.d.sync += self._next["req"].eq(0)
            self._go(m, 2)

        with m.Switch(self._phase):
            with m.Case(0):
                self._wait(m, self.gap, raise_req)
            with m.Case(1):
                with m.If(self.ack):
                    self._wait(m, self.hold, drop_req)
                with m.Else():
                    self._block(m)
            with m.Default():
                with m.If(self.ack):
                    self._block(m)
                with m.Else():
                    m.d.sync += self._next["target"].eq(0)
                    self._finish(m)

    def _tick(self, m: Module, awaits_ready: Value) -> None:
        """Raise the tick for a clock. With ``awaits_ready`` the operation ends when ``ready`` has fallen and risen."""

        def raise_tick() -> None:
            m.d.sync += self._next["tick"].eq(1)
            self._go(m, 1)
            self._block(m)

        with m.Switch(self._phase):
            with m.Case(0):
                self._wait(m, self.gap, raise_tick)
            with m.Case(1):
                m.d.sync += self._next["tick"].eq(0)
                with m.If(awaits_ready):
                    self._go(m, 2)
                with m.Else():
                    self._finish(m)
            with m.Case(2):
                with m.If(self.ready):
                    self._block(m)
                with m.Else():
                    self._go(m, 3)
            with m.Default():
                with m.If(self.ready):
                    self._finish(m)
                with m.Else():
                    self._block(m)

    def _take(self, m: Module, n_bytes: Value) -> None:
        """Receive bytes with a four-phase handshake each. The operation ends when the last ACK has fallen.

        If the queue has no room, the leader waits, and the chip's clock stands still.
        """

        def raise_ack() -> None:
            m.d.sync += self._next["out_ack"].eq(1)
            self._go(m, 2)

        def drop_ack() -> None:
            m.d.sync += self._next["out_ack"].eq(0)
            with m.If(self._n_bytes == n_bytes):
                self._finish(m)
            with m.Else():
                self._go(m, 0)
                self._block(m)

        with m.Switch(self._phase):
            with m.Case(0):
                with m.If(~self.out_req):
                    self._block(m)
                with m.Else():
                    m.d.comb += self.o.valid.eq(1)
                    with m.If(self.o.ready):
                        m.d.sync += self._n_bytes.eq(self._n_bytes + 1)
                        self._go(m, 1)
            with m.Case(1):
                self._wait(m, self.ack_delay, raise_ack)
            with m.Case(2):
                with m.If(self.out_req):
                    self._block(m)
                with m.Else():
                    self._go(m, 3)
            with m.Default():
                self._wait(m, self.ack_hold, drop_ack)
