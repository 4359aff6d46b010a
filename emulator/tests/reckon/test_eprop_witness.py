"""ReckOn's learning agrees with the published e-prop in floating point.

    v_j <- alpha v_j + sum_i W_ji z_i + sum_i W_ji x_i - z_j thr,   z_j = H(v_j - thr)
    y_k <- kappa y_k + sum_j W_kj z_j,   L_j = sum_k W_kj (y*_k - y_k)
    dW_ji ~ L_j psi_j F_alpha(z_i),   dW_kj ~ (y*_k - y_k) F_kappa(z_j)

Source: G. Bellec et al., Nature Communications 11, 3625, 2020, Methods. As in the chip, y_k goes through a hard
sigmoid, psi is a box, and looks at the potential after leak and reset; eligibility traces are not filtered once more
with kappa.

Bellec et al. regularise the firing rate by (f_target - f_j) times the eligibility trace. The chip takes F_alpha(z_j)
for the rate, and regularises only above the target: *additively* by C max(f_j - f_target, 0) for each weight to neuron
j, without an eligibility; *multiplicatively* by taking that fraction from what would make the neuron fire more.

    dW_ji ~ L_j psi_j F_alpha(z_i) - C max(f_j - f_target, 0)
    dW_ji ~ p max(0, 1 - max(f_j - f_target, 0) / C')  where p = L_j psi_j F_alpha(z_i) > 0

Spikes and, as they are learned, weights are taken from the chip. All else is computed here with real numbers; the chip
rounds each potential and trace once a timestep, by less than 1 LSB, and what was rounded decays: so after T timesteps
it is off by at most T LSB. From that follow, for each weight and timestep, the limits between which the chip's product
must lie. Where both have one sign, the chip may move the weight in that direction only; where both are 0, not at all;
how many weights move, and how far along the published update, lies within what Hoeffding's inequality allows for draws
with these probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import engine
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import ALPHA_MSB, CHIP, NEURONS, PAIR, N, State

T = 25  # the number of timesteps
LEARNING = 6  # the number of timesteps, at the end, that learn
N_INP, N_REC, N_OUT = 24, 36, 3
ALPHA_LSBS, KAPPA, THR = 0xF00, 0x79, 500
PSI_FROM = 100  # the potential from which the pseudo-derivative is 1
W_SHIFT = 3  # the radix point of all weights
TINP, TREC, TOUT = 3, 4, 6  # the radix points of the traces
SCALE = 7  # the scale of the learning signals
LR_P, LR_P_OUT = 15, 11
PROB_BITS, PROB_BITS_OUT = 32, 28
F0 = 16  # rate, in what a recurrent trace has above its radix point, from which regularisation begins
K_ADD, K_MUL = 7, 3  # shift of the additive term; of the excess, in sixteenths, of the multiplicative one
MULTIPLICATIVE, ADDITIVE = 1, 2  # bits of SPI_REGUL_MODE
RISK = 1e-6  # the probability that Hoeffding's bound is passed by chance
READY = CHIP.output_word["TIMING_ERROR_RDY"]

REGISTERS = {
    "spi_en_conf": 0, "spi_do_eprop": 7, "spi_error_halt": 1, "spi_single_label": 1, "spi_send_label_only": 1,
    "spi_en_stoch_round": 1, "spi_fp_loc_winp": W_SHIFT, "spi_fp_loc_wrec": W_SHIFT, "spi_fp_loc_wout": W_SHIFT,
    "spi_fp_loc_tinp": TINP, "spi_fp_loc_trec": TREC, "spi_fp_loc_tout": TOUT, "spi_learn_sig_scale": SCALE,
    "spi_kappa": KAPPA, "spi_h_4": 1, "spi_lr_p_winp": LR_P, "spi_lr_p_wrec": LR_P, "spi_lr_p_wout": LR_P_OUT,
    "spi_num_inp_neur": N_INP - 1, "spi_num_rec_neur": N_REC - 1, "spi_num_out_neur": N_OUT - 1,
    "spi_regul_w": 3, "spi_regul_f0": F0, "spi_regul_k_inp_p": K_ADD, "spi_regul_k_rec_p": K_ADD,
    "spi_regul_k_mul": K_MUL, **{f"spi_thr_h_{i}": PSI_FROM for i in range(4)},
}  # fmt: skip


class Limits(NamedTuple):
    """Limits of real numbers that the chip has as integers, elementwise."""

    low: np.ndarray
    high: np.ndarray

    def times(self, other: Limits) -> Limits:
        """Return the limits of the product."""
        ends = np.stack([a * b for a in self for b in other])
        return Limits(ends.min(axis=0), ends.max(axis=0))

    def less(self, other: Limits) -> Limits:
        """Return the limits of the difference."""
        return Limits(self.low - other.high, self.high - other.low)


def around(real: np.ndarray, off: np.ndarray | float) -> Limits:
    """Return limits that are ``off`` below and above."""
    return Limits(real - off, real + off)


class Published:
    """The network in real numbers; weights [pre, post], in LSB."""

    def __init__(self) -> None:
        self.alpha, self.kappa = (ALPHA_MSB[0] << 12 | ALPHA_LSBS) / 2**15, KAPPA / 2**7
        self.v, self.y, self.z = np.zeros(N_REC), np.zeros(N_OUT), np.zeros(N_REC)
        self.trace_inp, self.trace_rec, self.trace_out = np.zeros(N_INP), np.zeros(N_REC), np.zeros(N_REC)

    def timestep(self, x: np.ndarray, spikes: np.ndarray, weights: Mapping[str, np.ndarray]) -> None:
        """Input spikes x and the last recurrent ones arrive; then ``spikes`` happen, which must be those of v."""
        self.winp, self.wrec, self.wout = (weights[name].astype(float) for name in ("winp", "wrec", "wout"))
        self.v += 2**W_SHIFT * (x @ self.winp + self.z @ self.wrec)
        self.y += 2**W_SHIFT * (self.z @ self.wout)
        assert np.all(self.v[spikes == 1] >= THR - T) and np.all(self.v[spikes == 0] < THR + T)
        # Traces are in LSB of those that learning uses: 8 for each spike, for outputs 2.
        self.trace_inp = self.alpha * (self.trace_inp + 8 * x)
        self.trace_rec = self.alpha * (self.trace_rec + 8 * self.z)
        self.trace_out = self.kappa * (self.trace_out + 2 * self.z)
        self.v = self.alpha * self.v - THR * spikes
        self.y = self.kappa * self.y
        self.z = spikes.astype(float)

    def updates(self, label: int, regul_mode: int) -> dict[str, Limits]:
        """Return for each weight memory the limits of error times eligibility, the source of the chip's probability."""
        target = 2048.0 * (np.arange(N_OUT) == label)
        error = around(target - np.clip((self.y + 2048) / 2, 0, 2048), T / 2 + 1)  # y is off by T, and halving rounds.
        signal = (self.wout @ (error.low + error.high)) / 2
        off = np.abs(self.wout) @ (error.high - error.low) / 2
        learning = around(signal / 2 ** (12 - SCALE), off / 2 ** (12 - SCALE) + 1)
        psi = Limits((self.v - T >= PSI_FROM).astype(float), (self.v + T >= PSI_FROM).astype(float))
        post = learning.times(psi)
        return {
            "winp": self._regularised(_trace(self.trace_inp, TINP).times(post), regul_mode),
            "wrec": self._regularised(_trace(self.trace_rec, TREC).times(post), regul_mode),
            "wout": _trace(self.trace_out, TOUT).times(error),
        }

    def _regularised(self, product: Limits, mode: int) -> Limits:
        """Return the limits of a product after regularisation."""
        rate = around(self.trace_rec, T / 2**TREC)
        excess = Limits(np.maximum(rate.low - 1 - F0, 0), np.maximum(rate.high - F0, 0))
        if mode & MULTIPLICATIVE:
            reduction = Limits(excess.low / 2**K_MUL - 1, excess.high / 2**K_MUL)  # whole sixteenths
            remainder = Limits(np.clip(1 - reduction.high / 16, 0, 1), np.clip(1 - reduction.low / 16, 0, 1))
            scaled = product.times(remainder)
            low = np.where(product.low < 0, product.low, np.floor(scaled.low))
            product = Limits(low, np.where(product.high < 0, product.high, scaled.high))
        additive = Limits(excess.low * 2**K_ADD, excess.high * 2**K_ADD)
        return product.less(additive) if mode & ADDITIVE else product


def _trace(real: np.ndarray, radix_point: int) -> Limits:
    """Return a column with the limits of a pre-synaptic trace: it is off by T LSB before the shift, and never < 0."""
    low, high = around(real, T / 2**radix_point)
    return Limits(np.maximum(low - 1, 0)[:, np.newaxis], np.where(real > 0, high, 0)[:, np.newaxis])


class Chip:
    """A small random network on the golden model."""

    def __init__(self, rng: np.random.Generator, regul_mode: int) -> None:
        self.model = Model()
        self.model.reset()
        registers = {**REGISTERS, "spi_regul_mode": regul_mode}
        for register in CHIP.registers:
            self.model.registers[0][register.name.lower()] = registers.get(register.name.lower(), 0)
        word = to_limbs(encode(PAIR, thr=THR, alpha=ALPHA_LSBS), NEURONS.n_limbs)
        self.model.memories["neurons"][: N_REC // 2] = word
        self.weights["winp"][:] = rng.integers(-30, 60, (N_INP, N_REC))
        self.weights["wrec"][:] = rng.integers(-20, 20, (N_REC, N_REC))
        self.weights["wout"][:] = rng.integers(-4, 5, (N_REC, N_OUT))
        np.fill_diagonal(self.weights["wrec"], 0)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights in use, [pre, post], as views of the memories."""
        bytes_ = {name: self.model.memories[name].view(np.int8) for name in ("winp", "wrec", "wout")}
        return {
            "winp": bytes_["winp"].reshape(N, N)[:N_INP, :N_REC],
            "wrec": bytes_["wrec"].reshape(N, N)[:N_REC, :N_REC],
            "wout": bytes_["wout"][:N_REC, :N_OUT],
        }

    def begin(self, x: np.ndarray) -> None:
        """Begin a sample, and send the input spikes of its first timestep."""
        self._run([(Op.SAMPLE, 1), *_spikes(x), (Op.TICK, 1)])

    def end_timestep(self, x: np.ndarray, first: Sequence[tuple[int, int]] = ()) -> np.ndarray:
        """End the timestep, which may learn, and send x, the next input spikes. Return the recurrent spikes at its end.

        first : operations of the host before that
        """
        self._run([*first, *_spikes(x), (Op.TICK, 0), (Op.WAIT, N_REC + 2)])
        assert self.model.registers[0].state == State.SDONE
        spikes: np.ndarray = self.model.registers[0].neur_z[:N_REC].copy()
        while not self.model.outputs >> READY.lsb & 1:
            self._run([(Op.WAIT, 10)])
        return spikes

    def _run(self, ops: list[tuple[int, int]]) -> None:
        assert engine.run(self.model, np.array(ops).reshape(-1, 2), Host(), 100_000).done


def _spikes(x: np.ndarray) -> list[tuple[int, int]]:
    return [(Op.SPIKE, int(i)) for i in np.flatnonzero(x)]


@pytest.mark.parametrize("regul_mode", [0, MULTIPLICATIVE, ADDITIVE, MULTIPLICATIVE | ADDITIVE])
@pytest.mark.parametrize("seed", range(4))
def test_weights_move_as_published(seed: int, regul_mode: int) -> None:
    moves = learned(seed, regul_mode)
    for name, (steps, limits) in moves.items():
        per_product = 2.0 ** (LR_P_OUT - PROB_BITS_OUT if name == "wout" else LR_P - PROB_BITS)
        hold(steps, limits, per_product)
        if not regul_mode:  # With regularisation there may be only one direction.
            assert (limits.low > 0).any() and (limits.high < 0).any()
        with pytest.raises(AssertionError):
            hold(-steps, limits, per_product)


@pytest.mark.parametrize("regul_mode", [MULTIPLICATIVE, ADDITIVE])
def test_regularisation_is_not_nothing(regul_mode: int) -> None:
    """The chip's updates with it contradict the limits without it, and the other way round."""
    for chip_mode, claimed_mode in ((regul_mode, 0), (0, regul_mode)):
        with pytest.raises(AssertionError):
            for seed in range(4):
                moves = learned(seed, chip_mode, claimed=claimed_mode)
                for name in ("winp", "wrec"):
                    hold(*moves[name], 2.0 ** (LR_P - PROB_BITS))


def learned(seed: int, regul_mode: int, claimed: int | None = None) -> dict[str, tuple[np.ndarray, Limits]]:
    """Return memory -> the steps of a random network's weights in each timestep with a target, and their limits.

    claimed : the SPI_REGUL_MODE of the limits, if it is another one
    """
    rng = np.random.default_rng(seed)
    chip, published, label = Chip(rng, regul_mode), Published(), seed % N_OUT
    inputs = rng.random((T + 1, N_INP)) < 0.2
    moves: dict[str, list[tuple[np.ndarray, Limits]]] = {name: [] for name in chip.weights}
    chip.begin(inputs[0])
    for t in range(T):
        weights_before = {name: weights.astype(int) for name, weights in chip.weights.items()}
        first = [(Op.TARGET, label), (Op.TARGET_VALID, 1)] if t == T - LEARNING else []
        published.timestep(inputs[t], chip.end_timestep(inputs[t + 1], first), weights_before)
        if t < T - LEARNING:
            continue
        ideal = published.updates(label, regul_mode if claimed is None else claimed)
        for name, limits in ideal.items():
            steps = chip.weights[name].astype(int) - weights_before[name]
            learns = np.ones(steps.shape, bool)
            if name == "wrec":
                assert not steps[np.eye(N_REC, dtype=bool)].any()  # No neuron excites itself, or learns to do so.
                learns &= ~np.eye(N_REC, dtype=bool)
            moves[name].append((steps[learns], Limits(limits.low[learns], limits.high[learns])))
    return {name: (np.concatenate([m for m, _ in each]), _joined([i for _, i in each])) for name, each in moves.items()}


def _joined(parts: Sequence[Limits]) -> Limits:
    return Limits(*(np.concatenate(ends) for ends in zip(*parts, strict=True)))


def hold(steps: np.ndarray, ideal: Limits, per_product: float) -> None:
    """Compare steps of weights with the products' limits; per_product : probability of a step for a product of 1."""
    up, down = ideal.low > 0, ideal.high < 0
    none = (ideal.low == 0) & (ideal.high == 0)
    assert set(np.unique(steps)) <= {-1, 0, 1}
    assert not (steps[up] < 0).any() and not (steps[down] > 0).any() and not steps[none].any()
    certain = up | down
    assert certain.sum() > 20
    least, most = np.minimum(np.sort(np.abs(np.stack(ideal))[:, certain], axis=0) * per_product, 1)
    stepped = np.abs(steps[certain])
    assert stepped.any()
    for weight in (np.ones(len(least)), (least + most) / 2):  # the number of steps, and their length along the update
        chance = np.sqrt((weight**2).sum() * np.log(2 / RISK) / 2)
        assert weight @ least - chance <= weight @ stepped <= weight @ most + chance
