"""ReckOn learns to accumulate cues: its configuration, and the operations of its host for a sample.

The network has 100 recurrent LIF neurons, 40 inputs and two output neurons. E-prop runs on the chip, in the last 150 ms
of each training sample, when the label is known. Regularisation limits the firing rates. The answer is the output
neuron that has the higher potential in most of these timesteps. The parameters are those of ReckOn's testbench
(tbench.h).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.host import Op
from draupnir.emulator.reckon.layout import CHIP, N_WEIGHTS, NEURONS, PAIR, WINP, WOUT, WREC, N
from draupnir.tools.experiments.cue_accumulation.dataset import (
    END,
    N_INPUTS,
    RECALL_AT,
    TEST_FILE,
    TRAIN_FILE,
    CueSample,
    generate,
    read,
    read_weights,
)

N_REC, N_OUT = 100, 2
N_SAMPLES = 50  # the number of our own samples for training, and the same number for the test
LEARN_ALL, LEARN_NONE = 0b111, 0
SIGMA = {WINP.name: 14.2, WREC.name: 1.83, WOUT.name: 9.4}  # standard deviation of the initial weights, LSB
THR, ALPHA = 614, 0xFEF
WEIGHT_FILES = {name: f"init_rand_weights_{name[1:]}_cueAcc.dat" for name in (WINP.name, WREC.name, WOUT.name)}
SHAPES = {WINP.name: (N_INPUTS, N_REC), WREC.name: (N_REC, N_REC), WOUT.name: (N_REC, N_OUT)}

REGISTERS = {
    "SPI_ERROR_HALT": 1, "SPI_SINGLE_LABEL": 1, "SPI_SEND_LABEL_ONLY": 1, "SPI_EN_STOCH_ROUND": 1,
    "SPI_FP_LOC_WINP": 3, "SPI_FP_LOC_WREC": 3, "SPI_FP_LOC_WOUT": 3,
    "SPI_FP_LOC_TINP": 3, "SPI_FP_LOC_TREC": 4, "SPI_FP_LOC_TOUT": 6,
    "SPI_LEARN_SIG_SCALE": 5, "SPI_KAPPA": 0x79, "SPI_H_4": 1,
    "SPI_THR_H_0": 205, "SPI_THR_H_1": 205, "SPI_THR_H_2": 205, "SPI_THR_H_3": 205,
    "SPI_LR_P_WINP": 8, "SPI_LR_P_WREC": 8, "SPI_LR_P_WOUT": 14,
    "SPI_REGUL_MODE": 0b010, "SPI_REGUL_W": 0b11, "SPI_REGUL_F0": 160,
    "SPI_REGUL_K_INP_P": 10, "SPI_REGUL_K_REC_P": 10,
    "SPI_NUM_INP_NEUR": N_INPUTS - 1, "SPI_NUM_REC_NEUR": N_REC - 1, "SPI_NUM_OUT_NEUR": N_OUT - 1,
}  # fmt: skip
SEEDS = {
    "SPI_SEED_INP": 0xF0F0, "SPI_SEED_REC": 0xF1F1, "SPI_SEED_OUT": 0xF2F2, "SPI_SEED_STRND_NEUR": 0x3F3FF3F3,
    "SPI_SEED_STRND_ONEUR": 0x74F4, "SPI_SEED_STRND_TINP": 0x3F5FF5F5, "SPI_SEED_STRND_TREC": 0x3F6FF6F6,
    "SPI_SEED_STRND_TOUT": 0x3F7FF7F7, "SPI_SEED_NOISE_NEUR": 0x0FF0,
}  # fmt: skip


@dataclass(frozen=True)
class CueExperiment:
    """Parameters of the experiment.

    seed : start value, at least 0, of data, initial weights and the chip's random numbers; with ``data`` of the last
        only. None is the seeds of the testbench with ``data``, or else 1
    epochs : the number of epochs of training, at least 1; after each comes a test with learning off
    data : a folder with the files of ReckOn's testbench; None for our own samples and weights
    """

    seed: int | None = None
    epochs: int = 10
    data: Path | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise InputError(f"cue-accumulation: {self.epochs} epochs; right is 1 or more")
        if self.seed is not None and self.seed < 0:
            raise InputError(f"cue-accumulation: seed {self.seed}; right is 0 or more")

    @property
    def source(self) -> str:
        """The origin of the samples, in words."""
        return "ReckOn's testbench" if self.data else f"our generator, seed {self._own_seed}"

    @property
    def _own_seed(self) -> int:
        return 1 if self.seed is None else self.seed

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._own_seed, stream])

    @cached_property
    def train(self) -> list[CueSample]:
        """The training samples, in their order in each epoch."""
        return read(self.data / TRAIN_FILE) if self.data else generate(self._rng(0), N_SAMPLES)

    @cached_property
    def test(self) -> list[CueSample]:
        """The test samples."""
        return read(self.data / TEST_FILE) if self.data else generate(self._rng(1), N_SAMPLES)

    # --- Configuration ---

    def registers(self) -> dict[str, int]:
        """The contents of all configuration registers, by name. All addresses of a register have the same."""
        seeds = SEEDS
        if self.seed is not None or self.data is None:
            rng = self._rng(2)
            seeds = {name: int(rng.integers(1, 1 << CHIP.register(name).width)) for name in SEEDS}
            seeds = {name: seed | 1 << CHIP.register(name).width // 2 | 1 for name, seed in seeds.items()}  # no half 0
        registers = {register.name: 0 for register in CHIP.registers} | REGISTERS | seeds
        for name, content in registers.items():
            if not 0 <= content < 1 << CHIP.register(name).width:
                raise InputError(f"cue-accumulation: {name} {content}; it has {CHIP.register(name).width} bits")
        return registers

    def memories(self) -> dict[str, np.ndarray]:
        """The contents of the memories, by name: (words, 4) uint32."""
        neurons = np.zeros((NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
        neurons[:N_REC] = to_limbs(encode(PAIR, thr=THR, alpha=ALPHA), NEURONS.n_limbs)
        words = {name: weight_words(name, weights) for name, weights in self.weights().items()}
        return {NEURONS.name: neurons, **words}

    def weights(self) -> dict[str, np.ndarray]:
        """Initial weights, by memory: (pre, post) int64, -128..127."""
        if self.data:
            return {name: read_weights(self.data / WEIGHT_FILES[name], shape) for name, shape in SHAPES.items()}
        rng = self._rng(3)
        weights = {name: np.rint(rng.normal(0, SIGMA[name], shape)).astype(np.int64) for name, shape in SHAPES.items()}
        np.fill_diagonal(weights[WREC.name], 0)
        return {name: np.clip(w, -128, 127) for name, w in weights.items()}

    # --- Operations of the host ---

    def operations(self, sample: CueSample, train: bool) -> np.ndarray:
        """The operations for a whole sample; see ``operations_of``."""
        return operations_of(sample.spikes, sample.label, RECALL_AT, END, train)


def operations_of(spikes: np.ndarray, label: int, recall_at: int, end_at: int, train: bool) -> np.ndarray:
    """The operations for a whole sample: (n, 2) int64, ``draupnir.emulator.reckon.host.Op`` and operand.

    The host receives one byte, the answer.

    spikes : (n, 2) int64, timestep and input neuron, in the order of time
    recall_at, end_at : the timestep from which the answer counts, and the number of timesteps
    train : the host gives the label from ``recall_at`` on
    """
    n_ticks = end_at - 1
    ticks = np.stack([np.full(n_ticks, Op.TICK), np.ones(n_ticks)], axis=1)
    inputs = np.stack([np.full(len(spikes), Op.SPIKE), spikes[:, 1]], axis=1)
    # A spike of timestep t is sent after t ticks.
    order = np.argsort(np.concatenate([spikes[:, 0] - 0.5, np.arange(n_ticks)]), kind="stable")
    main_operations = np.concatenate([inputs, ticks])[order].astype(np.int64)
    recall = int(np.flatnonzero(np.cumsum(main_operations[:, 0] == Op.TICK) == recall_at)[0]) + 1
    learn = [(Op.TARGET, label), (Op.TARGET_VALID, 1)] if train else []
    end = [(Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 1), (Op.WAIT, 1), (Op.TARGET_VALID, 0), (Op.INFER_ACC, 0)]
    return np.concatenate(
        [[(Op.SAMPLE, 1)], main_operations[:recall], [*learn, (Op.INFER_ACC, 1)], main_operations[recall:], end]
    ).astype(np.int64)


def weight_words(name: str, weights: np.ndarray) -> np.ndarray:
    """The contents of a weight memory with these weights, and 0 in all other places: (words, 4) uint32."""
    memory = CHIP.memory(name)
    per_pre = N_WEIGHTS if name == WOUT.name else N
    content = np.zeros((memory.depth * N_WEIGHTS // per_pre, per_pre), dtype=np.uint8)
    content[: weights.shape[0], : weights.shape[1]] = weights & 0xFF
    return content.reshape(memory.depth, -1).view(np.uint32)


def weights_of(memories: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights of the network, by memory: (pre, post) int64, -128..127."""
    weights = {}
    for name, (n_pre, n_post) in SHAPES.items():
        per_pre = N_WEIGHTS if name == WOUT.name else N
        all_weights = memories[name].view(np.int8).reshape(-1, per_pre)
        weights[name] = all_weights[:n_pre, :n_post].astype(np.int64)
    return weights
