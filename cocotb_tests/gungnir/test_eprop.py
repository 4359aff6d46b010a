"""E-prop: clocks of its events, weights that we have computed by hand, the fractions on the SPI, random traffic."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import AT_ONCE, GATE, IDLE, OPEN_LOOP, SLUGGISH, TO_IDLE
from draupnir.cocotb_tests.gungnir.bench import LIMIT, Bench
from draupnir.emulator.codec import decode, encode
from draupnir.emulator.gungnir.layout import FRACTIONS, FRACTIONS_WORD, SYN_ADDR, SYNAPSES

PRE, NEUR = 17, 40
WORD = encode(SYN_ADDR, pre=PRE, post_group=NEUR // 8)
RATES = {**OPEN_LOOP, "SPI_EPROP_EN": 1, "SPI_TRACE_INCR": 64, "SPI_LEARN_SHIFT": 4}
READOUT = Bench.lif(thr=255, eprop_en=1, readout=1)
ROW = Bench.lif(thr=255, neur_disable=1)  # PRE: as a LIF neuron it has a trace
ANY_RATES = {**RATES, "SPI_TRACE_DECAY": 40, "SPI_PSEUDO_SHIFT": 1, "SPI_LEARN_SHIFT": 7, "SPI_UPDATE_UNMAPPED_SYN": 1}


def weight(bench: Bench) -> tuple[int, int]:
    """Return weight and fraction of the synapse from PRE to NEUR."""
    fields = decode(SYNAPSES.words[0], bench.word("synapses", WORD))
    return fields["syn_weight0"], decode(FRACTIONS_WORD, bench.word(FRACTIONS.name, WORD))["fraction0"]


async def learn(dut: Any, amount: int, sign: int = 0) -> tuple[int, int]:
    """Return the weight that was 3, after a spike of PRE, a learning signal, a time reference and a learn event."""
    registers = {**RATES, "SPI_SYN_SIGN": sign << PRE}
    async with Bench(dut, registers, {NEUR: READOUT, PRE: ROW}, Bench.synapses({(PRE, NEUR): 3})) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.event("bist", neur=255)  # waits until the spike is processed
        await bench.event("signal", neur=NEUR, amount=amount)
        await bench.event("tref_all")
        await bench.event("learn", neur=PRE)
        return weight(bench)


@cocotb.test(**LIMIT)
async def test_a_positive_error_strengthens(dut: Any) -> None:
    """A trace of 64 and an error of 8 move the weight by 64 x 8 / 16 = 32 sixteenths."""
    assert await learn(dut, 8) == (5, 0)


@cocotb.test(**LIMIT)
async def test_a_negative_error_weakens(dut: Any) -> None:
    """A trace of 64 and an error of -5 move the weight by -20 sixteenths."""
    assert await learn(dut, -5) == (1, 12)


@cocotb.test(**LIMIT)
async def test_an_inhibitory_weight_goes_the_other_way(dut: Any) -> None:
    """The magnitude of an inhibitory weight falls, since the error asks for more potential."""
    assert await learn(dut, 8, sign=1) == (1, 0)


@cocotb.test(**LIMIT)
async def test_events_take_their_clocks(dut: Any) -> None:
    """REQ to ACK takes the declared clocks; a row without a trace takes two."""
    async with Bench(dut, RATES, {PRE: ROW}, sender=AT_ONCE) as bench:
        for name in ("signal", "feedback", "seed"):
            await bench.event(name)
            assert bench.aerin.answered_in == bench.kind_of(name).cycles + TO_IDLE, name
        await bench.event("learn_all")
        assert bench.aerin.answered_in == 2 * 256 + TO_IDLE
        await bench.event("spike", pre_neur=PRE)
        await bench.event("bist")
        await bench.event("learn", neur=PRE)
        assert bench.aerin.answered_in == bench.kind_of("learn").cycles + TO_IDLE


@cocotb.test(**LIMIT)
async def test_the_fractions_are_written_and_read_by_the_spi(dut: Any) -> None:
    """While e-prop is off, the same frames do nothing."""
    async with Bench(dut, {**RATES, GATE: 1}) as bench:
        await bench.reads_back(FRACTIONS.name, WORD)
        old_word = bench.word(FRACTIONS.name, WORD)
        await bench.write_register("SPI_EPROP_EN", 0)
        await bench.write_byte(FRACTIONS.name, WORD, 0, ~old_word & 255)
        assert bench.word(FRACTIONS.name, WORD) == old_word


@cocotb.test(**LIMIT)
async def test_random_events_with_both_rules(dut: Any) -> None:
    """The events are of all kinds, to all neurons, in open loop."""
    async with Bench.at_random(dut, ANY_RATES, IDLE, SLUGGISH) as bench:
        await bench.send_any(100)
        assert bench.output.events, "not one neuron spiked"
