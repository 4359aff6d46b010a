"""What the neurons do with each kind of event: spikes counted by hand, and everything else in lockstep."""

from __future__ import annotations

from typing import Any

import cocotb

from cocotb_tests.odin.bench import Bench, synapses
from emulator.codec import decode, encode
from emulator.odin import layout
from emulator.odin.layout import IZH, LIF

LIMIT = {"timeout_time": 2, "timeout_unit": "ms"}
NEUR, PRE = 77, 5
THR_10 = encode(LIF, lif_izh_sel=1, thr=10)


@cocotb.test(**LIMIT)
async def test_synapse_event_spikes_at_threshold(dut: Any) -> None:
    """Weight 7 against threshold 10: every second event spikes."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neurons={NEUR: THR_10}, synapses=synapses({(PRE, NEUR): 7})) as bench:
        for _ in range(6):
            await bench.event("synapse", pre_neur=PRE, post_neur=NEUR)
        await bench.clock.cycles(20)
        assert bench.output.addrs == [NEUR] * 3
