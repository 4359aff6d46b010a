"""Our ReckOn with fewer neurons, in Verilator, in lockstep with the model of the whole chip configured for as few.

The model has no sizes: what a smaller chip must do is what the whole one does as long as nobody names a neuron that
the smaller one lacks. Where somebody does, the two differ.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from draupnir.emulator import columns
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import closed_loop
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import (
    CHIP,
    N_WEIGHTS,
    NEURONS,
    PAIR,
    WINP,
    WOUT,
    WREC,
    N,
)
from draupnir.emulator.reckon.port import PORT
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import RegisterWrite
from draupnir.emulator.trace import pack
from draupnir.golden.compare import FirstDifference, hold
from draupnir.rtl import emit, verilated
from draupnir.rtl.verilated import Verilated
from draupnir.tools.compile.spi import stream

HOST = Host(gap=1, hold=1, ack_delay=2)
N_GROUPS = N // N_WEIGHTS  # words of weights of a pre-synaptic neuron
READ_HALF = 6  # clocks in half an SCK period with which the chip can follow when it reads
REGISTERS = {
    "SPI_EN_CONF": 0, "SPI_FP_LOC_WINP": 3, "SPI_FP_LOC_WREC": 2, "SPI_FP_LOC_WOUT": 4, "SPI_FP_LOC_TINP": 3,
    "SPI_FP_LOC_TREC": 3, "SPI_FP_LOC_TOUT": 4, "SPI_LEARN_SIG_SCALE": 7, "SPI_EN_STOCH_ROUND": 1,
    "SPI_NOISE_EN": 1, "SPI_NOISE_STR": 9, "SPI_REGUL_MODE": 3, "SPI_REGUL_W": 3, "SPI_REGUL_F0": 4,
    "SPI_REGUL_K_MUL": 1, "SPI_KAPPA": 0x7C, "SPI_H_1": 4, "SPI_H_2": 9, "SPI_H_4": 3, "SPI_THR_H_1": 150,
    "SPI_THR_H_2": 300, "SPI_THR_H_3": 400, "SPI_LR_P_WINP": 8, "SPI_LR_P_WREC": 8, "SPI_LR_P_WOUT": 10,
    "SPI_SEND_LABEL_ONLY": 0, "SPI_SEND_PER_TIMESTEP": 1, "SPI_DO_EPROP": 7,
}  # fmt: skip


class Sizes(NamedTuple):
    """Neurons of a chip, or of a network on it."""

    n_neurons: int
    n_inputs: int
    n_outputs: int


SMALL = Sizes(64, 64, 8)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Verilated:
    """A small chip; nothing reaches its memories but the SPI."""
    folder: Path = tmp_path_factory.mktemp("small")
    design = emit.design("reckon", folder, **SMALL._asdict())
    return verilated.build(replace(design, memories={}), CHIP, folder)


@pytest.mark.parametrize("network", [SMALL, Sizes(63, 50, 8), Sizes(33, 64, 3)], ids=str)
def test_a_small_chip_is_the_model_with_as_few_neurons(small: Verilated, network: Sizes) -> None:
    model = Model()
    first_outputs, difference = run_both(small, model, network)
    assert difference is None, difference
    for memory in (WINP, WREC, WOUT):
        assert (model.memories[memory.name] != first_outputs[memory.name]).any(), f"{memory.name} has not learned"


@pytest.mark.parametrize("network", [SMALL._replace(n_neurons=66), SMALL._replace(n_outputs=9)], ids=str)
def test_a_network_too_large_for_the_small_chip_is_noticed(small: Verilated, network: Sizes) -> None:
    assert run_both(small, Model(), network)[1] is not None


def run_both(device: Verilated, model: Model, network: Sizes) -> tuple[dict[str, np.ndarray], FirstDifference | None]:
    """Both are configured by SPI, learn for two samples and are read; the memories before learning, the difference."""
    rng = np.random.default_rng(network)
    loaded = configuration(network, rng)
    empty = {memory.name: np.zeros_like(loaded.memories[memory.name]) for memory in CHIP.memories}
    first = np.repeat([pack(CHIP.input_word, {"RST": 1}), 0], 4)
    rows = [first, pins.rows(CHIP, stream.pack(loaded, empty), half=1, gap=4)]
    for part in rows:
        model.drive(part, np.ones(len(part), np.uint8))
    taught = closed_loop.run(model, [*sample(network, rng), *sample(network, rng)], HOST, 10**6, record_rows=True)
    assert taught.done and len(set(taught.received.tolist())) > 5, "different potentials must have been sent"
    rows += [taught.rows, pins.rows(CHIP, list(readings(network)), READ_HALF, gap=4)]
    device.reset()
    inputs = np.concatenate(rows)
    difference = hold(device, fresh := Model(), inputs, np.ones(len(inputs), np.uint8))
    model.restore(fresh.snapshot())
    return loaded.memories, difference


def configuration(network: Sizes, rng: np.random.Generator) -> Configuration:
    """Random weights between the neurons that there are; seeds at random."""
    registers = REGISTERS | {
        "SPI_NUM_INP_NEUR": network.n_inputs - 1,
        "SPI_NUM_REC_NEUR": network.n_neurons - 1,
        "SPI_NUM_OUT_NEUR": network.n_outputs - 1,
    }
    seeds = {r.name: int(rng.integers(1, 1 << r.width)) for r in CHIP.registers if "SEED" in r.name}
    parts = {r.name: ((registers | seeds).get(r.name, r.fallback),) * r.n_addrs for r in CHIP.registers}
    neurons = np.zeros((NEURONS.depth, NEURONS.n_limbs), np.uint32)
    neurons[: (network.n_neurons + 1) // 2] = to_limbs(encode(PAIR, thr=400, alpha=0xE00), NEURONS.n_limbs)
    memories = {NEURONS.name: neurons}
    for memory, n_pre, n_post in (
        (WINP, network.n_inputs, network.n_neurons),
        (WREC, network.n_neurons, network.n_neurons),
        (WOUT, network.n_neurons, network.n_outputs),
    ):
        weights = np.zeros(columns.matrix_of(memory).shape, np.uint32)
        weights[:n_pre, :n_post] = rng.integers(0, 1 << 8, (n_pre, n_post))
        memories[memory.name] = columns.pack(weights, memory)
    return Configuration(CHIP, parts, memories)


def sample(network: Sizes, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Five timesteps of random spikes; in the last three it learns. Potentials are sent in all."""
    n_bytes, ops = 2 * network.n_outputs, [(Op.SAMPLE, 1), (Op.INFER_ACC, 1), (Op.TICK, 1)]
    for timestep in range(5):
        if timestep == 2:
            ops += [(Op.TARGET, int(rng.integers(network.n_outputs))), (Op.TARGET_VALID, 1)]
        ops += [(Op.SPIKE, int(i)) for i in rng.integers(0, network.n_inputs, 12)]
        ops += [(Op.TICK, 0), (Op.TAKE, n_bytes), (Op.WAIT, 6000)]
    return [*ops, (Op.TARGET_VALID, 0), (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, n_bytes), (Op.WAIT, 99)]


def readings(network: Sizes) -> list[int]:
    """SPI transactions: SPI_EN_CONF, then reads from each memory, of the first, some, and the last words in use."""
    n_pairs, last_group = (network.n_neurons + 1) // 2, (network.n_neurons - 1) // N_WEIGHTS
    groups = sorted({0, last_group})
    words = {
        NEURONS.name: [0, n_pairs // 2, n_pairs - 1],
        WINP.name: [N_GROUPS * pre + group for pre in (0, 1, network.n_inputs - 1) for group in groups],
        WREC.name: [N_GROUPS * pre + group for pre in (0, 1, network.n_neurons - 1) for group in groups],
        WOUT.name: [0, 1, network.n_neurons - 1],
    }
    places = [(memory, word, chunk) for memory, addrs in words.items() for word in addrs for chunk in (0, 1)]
    reads = [PORT.encode_read(*place) for place in places]
    return [PORT.encode(RegisterWrite("SPI_EN_CONF", 0, 1)), *reads]
