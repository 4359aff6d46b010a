"""Random ReckOns and their hosts' operations, for Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import REGISTERS, N

FEW = 40  # the number of neurons of most networks, so that a timestep is short
ENOUGH = 60_000  # Nearly every run takes fewer clocks.


@dataclass(frozen=True)
class Experiment:
    """A network with random contents by ``seed``, its registers by name in lower case, and runs of it."""

    seed: int
    registers: Mapping[str, int]
    host: Host
    runs: list[list[tuple[int, int]]]
    max_cycles: int

    def model(self) -> Model:
        """Return the configured model after a reset."""
        model = Model(self.seed)
        model.reset()
        r, rng = model.registers[0], np.random.default_rng(self.seed)
        for register in REGISTERS:
            name = register.name.lower()
            r[name] = rng.integers(0, 1 << register.width, r[name].shape)
        for name, content in self.registers.items():
            r[name] = content
        for memory in model.memories.values():
            memory[:] = rng.integers(0, 1 << 32, memory.shape, dtype=np.uint32)
        return model


def bits(width: int) -> st.SearchStrategy[int]:
    """Return a strategy for any content of a register."""
    return st.integers(0, (1 << width) - 1)


rare = st.sampled_from([0] * 11 + [1])
few_neurons = st.one_of(st.integers(0, FEW), st.sampled_from([15, 16, 31, FEW]), st.integers(0, N - 1))
registers = st.fixed_dictionaries(
    {
        "spi_en_conf": rare,
        "spi_do_eprop": st.sampled_from([7, 7, 7, 0, 1, 2, 3, 4, 5, 6]),
        "spi_local_tick": rare,
        "spi_cycles_per_tick": st.integers(1, 3000),
        "spi_timing_mode": rare,
        "spi_single_label": st.sampled_from([0, 1, 1]),
        "spi_regression": st.sampled_from([0, 0, 1]),
        "spi_regul_mode": bits(3),
        "spi_regul_w": bits(2),
        "spi_noise_en": st.sampled_from([0, 0, 1]),
        "spi_force_traces": bits(1),
        "spi_en_stoch_round": st.sampled_from([0, 1, 1]),
        "spi_send_per_timestep": st.sampled_from([0, 0, 0, 1]),
        "spi_kappa": st.sampled_from([0x79, 0x80, 0x7F, 0xFF]),
        "spi_num_inp_neur": few_neurons,
        "spi_num_rec_neur": few_neurons,
        "spi_regul_f0": st.sampled_from([0, 1, 20, 0xFFF]),
    },
    optional={
        name: st.integers(0, high)
        for name, high in {
            "spi_lr_r_winp": 4, "spi_lr_r_wrec": 4, "spi_lr_r_wout": 4, "spi_learn_sig_scale": 15,
            "spi_fp_loc_tinp": 4, "spi_fp_loc_trec": 4, "spi_fp_loc_tout": 4, "spi_regul_k_mul": 8,
        }.items()
    },
)  # fmt: skip
neurons = st.integers(0, N - 1)


def timestep(last: bool) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Return operations: spikes, levels that change, labels, and then a tick."""
    levels = st.tuples(st.sampled_from([Op.TARGET_VALID, Op.INFER_ACC]), st.sampled_from([0, 1, 1]))
    spike = st.tuples(st.just(Op.SPIKE), st.one_of(st.integers(0, FEW), neurons))
    target = st.tuples(st.just(Op.TARGET), neurons)
    anything = st.one_of(spike, spike, spike, levels, target, st.tuples(st.just(Op.WAIT), st.integers(0, 9)))
    tick = [(Op.SAMPLE, 0), (Op.TICK, 0)] if last else [(Op.TICK, 1)]
    return st.lists(anything, max_size=8).map(lambda ops: [*ops, *tick])


@st.composite
def samples(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Return the operations of a sample: a label, some timesteps, and reads of the output."""
    ops: list[tuple[int, int]] = [(Op.SAMPLE, 1), (Op.TARGET, draw(neurons)), (Op.INFER_ACC, draw(st.integers(0, 1)))]
    ops.append((Op.TARGET_VALID, draw(st.sampled_from([0, 1, 1]))))
    for _ in range(draw(st.integers(1, 8))):
        ops += draw(timestep(False))
    ops += draw(timestep(True))
    return [*ops, (Op.TAKE, draw(st.integers(1, 3)))]


@st.composite
def anything(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Return random operations in random order."""
    codes = draw(st.lists(st.sampled_from([*Op, Op.TICK, Op.TICK, Op.SAMPLE]), min_size=1, max_size=25))
    return [(code, draw(neurons) if code <= Op.TARGET else draw(st.integers(code == Op.TAKE, 1))) for code in codes]


delays = st.one_of(st.just(0), st.integers(0, 9))
hosts = st.builds(Host, delays, delays, st.integers(1, 9), delays, delays)
experiments = st.builds(
    Experiment,
    st.integers(0, 1 << 32),
    registers,
    hosts,
    st.lists(st.one_of(samples(), samples(), samples(), anything()), min_size=1, max_size=3),
    st.one_of(st.just(ENOUGH), st.integers(0, ENOUGH)),
)
