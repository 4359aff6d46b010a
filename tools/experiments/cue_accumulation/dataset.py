"""The task: a mouse runs along a track, sees cues at its left and right, and later turns to the side with more cues.

A sample lasts 2250 timesteps of 1 ms. Seven cues of 100 ms come every 150 ms, each left or right. After them there is
only noise, until the recall cue asks for the answer at 2100 ms. 40 input neurons, ten for each of left, right, recall
and noise, spike as Poisson processes.

Source: G. Bellec et al., Nature Communications 11, 3625, 2020, Methods; the files of ReckOn's testbench (tbench.sv).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError

TRAIN_FILE, TEST_FILE = "dataset_cueAcc_train.dat", "dataset_cueAcc_test.dat"
N_INPUTS = 40
PER_GROUP = 10  # neurons in a group
LEFT, RIGHT, RECALL, NOISE = (range(PER_GROUP * g, PER_GROUP * (g + 1)) for g in range(4))
N_CUES = 7
CUE_EVERY, CUE_PAUSE = 150, 50  # ms; a cue comes after the pause
RECALL_AT, END = 2100, 2250
HZ_CUE, HZ_NOISE = 40, 10
BIAS = 0.3  # the average share of cues at the side with fewer cues, 0..1
LABEL_MARK, END_MARK = -2, -1  # in the files


@dataclass(frozen=True)
class CueSample:
    """One sample of the task.

    label : 0 left, 1 right
    spikes : (n, 2) int64, timestep (0..2249) and input neuron (0..39), in the order of time
    """

    label: int
    spikes: np.ndarray


def generate(rng: np.random.Generator, n: int) -> list[CueSample]:
    """Make ``n`` samples of our own. The label is the side with more cues."""
    return [_sample(rng) for _ in range(n)]


def _sample(rng: np.random.Generator) -> CueSample:
    right = rng.random(N_CUES) < rng.choice([BIAS, 1 - BIAS])
    rate = np.zeros((END, N_INPUTS))
    rate[:, NOISE] = HZ_NOISE
    rate[RECALL_AT:, RECALL] = HZ_CUE
    for i, side in enumerate(right):
        rate[i * CUE_EVERY + CUE_PAUSE : (i + 1) * CUE_EVERY, RIGHT if side else LEFT] = HZ_CUE
    return CueSample(int(right.sum() > N_CUES / 2), np.argwhere(rng.random(rate.shape) < rate / 1000))


def read(path: Path) -> list[CueSample]:
    """Samples from a file of ReckOn's testbench.

    The file has the number of samples. Then each sample has lines ``neuron, timestep``, the line ``-2, label`` at the
    start of the recall, and ``-1, 2250`` at its end. Raises InputError, with the sample, for any other form.
    """
    numbers = integers(path)
    samples: list[CueSample] = []
    label: int | None = None
    spikes: list[tuple[int, int]] = []
    for neuron, timestep in zip(numbers[1::2], numbers[2::2], strict=False):
        place = f"{path}: sample {len(samples)}"
        if neuron == END_MARK:
            if label is None or timestep != END:
                raise InputError(f"{place}: ends at {timestep}; it has a label (-2, label), and ends at {END}")
            samples.append(CueSample(label, np.array(spikes, dtype=np.int64).reshape(-1, 2)))
            label, spikes = None, []
        elif neuron == LABEL_MARK:
            if timestep not in (0, 1):
                raise InputError(f"{place}: label {timestep}; labels are 0 (left) and 1 (right)")
            label = timestep
        elif not (0 <= neuron < N_INPUTS and (spikes[-1][0] if spikes else 0) <= timestep < END):
            raise InputError(
                f"{place}: spike {neuron}, {timestep}; neurons are 0 to {N_INPUTS - 1}, timesteps in order"
            )
        else:
            spikes.append((timestep, neuron))
    if not numbers or len(samples) != numbers[0] or spikes:
        raise InputError(f"{path}: {len(samples)} whole samples; its first number must be the number of samples")
    return samples


def read_weights(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Weights from a file of ReckOn's testbench: (pre, post) int64, -128..127. Raises InputError for a wrong file."""
    numbers = integers(path)
    if len(numbers) != shape[0] * shape[1] or not all(-128 <= weight <= 127 for weight in numbers):
        raise InputError(f"{path}: {len(numbers)} numbers; right are {shape[0]} x {shape[1]}, each -128 to 127")
    return np.array(numbers, dtype=np.int64).reshape(shape)


def integers(path: Path) -> list[int]:
    """All numbers of a text file. Raises InputError if it cannot be read."""
    try:
        return [int(number) for number in re.findall(r"-?\d+", path.read_text(encoding="ascii"))]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cue-accumulation: {path} cannot be read; right is the folder with the .dat files of ReckOn"
        ) from error
