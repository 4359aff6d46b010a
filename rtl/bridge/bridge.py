"""The bridge between a serial line and all pins of a chip. README.md lists its commands and its answers."""

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.declare import Chip, Pin
from draupnir.rtl.bridge.aer import CYCLE_BITS, BridgeAerReceiver, BridgeAerSender, TimedEvent
from draupnir.rtl.bridge.chip_clock import ChipClockGate
from draupnir.rtl.bridge.executor import Executor
from draupnir.rtl.bridge.framing import Deframer, Framer
from draupnir.rtl.bridge.leader import Leader
from draupnir.rtl.bridge.packets import LevelObserver, LevelSetter, PacketFifo
from draupnir.rtl.bridge.protocol import VERSION, Lead, buses, clocks_a_cycle
from draupnir.rtl.bridge.spi_master import BridgeSpiMaster
from draupnir.rtl.bridge.uart import UartReceiver, UartSender

EVENT_DEPTH = SPIKE_DEPTH = 256


class Bridge(wiring.Component):
    """The bridge; its ports are the line, and each pin of the chip, by name, with the direction reversed.

    The bridge makes the chip's clock, at half the frequency of its own clock or less, and at a quarter or less if the
    chip uses both edges. This clock runs only while the host lets it run, the queue of events has the next event, and
    the queue of spikes has room. So the speed of the line changes nothing in what the chip does in each of its clocks.

    rx, tx : the serial line, 1 when it is idle

    divider : clocks of the bridge in a bit of the line, 4 or more
    half : clocks of the bridge in half a clock of the chip, 1 or more for each edge that the chip uses; None for the
        fewest
    title : the answer to IDENTIFY: the chip's name, and its parameters after blanks
    event_depth, spike_depth : the largest number of events and of spikes in the queues, 1..65535

    Raises InputError for a chip that lacks the buses that a bridge needs.
    """

    def __init__(
        self,
        chip: Chip,
        divider: int,
        half: int | None = None,
        title: str = "",
        event_depth: int = EVENT_DEPTH,
        spike_depth: int = SPIKE_DEPTH,
    ) -> None:
        reversed_ = {"in": Out, "out": In}
        super().__init__(
            {"rx": In(1, init=1), "tx": Out(1, init=1)}
            | {pin.name: reversed_[pin.direction](pin.width) for pin in chip.pins}
        )
        self._chip, self._buses = chip, buses(chip)
        self._divider, self._half = divider, half or clocks_a_cycle(chip) // 2
        self._event_depth, self._spike_depth = event_depth, spike_depth
        depths = event_depth.to_bytes(2, "little") + spike_depth.to_bytes(2, "little")
        self._identity = bytes([VERSION]) + depths + (title or chip.name).encode()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        executor = Executor(self._chip, self._identity)
        m.submodules.executor = executor
        self._connect_line(m, executor)
        self._connect_chip(m, executor)
        return m

    def _connect_line(self, m: Module, executor: Executor) -> None:
        m.submodules.receiver = receiver = UartReceiver(self._divider)
        m.submodules.sender = sender = UartSender(self._divider)
        m.submodules.deframer = deframer = Deframer()
        m.submodules.framer = framer = Framer()
        m.d.comb += [receiver.rx.eq(self.rx), self.tx.eq(sender.tx)]
        connect(m, receiver.o, deframer.i)
        connect(m, framer.o, sender.i)
        connect(m, deframer.o, executor.request)
        connect(m, executor.response, framer.i)
        m.d.comb += [
            executor.ended.eq(deframer.ended),
            deframer.release.eq(executor.release),
            framer.clear.eq(executor.clear),
            framer.send.eq(executor.send),
            executor.length.eq(framer.length),
            executor.busy.eq(framer.busy),
        ]

    def _connect_chip(self, m: Module, executor: Executor) -> None:
        settle = self._half // 2 if len(self._chip.period) > 1 else 0
        m.submodules.chip_clock = clock = ChipClockGate(self._half, settle)
        now = Signal(CYCLE_BITS)
        with m.If(clock.rise):
            m.d.sync += now.eq(now + 1)
        m.d.comb += [executor.now.eq(now), self._pin(self._chip.clock).eq(clock.clk)]
        spi_busy = self._connect_spi(m, executor, clock) if self._buses.spi else Const(0, 1)
        self._connect_levels(m, executor)
        if self._buses.packets:
            may_run, moving = self._connect_packets(m, executor, clock, now)
        elif self._buses.lead is None:
            may_run, moving = self._connect_events(m, executor, clock, now)
        else:
            may_run, moving = self._connect_lead(m, self._buses.lead, executor, clock, now)
        self._let_run(m, executor, clock, spi_busy, may_run, moving)

    def _connect_spi(self, m: Module, executor: Executor, clock: ChipClockGate) -> Value:
        """Connect the SPI. Return 1 while its master sends, so that the chip's clock must run."""
        spi = self._buses.spi
        m.submodules.spi = master = BridgeSpiMaster()
        connect(m, executor.spi, master.i)
        m.d.comb += [
            master.stb.eq(clock.stb),
            master.half.eq(executor.spi_half),
            executor.spi_busy.eq(master.busy),
            executor.spi_received.eq(master.miso_byte),
            self._pin(spi["sck"]).eq(master.sck),
            self._pin(spi["mosi"]).eq(master.mosi),
            master.miso.eq(self._pin(spi["miso"])),
        ]
        return master.busy

    def _connect_packets(self, m: Module, executor: Executor, clock: ChipClockGate, now: Signal) -> tuple[Value, Value]:
        """Connect a chip that takes packets. Return the same two signals as ``_connect_events``."""
        pins = self._buses.packets
        levels_in = len(executor.levels_in)
        m.submodules.packet_fifo = packets = PacketFifo(pins["data"].width)
        m.submodules.level_setter = setter = LevelSetter(levels_in)
        m.submodules.level_observer = observer = LevelObserver(len(executor.levels_out))
        self._connect_queues(m, executor, packets, setter)
        self._queue(m, "spikes", observer.o, executor.spikes, self._spike_depth)
        has_changed = Signal()  # 1 if the outputs have changed since the inputs changed last
        with m.If(observer.o.valid):
            m.d.sync += has_changed.eq(1)
        with m.Elif(clock.stb):
            m.d.sync += has_changed.eq(0)
        m.d.comb += [
            *(component.now.eq(now) for component in (packets, setter, observer)),
            *(component.stb.eq(executor.ran) for component in (packets, setter)),
            *(component.rise.eq(clock.rise) for component in (packets, observer)),
            *(component.forget.eq(executor.forget) for component in (packets, observer)),
            observer.levels.eq(executor.levels_out),
            executor.set_levels.eq(setter.set),
            executor.next_levels.eq(setter.i.payload.addr),
            self._pin(pins["empty"]).eq(packets.empty),
            self._pin(pins["data"]).eq(packets.data),
            packets.pull.eq(self._pin(pins["pull"])),
        ]
        is_late = packets.starved & executor.more | setter.starved & executor.more_levels
        moving = ~packets.empty | packets.i.valid | setter.i.valid | has_changed
        return ~is_late & observer.o.ready, moving

    def _connect_queues(self, m: Module, executor: Executor, packets: PacketFifo, setter: LevelSetter) -> None:
        """Put a queue of packets and one of levels behind the executor; the highest bit of an entry says which."""
        entry = executor.events.payload
        kinds: tuple[tuple[str, wiring.Component, Value], ...] = (
            ("packets", packets, ~entry.addr[-1]),
            ("levels", setter, entry.addr[-1]),
        )
        ready = []
        for name, component, is_of_kind in kinds:
            i = stream.Signature(TimedEvent(len(component.i.payload.addr))).create(path=(f"{name}_in",))
            self._queue(m, name, i, component.i, self._event_depth, executor.forget)
            m.d.comb += [
                i.payload.cycle.eq(entry.cycle),
                i.payload.addr.eq(entry.addr),
                i.valid.eq(executor.events.valid & is_of_kind),
            ]
            ready.append(i.ready & is_of_kind)
        m.d.comb += executor.events.ready.eq(ready[0] | ready[1])

    def _connect_events(self, m: Module, executor: Executor, clock: ChipClockGate, now: Signal) -> tuple[Value, Value]:
        """Connect both event buses. Return two signals: the clock may run, and an event or a spike is under way."""
        aer_in, aer_out = self._buses.aer_in, self._buses.aer_out
        m.submodules.aer_in = to_chip = BridgeAerSender(aer_in["addr"].width)
        m.submodules.aer_out = from_chip = BridgeAerReceiver(aer_out["addr"].width)
        self._queue(m, "events", executor.events, to_chip.i, self._event_depth, executor.forget)
        self._queue(m, "spikes", from_chip.o, executor.spikes, self._spike_depth)
        self._connect_delays(m, executor, to_chip, ("gap", "hold"))
        self._connect_delays(m, executor, from_chip, ("ack_delay", "ack_hold"))
        m.d.comb += [
            to_chip.now.eq(now),
            from_chip.now.eq(now),
            to_chip.forget.eq(executor.forget),
            to_chip.stb.eq(executor.ran),
            from_chip.stb.eq(clock.stb),
            self._pin(aer_in["addr"]).eq(to_chip.addr),
            self._pin(aer_in["req"]).eq(to_chip.req),
            to_chip.ack.eq(self._pin(aer_in["ack"])),
            from_chip.addr.eq(self._pin(aer_out["addr"])),
            from_chip.req.eq(self._pin(aer_out["req"])),
            self._pin(aer_out["ack"]).eq(from_chip.ack),
        ]
        moving = to_chip.req | to_chip.ack | to_chip.i.valid | from_chip.req | from_chip.ack
        return ~(to_chip.starved & executor.more) & from_chip.o.ready, moving

    def _connect_lead(
        self, m: Module, lead: Lead, executor: Executor, clock: ChipClockGate, now: Signal
    ) -> tuple[Value, Value]:
        """Connect a chip that its host leads. Return the same two signals as ``_connect_events``."""
        aer_in, aer_out = self._buses.aer_in, self._buses.aer_out
        m.submodules.leader = leader = Leader(aer_in["addr"].width, aer_out["addr"].width, len(lead.levels))
        level = self._queue(m, "events", executor.events, leader.i, self._event_depth, executor.forget)
        self._queue(m, "spikes", leader.o, executor.spikes, self._spike_depth)
        self._connect_delays(m, executor, leader, ("gap", "hold", "ack_delay", "ack_hold"))
        m.d.comb += [
            leader.now.eq(now),
            leader.look.eq(clock.look & (executor.left != 0)),
            leader.stb.eq(executor.ran),
            leader.forget.eq(executor.forget),
            self._pin(aer_in["addr"]).eq(leader.addr),
            self._pin(aer_in["req"]).eq(leader.req),
            leader.ack.eq(self._pin(aer_in["ack"])),
            self._pin(lead.target).eq(leader.target),
            self._pin(lead.tick).eq(leader.tick),
            leader.ready.eq(self._pin(lead.ready)),
            leader.out_addr.eq(self._pin(aer_out["addr"])),
            leader.out_req.eq(self._pin(aer_out["req"])),
            self._pin(aer_out["ack"]).eq(leader.out_ack),
            *(self._pin(pin).eq(leader.levels[i]) for i, pin in enumerate(lead.levels)),
        ]
        busy = level != 0
        return Mux(busy, leader.settled, ~executor.more), busy

    def _connect_delays(
        self, m: Module, executor: Executor, component: wiring.Component, names: tuple[str, ...]
    ) -> None:
        m.d.comb += [getattr(component, name).eq(getattr(executor, name)) for name in names]

    def _pin(self, pin: Pin) -> Signal:
        signal: Signal = getattr(self, pin.name)
        return signal

    def _connect_levels(self, m: Module, executor: Executor) -> None:
        lsb = 0
        for pin in self._buses.levels_in:
            m.d.comb += self._pin(pin).eq(executor.levels_in[lsb : lsb + pin.width])
            lsb += pin.width
        lsb = 0
        for pin in self._buses.levels_out:
            m.d.comb += executor.levels_out[lsb : lsb + pin.width].eq(self._pin(pin))
            lsb += pin.width

    def _queue(
        self,
        m: Module,
        name: str,
        i: wiring.PureInterface,
        o: wiring.PureInterface,
        depth: int,
        forget: Signal | None = None,
    ) -> Signal:
        """Put a queue between two streams. Return the number of items in it."""
        layout = TimedEvent(len(i.payload.addr))
        m.submodules[name] = queue = fifo.SyncFIFOBuffered(width=layout.size, depth=depth)
        m.d.comb += [
            queue.w_data.eq(i.payload),
            queue.w_en.eq(i.valid),
            i.ready.eq(queue.w_rdy),
            o.payload.eq(queue.r_data),
            o.valid.eq(queue.r_rdy),
            queue.r_en.eq(o.ready),
        ]
        if forget is not None:  # The queue loses one item a clock, so it is empty long before the next request.
            draining = Signal()
            with m.If(forget):
                m.d.sync += draining.eq(1)
            with m.Elif(~queue.r_rdy & (queue.level == 0)):
                m.d.sync += draining.eq(0)
            with m.If(draining):
                m.d.comb += [queue.r_en.eq(1), o.valid.eq(0)]
        level: Signal = queue.level
        return level

    def _let_run(
        self,
        m: Module,
        executor: Executor,
        clock: ChipClockGate,
        spi_busy: Value,
        may_run: Value,
        moving: Value,
    ) -> None:
        """Decide when the chip's clock runs and which blocks move with it, and count the clocks without an event.

        spi_busy : 1 if the clock must run for the SPI; may_run : 1 if the event buses let it run
        moving : 1 if an event or a spike is under way
        """
        running = Signal()
        m.d.comb += [
            running.eq((executor.left != 0) & may_run),
            clock.go.eq(running | spi_busy),
            executor.ran.eq(clock.stb & running),
        ]
        with m.If(executor.started | clock.stb & moving):
            m.d.sync += executor.quiet.eq(0)
        with m.Elif(clock.stb & ~executor.quiet.all()):
            m.d.sync += executor.quiet.eq(executor.quiet + 1)
