"""A short run of a small network through all phases, and a hash of its results; it is also a program."""

from __future__ import annotations

import hashlib

import numpy as np

from draupnir.emulator.reckon.events import engine
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.tests.reckon.experiments import Experiment

REGISTERS = {
    "spi_en_conf": 0, "spi_do_eprop": 7, "spi_local_tick": 0, "spi_timing_mode": 0, "spi_regression": 0,
    "spi_single_label": 1, "spi_send_per_timestep": 0, "spi_send_label_only": 0, "spi_noise_en": 1,
    "spi_en_stoch_round": 1, "spi_regul_mode": 3, "spi_regul_w": 3, "spi_regul_f0": 1, "spi_num_inp_neur": 10,
    "spi_num_rec_neur": 7, "spi_num_out_neur": 2, "spi_lr_r_winp": 0, "spi_lr_r_wrec": 0, "spi_lr_r_wout": 0,
}  # fmt: skip
SAMPLE = [
    (Op.SAMPLE, 1), (Op.SPIKE, 3), (Op.TICK, 1),
    (Op.TARGET, 1), (Op.TARGET_VALID, 1), (Op.INFER_ACC, 1),
    *[(Op.SPIKE, 3), (Op.SPIKE, 9), (Op.TICK, 1)] * 2,
    (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 6),
]  # fmt: skip


def digest(n_ops: int = len(SAMPLE), swept: float = 0.5) -> str:
    """The hash of what the first operations leave. swept : the part of the clocks that must be swept, at the least"""
    model = Experiment(5, REGISTERS, Host(), [], 0).model()
    run = engine.run(model, SAMPLE[:n_ops], Host(), 100_000)
    assert run.done and run.n_swept >= swept * run.n_cycles
    snapshot = model.snapshot()
    sha = hashlib.sha256(np.array([*run.cycles, *run.received, run.n_cycles]).tobytes())
    for content in (snapshot.record, *snapshot.memories.values()):
        sha.update(content.tobytes())
    return sha.hexdigest()


if __name__ == "__main__":
    print(digest())
