"""The SPI's behaviour in tinyODIN alone; the rest is in ``cocotb_tests/crossbar/test_spi.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench


@cocotb.test(**LIMIT)
async def test_gate_in_mid_event_writes_the_last_byte(dut: Any) -> None:
    """Neurons that a spike event visits after the gate has closed get byte 0 from the SPI, which is 0 after a reset."""
    neurons = dict.fromkeys(range(256), 0x7FF_0AB)  # potential 0xAB, threshold 0x7FF
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neurons) as bench:
        await bench.event("spike", pre_neur=3)
        await bench.write_register("SPI_GATE_ACTIVITY", 1)
        await bench.clock.cycles(520)
        low = [bench.word("neurons", neur) & 0xFF for neur in range(256)]
        first = low.index(0)
        assert 0 < first < 255
        assert low == [0xAB] * first + [0] * (256 - first)
