"""The bridge between a serial line and all pins of a chip. README.md lists its commands and its answers."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.declare import Chip
from draupnir.rtl.bridge.chip_side import EVENT_DEPTH, SPIKE_DEPTH, ChipSide
from draupnir.rtl.bridge.executor import Executor
from draupnir.rtl.bridge.framing import Deframer, Framer
from draupnir.rtl.bridge.protocol import VERSION
from draupnir.rtl.bridge.uart import UartReceiver, UartSender


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
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)} | ChipSide.ports(chip))
        self._chip, self._divider = chip, divider
        self._side = ChipSide(self, chip, half, event_depth, spike_depth)
        depths = event_depth.to_bytes(2, "little") + spike_depth.to_bytes(2, "little")
        self._identity = bytes([VERSION]) + depths + (title or chip.name).encode()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        executor = Executor(self._chip, self._identity)
        m.submodules.executor = executor
        self._connect_line(m, executor)
        self._side.connect(m, executor)
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
