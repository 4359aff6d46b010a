"""ReckOn's workloads: samples of random spikes, timestep by timestep, through a recurrent network that may learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import CHIP, NEURONS, PAIR, WINP, WOUT, WREC, N
from draupnir.emulator.spi import pins
from draupnir.emulator.trace import pack
from draupnir.tools.bench.workloads import Silicon, Workload, Workloads
from draupnir.tools.compile.spi import stream

# 13 MHz at 0.5 V (C. Frenkel, G. Indiveri, ISSCC 2022); two neurons in two clocks of a sweep.
SILICON = Silicon(13e6, 13e6)
HOST = Host(gap=2, hold=1, ack_delay=2, ack_hold=1)
SEEN = 4  # clocks after a write until the chip sees it
TIMESTEPS = 40  # timesteps of a sample; targets are valid in the second half
SPIKES = 4.0  # the average number of input spikes in a timestep
N_INP, N_REC, N_OUT = 40, 100, 2
BASE: Mapping[str, int] = {
    "SPI_EN_CONF": 0,
    "SPI_FP_LOC_WINP": 3,
    "SPI_FP_LOC_WREC": 3,
    "SPI_FP_LOC_WOUT": 3,
    "SPI_FP_LOC_TINP": 3,
    "SPI_FP_LOC_TREC": 5,
    "SPI_FP_LOC_TOUT": 6,
    "SPI_LEARN_SIG_SCALE": 5,
    "SPI_EN_STOCH_ROUND": 1,
    "SPI_KAPPA": 0x7F,
    "SPI_H_1": 4,
    "SPI_H_2": 8,
    "SPI_H_3": 4,
    "SPI_THR_H_0": 0,
    "SPI_THR_H_1": 200,
    "SPI_THR_H_2": 400,
    "SPI_THR_H_3": 600,
    "SPI_LR_R_WINP": 11,
    "SPI_LR_R_WREC": 11,
    "SPI_LR_R_WOUT": 14,
    "SPI_NUM_INP_NEUR": N_INP - 1,
    "SPI_NUM_REC_NEUR": N_REC - 1,
    "SPI_NUM_OUT_NEUR": N_OUT - 1,
}


def inference(n_operations: int) -> Workload:
    """A network that does not learn. n_operations : the number of the host's operations, at least 1"""
    return _workload("inference", "a recurrent network that infers", {"SPI_DO_EPROP": 0}, n_operations, 1)


def eprop(n_operations: int) -> Workload:
    """A network whose weights all learn in half of the timesteps. n_operations : at least 1"""
    return _workload("eprop", "a recurrent network that learns (e-prop)", {"SPI_DO_EPROP": 7}, n_operations, 2)


WORKLOADS = Workloads((inference, eprop), SILICON)


def _workload(name: str, description: str, registers: Mapping[str, int], n_operations: int, seed: int) -> Workload:
    rng = np.random.default_rng(seed)
    configuration = _configuration({**BASE, **registers}, rng)
    # The memories are written directly, so the stream has only the registers.
    writes = stream.pack(configuration, configuration.memories)
    rows = pins.rows(CHIP, writes, half=1, gap=SEEN).reshape(len(writes), -1)
    ticking = np.arange(rows.shape[1]) >= rows.shape[1] - SEEN  # SCK is faster than the clock
    reset = np.repeat([pack(CHIP.input_word, {"RST": 1}), 0], 4)
    inputs = np.concatenate((reset, rows.ravel()))
    clk = np.concatenate((np.ones(len(reset), np.uint8), np.tile(ticking, len(writes)).astype(np.uint8)))
    events = np.array(list(islice(_samples(rng), n_operations)), np.int64)
    return Workload(CHIP, name, description, configuration.memories, inputs, clk, events, HOST)


def _configuration(registers: Mapping[str, int], rng: np.random.Generator) -> Configuration:
    parts = {r.name: (registers.get(r.name, r.fallback),) * r.n_addrs for r in CHIP.registers}
    alpha = 0xF00  # with SPI_ALPHA_CONF 0 a decay to 32512 of 32768 in a timestep
    pair = to_limbs(encode(PAIR, thr=700, alpha=alpha), NEURONS.n_limbs)
    memories = {NEURONS.name: np.tile(pair, (NEURONS.depth, 1))}
    for memory, n_post in ((WINP, N_REC), (WREC, N_REC), (WOUT, N_OUT)):
        shape = columns.matrix_of(memory).shape
        weights = np.zeros(shape, np.int64)
        weights[:N, :n_post] = rng.normal(8.0 if memory is WINP else 0.0, 20.0, (N, n_post)).clip(-127, 127)
        memories[memory.name] = columns.pack((weights & 0xFF).astype(np.uint32), memory)
    return Configuration(CHIP, parts, memories)


def _samples(rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield the operations of the host, sample after sample, without end."""
    while True:
        yield Op.SAMPLE, 1
        for timestep in range(TIMESTEPS):
            if timestep == TIMESTEPS // 2:
                yield Op.TARGET, int(rng.integers(N_OUT))  # a target before the first tick is lost
                yield Op.TARGET_VALID, 1
            yield from ((Op.SPIKE, int(addr)) for addr in rng.permutation(N_INP)[: rng.poisson(SPIKES)])
            yield Op.TICK, 1
        yield Op.TARGET_VALID, 0
        yield Op.SAMPLE, 0
        yield Op.TICK, 0
        yield Op.TAKE, 1
