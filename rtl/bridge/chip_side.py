"""The chip's side of a bridge: the clock, the SPI master, both ends of the event buses, and the queues.

An executor leads it. ``executor_ports`` declares the ports between the two, so that an executor may get its commands
from a serial line (executor.py) or from a bus (rtl/soc).
"""

from typing import Any

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.declare import Chip, Pin
from draupnir.rtl.bridge.aer import CYCLE_BITS, DELAY_BITS, BridgeAerReceiver, BridgeAerSender, TimedEvent
from draupnir.rtl.bridge.chip_clock import ChipClockGate
from draupnir.rtl.bridge.leader import Leader
from draupnir.rtl.bridge.packets import LevelObserver, LevelSetter, PacketFifo
from draupnir.rtl.bridge.protocol import BridgeBuses, Lead, buses, clocks_a_cycle
from draupnir.rtl.bridge.spi_master import HALF_BITS, BridgeSpiMaster

EVENT_DEPTH = SPIKE_DEPTH = 256
LEVEL_BITS = 16
DELAYS = ("gap", "hold", "ack_delay", "ack_hold")


def executor_ports(of_chip: BridgeBuses) -> dict[str, Any]:
    """Return the ports of an executor to the chip's side, for its signature.

    levels_in, levels_out : the chip's pins that belong to no bus
    set_levels, next_levels : 1 gives the inputs among them other levels, and these levels
    gap, hold, ack_delay, ack_hold : delays of the handshakes, in clocks
    spi, spi_half, spi_busy, spi_received : to and from the SPI master, if the chip has an SPI
    events : to the queue of events; spikes : from the queue of spikes
    left : the number of clocks that the chip still has to run
    started : 1 begins to count quiet clocks anew; ran : 1 in each clock that counts for ``left``
    more, more_levels : 1 if more events, or levels at their clocks, will come, so that the chip waits for them
    forget : 1 empties the queues of events
    now, quiet : clocks so far, and clocks since an event was on a bus
    look : 1 if the chip's inputs may change at the end of this clock, because its clock does not rise then
    event_level, spike_level : the numbers of items in the queues; of both queues for a chip that takes packets
    """
    in_bits, out_bits = (sum(pin.width for pin in pins) for pins in (of_chip.levels_in, of_chip.levels_out))
    return {
        "levels_in": Out(in_bits),
        "levels_out": In(out_bits),
        "set_levels": In(1),
        "next_levels": In(in_bits),
        **{name: Out(DELAY_BITS, init=1) for name in DELAYS},
        "spi_half": Out(HALF_BITS),
        "spi": Out(stream.Signature(8)),
        "spi_busy": In(1),
        "spi_received": In(8),
        "events": Out(stream.Signature(TimedEvent(of_chip.event_bits))),
        "spikes": In(stream.Signature(TimedEvent(of_chip.spike_bits))),
        "left": Out(CYCLE_BITS),
        "ran": In(1),
        "started": Out(1),
        "more": Out(1),
        "more_levels": Out(1),
        "forget": Out(1),
        "now": In(CYCLE_BITS),
        "quiet": In(CYCLE_BITS),
        "look": In(1),
        "event_level": In(LEVEL_BITS),
        "spike_level": In(LEVEL_BITS),
    }


class ChipSide:
    """The chip's side of a bridge. ``connect`` puts it into a module, so it adds no level to the hierarchy.

    owner : the component with the chip's pins as ports, in the reversed direction
    half : clocks of the bridge in half a clock of the chip, 1 or more for each edge that the chip uses; None for the
        fewest
    event_depth, spike_depth : the largest number of events and of spikes in the queues, 1..65535

    Raises InputError for a chip that lacks the buses that a bridge needs.
    """

    def __init__(
        self,
        owner: wiring.Component,
        chip: Chip,
        half: int | None = None,
        event_depth: int = EVENT_DEPTH,
        spike_depth: int = SPIKE_DEPTH,
    ) -> None:
        self._owner, self._chip, self._buses = owner, chip, buses(chip)
        self._half = half or clocks_a_cycle(chip) // 2
        self._event_depth, self._spike_depth = event_depth, spike_depth

    @staticmethod
    def ports(chip: Chip) -> dict[str, Any]:
        """Return each pin of the chip as a port of the bridge."""
        reversed_ = {"in": Out, "out": In}
        return {pin.name: reversed_[pin.direction](pin.width) for pin in chip.pins}

    def connect(self, m: Module, executor: Any) -> None:
        """Connect the chip to an executor, a component with ``executor_ports``."""
        settle = self._half // 2 if len(self._chip.period) > 1 else 0
        m.submodules.chip_clock = clock = ChipClockGate(self._half, settle)
        now = Signal(CYCLE_BITS)
        with m.If(clock.rise):
            m.d.sync += now.eq(now + 1)
        m.d.comb += [executor.now.eq(now), executor.look.eq(clock.look), self._pin(self._chip.clock).eq(clock.clk)]
        spi_busy = self._connect_spi(m, executor, clock) if self._buses.spi else Const(0, 1)
        self._connect_levels(m, executor)
        if self._buses.packets:
            may_run, moving = self._connect_packets(m, executor, clock, now)
        elif self._buses.lead is None:
            may_run, moving = self._connect_events(m, executor, clock, now)
        else:
            may_run, moving = self._connect_lead(m, self._buses.lead, executor, clock, now)
        self._let_run(m, executor, clock, spi_busy, may_run, moving)

    def _connect_spi(self, m: Module, executor: Any, clock: ChipClockGate) -> Value:
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

    def _connect_packets(self, m: Module, executor: Any, clock: ChipClockGate, now: Signal) -> tuple[Value, Value]:
        """Connect a chip that takes packets. Return the same two signals as ``_connect_events``."""
        pins = self._buses.packets
        levels_in = len(executor.levels_in)
        m.submodules.packet_fifo = packets = PacketFifo(pins["data"].width)
        m.submodules.level_setter = setter = LevelSetter(levels_in)
        m.submodules.level_observer = observer = LevelObserver(len(executor.levels_out))
        self._connect_queues(m, executor, packets, setter)
        self._queue_spikes(m, observer.o, executor)
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

    def _connect_queues(self, m: Module, executor: Any, packets: PacketFifo, setter: LevelSetter) -> None:
        """Put a queue of packets and one of levels behind the executor; the highest bit of an entry says which."""
        entry = executor.events.payload
        kinds: tuple[tuple[str, wiring.Component, Value], ...] = (
            ("packets", packets, ~entry.addr[-1]),
            ("levels", setter, entry.addr[-1]),
        )
        ready, levels = [], []
        for name, component, is_of_kind in kinds:
            i = stream.Signature(TimedEvent(len(component.i.payload.addr))).create(path=(f"{name}_in",))
            levels.append(self._queue(m, name, i, component.i, self._event_depth, executor.forget))
            m.d.comb += [
                i.payload.cycle.eq(entry.cycle),
                i.payload.addr.eq(entry.addr),
                i.valid.eq(executor.events.valid & is_of_kind),
            ]
            ready.append(i.ready & is_of_kind)
        m.d.comb += [executor.events.ready.eq(ready[0] | ready[1]), executor.event_level.eq(levels[0] + levels[1])]

    def _connect_events(self, m: Module, executor: Any, clock: ChipClockGate, now: Signal) -> tuple[Value, Value]:
        """Connect both event buses. Return two signals: the clock may run, and an event or a spike is under way."""
        aer_in, aer_out = self._buses.aer_in, self._buses.aer_out
        m.submodules.aer_in = to_chip = BridgeAerSender(aer_in["addr"].width)
        m.submodules.aer_out = from_chip = BridgeAerReceiver(aer_out["addr"].width)
        self._queue_events(m, executor, to_chip.i)
        self._queue_spikes(m, from_chip.o, executor)
        self._connect_delays(m, executor, to_chip, DELAYS[:2])
        self._connect_delays(m, executor, from_chip, DELAYS[2:])
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
        self, m: Module, lead: Lead, executor: Any, clock: ChipClockGate, now: Signal
    ) -> tuple[Value, Value]:
        """Connect a chip that its host leads. Return the same two signals as ``_connect_events``."""
        aer_in, aer_out = self._buses.aer_in, self._buses.aer_out
        m.submodules.leader = leader = Leader(aer_in["addr"].width, aer_out["addr"].width, len(lead.levels))
        level = self._queue_events(m, executor, leader.i)
        self._queue_spikes(m, leader.o, executor)
        self._connect_delays(m, executor, leader, DELAYS)
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

    def _connect_delays(self, m: Module, executor: Any, component: wiring.Component, names: tuple[str, ...]) -> None:
        m.d.comb += [getattr(component, name).eq(getattr(executor, name)) for name in names]

    def _pin(self, pin: Pin) -> Signal:
        signal: Signal = getattr(self._owner, pin.name)
        return signal

    def _connect_levels(self, m: Module, executor: Any) -> None:
        lsb = 0
        for pin in self._buses.levels_in:
            m.d.comb += self._pin(pin).eq(executor.levels_in[lsb : lsb + pin.width])
            lsb += pin.width
        lsb = 0
        for pin in self._buses.levels_out:
            m.d.comb += executor.levels_out[lsb : lsb + pin.width].eq(self._pin(pin))
            lsb += pin.width

    def _queue_events(self, m: Module, executor: Any, o: wiring.PureInterface) -> Signal:
        """Put the queue of events behind the executor. Return the number of events in it."""
        level = self._queue(m, "events", executor.events, o, self._event_depth, executor.forget)
        m.d.comb += executor.event_level.eq(level)
        return level

    def _queue_spikes(self, m: Module, i: wiring.PureInterface, executor: Any) -> None:
        """Put the queue of spikes in front of the executor."""
        m.d.comb += executor.spike_level.eq(self._queue(m, "spikes", i, executor.spikes, self._spike_depth))

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
        executor: Any,
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
