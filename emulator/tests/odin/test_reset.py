"""A reset sets some registers and leaves others, and may come at any moment."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.odin.layout import CHIP, IZH, SCHED_EVENT
from draupnir.emulator.tests.odin.helpers import Bench
from draupnir.emulator.tests.odin.stimulus import random_rows

RESETTABLE = [reg for reg in state.registers(CHIP) if reg.reset is not None]
SYNCHRONISER = ("rst_sync_int", "rst_sync")  # These registers make the reset, and follow the pin.
KEPT = [reg for reg in state.registers(CHIP) if reg.reset is None and reg.name not in SYNCHRONISER]
IN_PASSING = ("neur_state", "synarray_rdata")  # output registers of the memories: what was read as the reset came


@pytest.fixture(scope="module")
def running() -> Bench:
    """Return a configured chip during random stimulation."""
    bench = Bench(seed=1)
    bench.start(BURST_TIMEREF=37)
    rng = np.random.default_rng(1)
    for addr in range(256):  # Only a few neurons burst; otherwise the chip would do nothing else.
        bench.set_neuron(addr, IZH, thr=1, spk_ref=3, neur_disable=int(addr % 50 > 0), core=1)
    bench.model.memories["synapses"][:] = rng.integers(0, 1 << 32, (8192, 1), dtype=np.uint32)
    bench.model.drive(*random_rows(seed=1, n_cycles=3000))
    return bench


@pytest.mark.parametrize("n_clocks", [0, 1, 2, 3, 50, 111, 500, 777, 1500])
def test_a_reset_at_any_moment_puts_every_register_to_its_reset_value(running: Bench, n_clocks: int) -> None:
    start = running.model.snapshot()
    inputs, clk = random_rows(seed=2, n_cycles=2000)
    running.model.drive(inputs[:n_clocks], clk[:n_clocks])
    running.clock(3, RST=1)
    for reg in RESETTABLE:
        assert (np.asarray(running.r[reg.name]) == reg.reset).all(), reg.name
    running.pins["RST"] = 0
    running.model.restore(start)


def test_the_running_chip_has_left_its_reset_state(running: Bench) -> None:
    elsewhere = {reg.name for reg in RESETTABLE if (np.asarray(running.r[reg.name]) != reg.reset).any()}
    assert elsewhere >= {
        "state",
        "ctrl_cnt",
        "neur_cnt",
        "main_fill_cnt",
        "main_write_ptr",
        "priority",
        "burst_empty",
        "spi_cnt",
    }


def test_a_reset_keeps_registers_without_a_reset_and_memories(running: Bench) -> None:
    start = running.model.snapshot()
    running.clock(1, RST=1)
    running.clock(2)
    in_reset = running.model.snapshot()
    running.clock(50)
    running.pins["RST"] = 0
    lines = state.diff(in_reset, running.model.snapshot())
    assert {line.split("[")[0].split(":")[0] for line in lines} <= {"inputs", "cycle", *IN_PASSING}
    for register in CHIP.registers:
        name = register.name.lower()
        assert (np.asarray(start.record[name]) == np.asarray(in_reset.record[name])).all()
    running.model.restore(start)


def test_the_slave_is_reset_at_once_and_the_rest_two_clocks_later() -> None:
    bench = Bench()
    bench.start()
    bench.model.registers.neur_cnt[0] = 5
    bench.model.registers.spi_cnt[0] = 5
    bench.model.registers.state[0] = 9
    bench.set(RST=1)
    assert (bench.r.spi_cnt, bench.r.neur_cnt) == (0, 5)
    bench.clock(1, RST=1)
    assert bench.r.neur_cnt == 5
    bench.clock(1)
    assert bench.r.neur_cnt == 0


def test_a_reset_between_two_clock_edges_reaches_the_slave_alone() -> None:
    bench = Bench()
    bench.start()
    bench.model.registers.spi_cnt[0] = 5
    bench.set(RST=1)
    bench.set(RST=0)
    bench.clock(4)
    assert (bench.r.spi_cnt, bench.r.rst_sync, bench.r.rst_sync_int) == (0, 0, 0)


@pytest.mark.parametrize("reg", KEPT, ids=lambda reg: reg.name)
def test_each_register_without_a_reset_survives_one(reg) -> None:  # type: ignore[no-untyped-def]
    bench = Bench(seed=5)
    bench.model.registers[reg.name] = (1 << reg.width) - 1
    bench.clock(1, RST=1)
    old_content = np.array(bench.r[reg.name])
    bench.clock(10)
    bench.clock(10, RST=0)
    assert (np.asarray(bench.r[reg.name]) == old_content).all()


def test_a_fifo_word_survives_but_is_forgotten() -> None:
    bench = Bench()
    bench.start()
    bench.model.registers["main_mem"][0, 0] = SCHED_EVENT["addr"].high
    bench.model.registers.main_write_ptr[0] = 1
    bench.model.registers.main_empty[0] = 0
    bench.clock(4, RST=1)
    assert (bench.r["main_mem"][0], bench.r.main_empty, bench.r.main_write_ptr) == (255, 1, 0)


def test_the_chip_is_held_through_the_edge_that_ends_the_reset() -> None:
    bench = Bench()
    bench.clock(10, RST=1, AEROUT_ACK=1)
    bench.pins["RST"] = 0
    assert bench.clock_until("rst_sync", 0) == 2
    assert bench.clock_until("aerout_ctrl_busy", 1) == 3
