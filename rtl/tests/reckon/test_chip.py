"""A chip with fewer neurons agrees on every pin with the golden model, which has all neurons.

The whole chip is compared with the golden cases in Verilator and in Icarus, as all chips are (tools/tests).
"""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from draupnir.emulator.codec import encode
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP, PAIR, SPI_BITS, SpiCode
from draupnir.emulator.reckon.port import PORT
from draupnir.emulator.spi import frames
from draupnir.rtl.emit import emit
from draupnir.rtl.reckon.chip import Reckon, make_reckon

INPUTS, OUTPUTS = CHIP.input_word, CHIP.output_word
CONFIGURATION = {
    "SPI_NUM_INP_NEUR": 6,
    "SPI_NUM_REC_NEUR": 17,
    "SPI_NUM_OUT_NEUR": 1,
    "SPI_FP_LOC_WINP": 5,
    "SPI_FP_LOC_TINP": 5,
    "SPI_FP_LOC_TREC": 5,
    "SPI_FP_LOC_TOUT": 5,
    "SPI_EN_STOCH_ROUND": 1,
    "SPI_SEND_LABEL_ONLY": 0,
    "SPI_LR_P_WINP": 20,
    "SPI_LR_P_WREC": 20,
    "SPI_LR_P_WOUT": 20,
    "SPI_H_0": 3,
    "SPI_THR_H_0": 0x7FFF,
    "SPI_SEED_INP": 0x123456,
}


class Rows:
    """Rows as in emulator/trace.py: packed inputs, and 1 if a clock edge follows."""

    def __init__(self) -> None:
        self.inputs: list[int] = []
        self.clk: list[int] = []
        self._now = 0

    def row(self, clk: int, **pins: int) -> None:
        for name, level in pins.items():
            f = INPUTS[name]
            self._now = self._now & ~(f.high << f.lsb) | level << f.lsb
        self.inputs.append(self._now)
        self.clk.append(clk)

    def clocks(self, n: int, **pins: int) -> None:
        for _ in range(n):
            self.row(1, **pins)

    def field(self, word: int, read: int = 0) -> None:
        """Send a transaction with an SCK that is faster than the clock, unless MISO is needed."""
        for bit in frames.msb_first(word, SPI_BITS):
            self.row(read, MOSI=bit, SCK=1)
            self.row(0, SCK=0)
        self.clocks(4)

    def spi(self, code: SpiCode, addr: int, words: list[int], read: int = 0) -> None:
        self.field(PORT.header(code, addr, len(words), read))
        for word in words:
            self.field(word, read)

    def event(self, addr: int, target: int = 0) -> None:
        self.clocks(5, AERIN_ADDR=addr, AERIN_TAR_EN=target, AERIN_REQ=1)
        self.clocks(5, AERIN_REQ=0)

    def tick(self, n: int) -> None:
        self.clocks(3, TIME_TICK=1)
        self.clocks(n, TIME_TICK=0)


def _session() -> Rows:
    """Return rows that configure the chip, teach for two timesteps, let it send all potentials, and read weights."""
    rng, rows = random.Random(9), Rows()
    rows.clocks(4, RST=1)
    rows.clocks(4, RST=0)
    for name, content in CONFIGURATION.items():
        rows.spi(SpiCode.CONFIG, CHIP.register(name).addr, [content])
    for pair in range(9):
        word = encode(PAIR, thr=150, alpha=0xE00)
        rows.spi(SpiCode.NEUR, pair << 2 | 3, [word >> 96])
    for code, pres, groups in ((SpiCode.WINP, 7, 2), (SpiCode.WREC, 18, 2), (SpiCode.WOUT, 18, 1)):
        for pre in range(0, pres, 3):
            addr = (pre << 4 if groups == 2 else pre) << 2
            rows.spi(code, addr, [rng.getrandbits(SPI_BITS) for _ in range(2)])
    rows.spi(SpiCode.CONFIG, CHIP.register("SPI_EN_CONF").addr, [0])
    rows.clocks(6, SAMPLE=1, TARGET_VALID=1, INFER_ACC=1)
    for step in range(3):
        for neur in (0, 3, 6, 63):
            rows.event(neur)
        rows.tick(340)
        if step == 0:
            rows.event(1, target=1)
    rows.clocks(4, SAMPLE=0)
    rows.tick(260)
    for _ in range(5):
        rows.clocks(4, OUT_ACK=1)
        rows.clocks(4, OUT_ACK=0)
    rows.spi(SpiCode.CONFIG, CHIP.register("SPI_EN_CONF").addr, [1])
    for code, addr in ((SpiCode.WINP, 3 << 6), (SpiCode.WREC, 0), (SpiCode.WOUT, 3 << 2), (SpiCode.NEUR, 0)):
        rows.spi(code, addr, [0, 0], read=1)
    return rows


def _run(chip: Reckon, rows: Rows) -> list[int]:
    """Return the outputs before each clock edge, 0 for a row without one. Reset and SCK change after all other pins."""
    outputs = []
    pins = sorted(INPUTS, key=lambda f: CHIP.acts_at_edges(CHIP.pin(f.name)))

    async def bench(ctx: Any) -> None:
        last_inputs = 0
        for inputs, clk in zip(rows.inputs, rows.clk, strict=True):
            for f in pins:
                if (inputs ^ last_inputs) >> f.lsb & f.high:
                    ctx.set(getattr(chip, f.name), inputs >> f.lsb & f.high)
            last_inputs = inputs
            await ctx.delay(1e-9)
            outputs.append(sum(ctx.get(getattr(chip, f.name)) << f.lsb for f in OUTPUTS) if clk else 0)
            if clk:
                for level in (1, 0):
                    ctx.set(getattr(chip, CHIP.clock.name), level)
                    await ctx.delay(1e-9)

    simulator = Simulator(chip)
    simulator.add_testbench(bench)
    simulator.run()
    return outputs


def test_a_smaller_chip_does_what_the_whole_one_does_with_as_few_neurons() -> None:
    rows = _session()
    expected = Model().drive(np.array(rows.inputs, dtype=np.int64), np.array(rows.clk, dtype=np.uint8))
    outputs = _run(Reckon(n_neurons=128, n_inputs=64, n_outputs=4), rows)
    data, miso = (OUTPUTS[name] for name in ("OUT_DATA", "MISO"))
    assert len({int(row) >> data.lsb & data.high for row in expected}) > 2, "potentials must have been sent"
    assert any(int(row) >> miso.lsb & 1 for row in expected[-200:]), "weights must have been read"
    assert outputs == expected.tolist()


def test_a_smaller_chip_has_smaller_memories(tmp_path: Any) -> None:
    text = emit("reckon", tmp_path, n_neurons=128, n_inputs=64, n_outputs=4).read_text()
    shapes = re.findall(r"reg \[(\d+):0\] words \[(\d+):0\];", text)
    assert sorted((int(depth) + 1, int(width) + 1) for width, depth in shapes) == [
        (64, 128),  # neurons, in pairs
        (256, 32),  # wout, of which the core uses half
        (512, 128),  # winp
        (1024, 128),  # wrec
    ]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_neurons": 100}, "reckon: n_neurons 100; must be one of 64, 128, 256"),
        ({"n_neurons": 128, "n_inputs": 256}, "reckon: n_inputs 256; must be one of 64, 128"),
        ({"n_outputs": 5}, "reckon: n_outputs 5; must be one of 4, 8, 16"),
    ],
)
def test_a_size_that_does_not_exist_is_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_reckon(**sizes)
