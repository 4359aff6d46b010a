"""Recordings of an event camera that sees a moving bar, and a network that tells its direction.

`python bars.py record` writes recordings of horizontal and vertical bars, a folder for each, in the format of N-MNIST:
five bytes an event, x, y, the polarity and 23 bits of the time in us. `python bars.py train` makes the network
``net.npz`` of the samples ``train.npz``, which ``draupnir convert`` has made of them.
"""

import struct
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

SIDE, STEPS, STEP = 30, 30, 2000  # pixels, steps of a bar, us
KINDS = ("horizontal", "vertical")


def bar(vertical: bool, rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """The events of a bar that moves along its own middle line: on before it, off behind it, and noise."""
    middle, length = rng.integers(10, 20), rng.integers(4, 8)
    events = []
    for step in range(STEPS):
        for across in range(middle - 3, middle + 3):
            for along, on in ((step, 1), (step - length, 0)):
                if 0 <= along < SIDE and rng.random() < 0.7:
                    x, y = (across, along) if vertical else (along, across)
                    events.append((STEP * step + int(rng.integers(STEP)), x, y, on))
    noise = rng.integers(0, (STEPS * STEP, SIDE, SIDE, 2), (100, 4)).tolist()
    return sorted(events + [tuple(event) for event in noise])


def record() -> None:
    """Write bars/train and bars/test, with 60 and 40 recordings."""
    rng = np.random.default_rng(1)
    for part, n in (("train", 60), ("test", 40)):
        for i in range(n):
            folder = Path("bars", part, KINDS[i % 2])
            folder.mkdir(parents=True, exist_ok=True)
            events = bar(i % 2 == 1, rng)
            file = b"".join(bytes([x, y]) + struct.pack(">I", on << 23 | t)[1:] for t, x, y, on in events)
            (folder / f"{i:05}.bin").write_bytes(file)


def train() -> None:
    """Make integrate-and-fire neurons of a logistic regression, one for each kind of bar."""
    with np.load("train.npz") as samples:
        counts, labels = samples["spikes"].sum(axis=1, dtype=float), samples["labels"]
    weights = LogisticRegression(C=0.1).fit(counts, labels).coef_[0]
    np.savez("net.npz", w1=np.stack([-weights, weights], axis=1), thr1=0.3)


{"record": record, "train": train}[sys.argv[1]]()
