"""ReckOn's numbers: weights of 8 bits in three memories with a shift each, decays of 15 and 7 bits, shared thresholds.

Two neighbours share threshold and decay, so their scales differ as their thresholds do. The shift of a memory is the
same for all neurons; the one for recurrent weights is chosen so that weights lose least.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.reckon.layout import N_OUT, WEIGHT, N
from draupnir.emulator.reckon.network import ALPHA_FRACTION, ALPHA_MAX, ALPHA_MIN, KAPPA_FRACTION, U_MAX, Network
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.reckon.layout import FloatLayout
from draupnir.tools.mapping.violations import BrokenRules, Violation

Integers = NDArray[np.int64]
W_MIN, W_MAX = WEIGHT["w"].low, WEIGHT["w"].high
SHIFT = 3  # of input weights: potentials have so many bits more than weights, which decay needs
COUNT = 64  # LSB of an output neuron for a spike that it counts
HIGHEST_THR = U_MAX - 1  # of a neuron that may spike; U_MAX itself is for one that is not in use


def quantise(layout: FloatLayout, conventions: Conventions, choices: Choices) -> tuple[Network, Reals]:
    """The integer network, and the scale of each recurrent neuron, (256,) float64 LSB for 1.0.

    Raises BrokenRules for decays that the chip cannot hold.
    """
    alpha, kappa = _alpha(layout), _kappa(layout)
    shift = min(range(8), key=lambda candidate: _loss(layout, candidate, choices))
    scale = scales(layout, shift, choices)
    spiking = np.isfinite(layout.threshold)
    thr = np.where(spiking, np.floor(np.where(spiking, layout.threshold, 0) * scale + 1e-9) + 1, U_MAX).astype(np.int64)
    wout, out_shift = _outputs(layout, kappa)
    network = Network(
        winp=_rounded(layout.winp * scale, SHIFT),
        wrec=_rounded(layout.wrec * scale, shift),
        wout=wout,
        fp_loc_winp=SHIFT,
        fp_loc_wrec=shift,
        fp_loc_wout=out_shift,
        thr=_shared(thr, spiking),
        alpha=alpha,
        kappa=kappa,
        rst_mode=int(conventions.reset is Reset.ZERO),
        n_inp=layout.n_inp,
        n_rec=layout.n_rec,
        n_out=layout.wout.shape[1],
    )
    return network, scale


def _rounded(weights: Reals, shift: int) -> Integers:
    return np.clip(np.rint(weights / (1 << shift)), W_MIN, W_MAX).astype(np.int64)


def scales(layout: FloatLayout, shift: int, choices: Choices) -> Reals:
    """(256,) float64, LSB for 1.0, so that all weights of a neuron fit, and two neighbours have the same threshold."""
    largest = np.maximum(abs(layout.winp).max(axis=0) / (1 << SHIFT), abs(layout.wrec).max(axis=0) / (1 << shift))
    scale = W_MAX / np.where(largest > 0, largest * choices.clip, np.inf)
    spiking = np.isfinite(layout.threshold) & (largest > 0)
    threshold = np.where(np.isfinite(layout.threshold), layout.threshold, 1)
    highest = np.where(spiking, np.minimum(scale * threshold, HIGHEST_THR), np.inf).reshape(-1, 2).min(axis=1)
    highest = np.repeat(np.where(np.isfinite(highest), highest, 1), 2)
    return np.where(highest > 0, highest / threshold, 1)


def _loss(layout: FloatLayout, shift: int, choices: Choices) -> float:
    """The squared errors of all weights, each as a share of its neuron's threshold, with this shift of ``wrec``."""
    scale = scales(layout, shift, choices)
    loss = 0.0
    for weights, own_shift in ((layout.winp, SHIFT), (layout.wrec, shift)):
        errors = _rounded(weights * scale, own_shift) * (1 << own_shift) / scale - weights
        loss += float((errors[:, np.isfinite(layout.threshold)] ** 2).sum())
    return loss


def _shared(thr: Integers, spiking: NDArray[np.bool_]) -> Integers:
    """Thresholds that two neighbours share; a neuron that is not in use takes its neighbour's."""
    pairs = np.where(spiking, thr, U_MAX).reshape(-1, 2).min(axis=1)
    return np.repeat(pairs, 2)


def _alpha(layout: FloatLayout) -> Integers:
    """(256,) int64, the decay of two neighbours, in the middle of theirs. Raises BrokenRules out of the range."""
    alpha = np.rint(layout.keep * (1 << ALPHA_FRACTION)).astype(np.int64)
    low = np.flatnonzero((alpha < ALPHA_MIN) & np.isfinite(layout.threshold))
    if len(low):
        name, index = next((n, i) for n, own in layout.neurons.items() for i in range(len(own)) if own[i] == low[0])
        message = f"neuron {index} keeps {layout.keep[low[0]]:.3g} of its potential in a timestep"
        right = "0.875 to 1: a shorter timestep, or a longer tau"
        raise BrokenRules("reckon", [Violation("decay", f"node '{name}'", message, right)])
    return np.repeat(np.clip(alpha, ALPHA_MIN, ALPHA_MAX).reshape(-1, 2).sum(axis=1) // 2, 2)


def _kappa(layout: FloatLayout) -> int:
    """The decay of all output neurons, 0..255. Raises BrokenRules if they differ."""
    kappa = np.unique(np.rint(layout.out_keep * (1 << KAPPA_FRACTION)).astype(np.int64))
    if len(kappa) > 1:
        message = f"output neurons keep {layout.out_keep.min():.3g} to {layout.out_keep.max():.3g} of their potentials"
        raise BrokenRules("reckon", [Violation("one-kappa", "the output", message, "one tau for all of them")])
    return int(kappa[0])


def _out_scale(layout: FloatLayout) -> float:
    """The weight on the chip for 1.0."""
    return COUNT if layout.counts else W_MAX / max(float(abs(layout.wout).max()), 1e-300)


def out_scale_in_lsb(layout: FloatLayout, network: Network) -> float:
    """The LSB of an output neuron's potential for 1.0."""
    return _out_scale(layout) * (1 << network.fp_loc_wout)


def _outputs(layout: FloatLayout, kappa: int) -> tuple[Integers, int]:
    """(256, 16) int64 weights in one scale for all, and their shift; without a decay nothing is rounded."""
    rounded = _rounded(layout.wout * _out_scale(layout), 0)
    shift = SHIFT if kappa < 1 << KAPPA_FRACTION else 0
    return np.pad(rounded, ((0, N - len(rounded)), (0, N_OUT - rounded.shape[1]))), shift
