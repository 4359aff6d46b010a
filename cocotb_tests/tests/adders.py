"""A chip with streams and FIFOs instead of events: two stages that add 1 to each item; its model and its Verilog."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cocotb
import numpy as np

from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.cocotb_tests.lib.sides import BusSender
from draupnir.emulator.buses import fifo_pull, stream
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.fifo_pull import FIFO_PULL
from draupnir.emulator.buses.stream import STREAM
from draupnir.emulator.declare import Block, Bus, Chip, Pin, Reg
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import pack, unpack
from draupnir.rtl.design import Design

CHIP = Chip(
    name="adders",
    title="two stages that add 1: from a stream to a stream, and from a FIFO to a FIFO",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("I_VALID", "in", 1, "bus", ""),
        Pin("I_READY", "out", 1, "bus", ""),
        Pin("I_DATA", "in", 8, "bus", ""),
        Pin("I_LAST", "in", 1, "bus", ""),
        Pin("O_VALID", "out", 1, "bus", ""),
        Pin("O_READY", "in", 1, "bus", ""),
        Pin("O_DATA", "out", 8, "bus", ""),
        Pin("O_LAST", "out", 1, "bus", ""),
        Pin("Q_EMPTY", "in", 1, "bus", ""),
        Pin("Q_DATA", "in", 8, "bus", ""),
        Pin("Q_PULL", "out", 1, "bus", ""),
        Pin("R_EMPTY", "out", 1, "bus", ""),
        Pin("R_DATA", "out", 8, "bus", ""),
        Pin("R_PULL", "in", 1, "bus", ""),
    ),
    memories=(),
    registers=(),
    blocks=(Block("stages", (Reg("full", 1), Reg("content", 9), Reg("has_word", 1), Reg("word", 8))),),
    events=(),
    source="this file",
    buses=(
        Bus("i", STREAM, {"valid": "I_VALID", "ready": "I_READY", "payload": ("I_DATA", "I_LAST")}, "Items in."),
        Bus("o", STREAM, {"valid": "O_VALID", "ready": "O_READY", "payload": ("O_DATA", "O_LAST")}, "Items out."),
        Bus("q", FIFO_PULL, {"empty": "Q_EMPTY", "data": "Q_DATA", "pull": "Q_PULL"}, "Words in."),
        Bus("r", FIFO_PULL, {"empty": "R_EMPTY", "data": "R_DATA", "pull": "R_PULL"}, "Words out."),
    ),
)
# The stream's ready follows the other stream's within a clock.
VERILOG = """\
module adders (
    input CLK, RST,
    input I_VALID, input [7:0] I_DATA, input I_LAST, output I_READY,
    output O_VALID, output [7:0] O_DATA, output O_LAST, input O_READY,
    input Q_EMPTY, input [7:0] Q_DATA, output Q_PULL,
    output R_EMPTY, output [7:0] R_DATA, input R_PULL
);
    reg full, has_word;
    reg [8:0] content;
    reg [7:0] word;
    assign I_READY = ~full | O_READY;
    assign {O_VALID, O_LAST, O_DATA} = {full, content};
    assign Q_PULL = ~has_word;
    assign {R_EMPTY, R_DATA} = {~has_word, word};
    always @(posedge CLK)
        if (RST) begin
            full <= 0;
            content <= 0;
            has_word <= 0;
            word <= 0;
        end else begin
            if (I_READY) full <= I_VALID;
            if (I_READY & I_VALID) content <= {I_LAST, I_DATA + 8'd1};
            if (Q_PULL & ~Q_EMPTY) begin
                has_word <= 1;
                word <= Q_DATA + 8'd1;
            end else if (R_PULL) has_word <= 0;
        end
endmodule
"""
# This is a user's own test file.
TEST = """\
import cocotb
from draupnir.cocotb_tests.tests.adders import TIMINGS, Bench, plus_one

@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(player=[True, False])
async def test_streams_and_fifos(dut, player):
    async with Bench(dut, player=player) as bench:
        for timing in TIMINGS:
            items, words = bench.any(9), bench.any(8)
            passed = await bench.pass_on(timing, items, words)
            assert passed == {"i": items, "o": plus_one(items), "q": words, "r": plus_one(words)}
"""


class Timing(NamedTuple):
    """The timing of the side outside of the chip, for each bus."""

    i: stream.StreamSenderTiming
    o: stream.StreamReceiverTiming
    q: fifo_pull.FifoTiming
    r: fifo_pull.ReaderTiming


NEVER = Clocks(0, 0)
TIMINGS = (
    Timing(
        stream.StreamSenderTiming(NEVER),
        stream.StreamReceiverTiming(NEVER, patient=0),
        fifo_pull.FifoTiming(NEVER),
        fifo_pull.ReaderTiming(NEVER),
    ),
    Timing(
        stream.StreamSenderTiming(),
        stream.StreamReceiverTiming(),
        fifo_pull.FifoTiming(),
        fifo_pull.ReaderTiming(blind=0.3),
    ),
    Timing(
        stream.StreamSenderTiming(NEVER, scramble=False),
        stream.StreamReceiverTiming(Clocks(5, 9), patient=1, withdraw=0.5),
        fifo_pull.FifoTiming(Clocks(5, 9)),
        fifo_pull.ReaderTiming(NEVER),
    ),
)
N_ITEMS = 80  # The wrapper's player takes fewer at a time.
SETTLED = 60  # After these clocks nothing moves.


def plus_one(items: list[int]) -> list[int]:
    """Return items with 1 added to their low 8 bits."""
    return [item & 0x100 | (item + 1) & 0xFF for item in items]


class Model(ClockLevel):
    """Two stages, each of which holds at most one item."""

    chip = CHIP

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        r = self.registers[0]
        for i, row in enumerate(inputs):
            r.inputs = row
            if not clk[i]:
                continue
            outputs, out[i] = unpack(CHIP.output_word, self.outputs), self.outputs
            pins = unpack(CHIP.input_word, int(row))
            r.cycle += 1
            if pins["RST"]:
                r.full = r.content = r.has_word = r.word = 0
                continue
            if outputs["I_READY"]:
                r.full = pins["I_VALID"]
                if pins["I_VALID"]:
                    r.content = pins["I_LAST"] << 8 | (pins["I_DATA"] + 1) & 0xFF
            if outputs["Q_PULL"] and not pins["Q_EMPTY"]:
                r.has_word, r.word = 1, (pins["Q_DATA"] + 1) & 0xFF
            elif pins["R_PULL"]:
                r.has_word = 0

    @property
    def outputs(self) -> int:
        r, pins = self.registers[0], unpack(CHIP.input_word, self.inputs)
        return pack(
            CHIP.output_word,
            {
                "I_READY": int(not r.full or pins["O_READY"]),
                "O_VALID": int(r.full),
                "O_DATA": int(r.content) & 0xFF,
                "O_LAST": int(r.content) >> 8,
                "Q_PULL": int(not r.has_word),
                "R_EMPTY": int(not r.has_word),
                "R_DATA": int(r.word),
            },
        )


class Bench(ChipBench):
    """Both sides of each bus, and a monitor on it.

    player : True if the wrapper's player sends, False for Python
    """

    def __init__(self, dut: Any, player: bool = True) -> None:
        super().__init__(dut, Model())
        self.senders = {name: self.sender(name, rng=self.rng) for name in "iq"}
        if not player:
            self.senders = {name: BusSender(self.pins.bus(name), self.clock, rng=self.rng) for name in "iq"}
        self.receivers = {name: self.receiver(name, rng=self.rng) for name in "or"}
        self.monitors = {name: self.monitor(name) for name in "ioqr"}
        self.hold((*self.senders.values(), *self.receivers.values()))

    async def prepare(self) -> None:
        await self.reset()
        for monitor in self.monitors.values():
            monitor.start()

    def any(self, width: int) -> list[int]:
        """Return random items."""
        return [int(item) for item in self.rng.integers(1 << width, size=N_ITEMS)]

    async def pass_on(self, timing: Timing, items: list[int], words: list[int]) -> dict[str, list[int]]:
        """Send items to both stages. Return bus -> the items that have passed when nothing moves any more."""
        for name, side in (self.senders | self.receivers).items():
            side.timing = getattr(timing, name)
        for receiver in self.receivers.values():
            receiver.start()
        for monitor in self.monitors.values():
            monitor.events.clear()
        sending = [
            cocotb.start_soon(self.senders[name].send_all(queue)) for name, queue in (("i", items), ("q", words))
        ]
        for one in sending:
            await one
        await self.clock.cycles(SETTLED)
        return {name: monitor.addrs for name, monitor in self.monitors.items()}


def design(folder: Path, verilog: str = VERILOG) -> Design:
    """Write the Verilog, or another one, into a folder, and return the design."""
    (folder / "adders.v").write_text(verilog)
    return Design("adders", (folder / "adders.v",), {})
