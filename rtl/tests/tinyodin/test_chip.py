"""The chip in Amaranth's own simulator agrees with the golden model; other tests use the golden cases in Verilator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from draupnir.emulator.codec import encode
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import MemoryWrite, RegisterWrite, Write
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, EVENTS, NEURONS, SYN_ADDR, SYNAPSES
from draupnir.emulator.tinyodin.port import PORT
from draupnir.emulator.trace import pack, unpack
from draupnir.rtl.tinyodin.chip import RTL, Tinyodin

HALF_CLOCK = 5e-9
EVENT = {event.name: event for event in EVENTS}
IN = CHIP.input_word


def run(chip: Tinyodin, rows: list[int]) -> list[int]:
    """Return the packed outputs before each clock edge."""
    outputs = []

    async def bench(ctx: Any) -> None:
        for row in rows:
            for name, level in unpack(IN, row).items():
                ctx.set(getattr(chip, name), level)
            await ctx.delay(HALF_CLOCK)
            outputs.append(pack(CHIP.output_word, {pin.name: ctx.get(getattr(chip, pin.name)) for pin in CHIP.outputs}))
            ctx.set(chip.CLK, 1)
            await ctx.delay(HALF_CLOCK)
            ctx.set(chip.CLK, 0)

    simulator = Simulator(chip)
    simulator.add_testbench(bench)
    simulator.run()
    return outputs


def frame(transaction: int, half: int) -> list[int]:
    return pins.rows(CHIP, [transaction], half, gap=3).tolist()


def write(access: Write, half: int = 2) -> list[int]:
    return frame(PORT.encode(access), half)


def register(name: str, content: int) -> list[int]:
    return write(RegisterWrite(name, 0, content), half=1)


def event(name: str, clocks: int, **fields: int) -> list[int]:
    """Return rows with a request of five clocks, and then acknowledges for some clocks."""
    addr = {"AERIN_ADDR": EVENT[name].encode(**fields)}
    return [pack(IN, {**addr, "AERIN_REQ": 1})] * 5 + [
        pack(IN, {**addr, "AEROUT_ACK": i // 5 & 1}) for i in range(clocks)
    ]


def session(max_neur: int) -> list[int]:
    """Return rows: a reset, writes of a synapse word and a neuron, events of each kind, and a read of a byte."""
    rows = [pack(IN, {"RST": 1})] * 4 + register("SPI_GATE_ACTIVITY", 1) + register("SPI_OPEN_LOOP", 1)
    rows += register("SPI_AER_SRC_CTRL_nNEUR", 0) + register("SPI_MAX_NEUR", max_neur)
    rows += [pack(IN, {"RST": 1})] * 4 + [0] * 4
    word = encode(SYN_ADDR, pre=3, post_group=0)
    for byte in range(4):
        rows += write(MemoryWrite(SYNAPSES.name, word, byte, 0x37 + 16 * byte))
    for byte, content in ((0, 2), (1, 0x50), (3, 1)):
        rows += write(MemoryWrite(NEURONS.name, 2, byte, content))
    rows += register("SPI_GATE_ACTIVITY", 0)
    rows += event("virtual", 40, neur=2, weight=-3) + event("spike", 150, pre_neur=3) + event("tref", 30, neur=2)
    rows += event("tref_all", 150) + event("virtual", 150, neur=5, weight=0)
    rows += register("SPI_GATE_ACTIVITY", 1)
    return rows + frame(PORT.encode_read(NEURONS.name, word=2, chunk=0), 3)


@pytest.mark.parametrize("parameters", [{}, {"n_neurons": 64, "fifo_depth": 16}])
def test_it_does_what_the_golden_model_does(parameters: dict[str, int]) -> None:
    """A smaller chip does the same, if it has enough neurons and places for events."""
    rows = session(max_neur=9)
    expected = Model().drive(np.array(rows), np.ones(len(rows), np.uint8))
    assert run(Tinyodin(**parameters), rows) == expected.tolist()
    assert len({unpack(CHIP.output_word, int(row))["AEROUT_ADDR"] for row in expected}) > 5


def test_memories_of_a_smaller_chip_ignore_the_upper_bits_of_an_address() -> None:
    """Neuron 64 + 2 is neuron 2: a time reference to one changes what is read from the other."""
    rows = session(max_neur=9)
    for name in ("tref", "spike"):
        field = "neur" if name == "tref" else "pre_neur"
        low, high = event(name, 150, **{field: 3}), event(name, 150, **{field: 64 + 3})
        outputs = [run(Tinyodin(n_neurons=64), rows[:-500] + events + rows[-500:]) for events in (low, high)]
        addrs = [[unpack(CHIP.output_word, row)["AEROUT_ADDR"] & 63 for row in one] for one in outputs]
        assert addrs[0] == addrs[1]


def test_there_are_sizes() -> None:
    with pytest.raises(InputError, match="tinyodin: n_neurons 100; must be one of 64, 128, 256"):
        RTL.make(n_neurons=100)
    with pytest.raises(InputError, match="tinyodin: fifo_depth 8; must be one of 16, 32, 64, 128"):
        RTL.make(fifo_depth=8)
