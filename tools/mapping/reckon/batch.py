"""ReckOn's integer network for many samples at once: compiled, and so quick enough to train with.

It gives what ``integer_answer`` gives for each sample, and the spikes and potentials in each timestep.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.reckon.layout import N
from draupnir.emulator.reckon.network import ALPHA_FRACTION, KAPPA_FRACTION, U_MAX, U_MIN, Network
from draupnir.tools.mapping.answers import NO_LABEL
from draupnir.tools.mapping.batch import BatchRun, Counts
from draupnir.tools.mapping.choices import Decision
from draupnir.tools.mapping.plan import Integers, Plan

WRAP = (1 << 16) - 1


def run(plan: Plan, network: Network, samples: NDArray[np.uint8]) -> BatchRun:
    """Run samples, (B, timesteps, inputs) of 0 and 1, on an integer network."""
    inputs = batch_inputs(plan, samples)
    n_samples, n_timesteps, _ = inputs.shape
    n = max(network.n_stepped, network.n_stimulated)
    spikes, potentials = (np.zeros((n_samples, n_timesteps, n), np.int32) for _ in range(2))
    outputs = np.zeros((n_samples, n_timesteps, network.n_out), np.int32)
    operations = np.zeros(n_samples, np.int64)
    _run(
        inputs,
        network.winp << network.fp_loc_winp,
        network.wrec << network.fp_loc_wrec,
        network.wout << network.fp_loc_wout,
        (network.thr, network.alpha, network.kappa, network.rst_mode),
        (network.n_searched, network.n_stimulated, network.n_stepped),
        (spikes, potentials, outputs, operations),
    )
    return BatchRun(spikes, potentials, outputs, _labels(plan, outputs), operations, np.zeros(n_samples, np.int64))


def batch_inputs(plan: Plan, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(B, T, 256) uint8: samples with their bias, and the timesteps without input after them."""
    n_samples, n_timesteps, n_inputs = samples.shape
    inputs = np.zeros((n_samples, n_timesteps + plan.extra_timesteps, N), np.uint8)
    inputs[:, :n_timesteps, :n_inputs] = samples
    inputs[:, :, plan.bias_rows] = 1
    return inputs


def _labels(plan: Plan, outputs: Counts) -> Integers:
    """The labels by the plan's decision; outputs : (B, T, outputs)"""
    last = outputs[:, -1].argmax(axis=1)
    if plan.decision is Decision.COUNT:
        return np.where(outputs[:, -1].any(axis=1), last, NO_LABEL)
    if plan.decision is Decision.POTENTIAL:
        return np.asarray(last, np.int64)
    winners = outputs[:, plan.extra_timesteps :].argmax(axis=2)
    wins = (winners[:, :, np.newaxis] == np.arange(outputs.shape[2])).sum(axis=1)
    return np.asarray(wins.argmax(axis=1), np.int64)


@entry
def _run(
    inputs: NDArray[np.uint8],
    winp: Integers,
    wrec: Integers,
    wout: Integers,
    neurons: tuple[Integers, Integers, int, int],
    counts: tuple[int, int, int],
    outcome: tuple[Counts, Counts, Counts, Integers],
) -> None:
    """Run all samples; weights are shifted already.

    neurons : thr, alpha, kappa, rst_mode; counts : searched, stimulated and stepped neurons
    outcome : arrays that this function fills, see ``run``
    """
    thr, alpha, kappa, rst_mode = neurons
    n_searched, n_stimulated, n_stepped = counts
    spikes, potentials, outputs, operations = outcome
    n_samples, n_timesteps, n_out = outputs.shape
    n = spikes.shape[2]
    u, z, oneur_u = np.zeros(n, np.int64), np.zeros(N, np.int64), np.zeros(n_out, np.int64)
    for b in range(n_samples):
        u[:], z[:], oneur_u[:] = 0, 0, 0
        for t in range(n_timesteps):
            for pre in range(n_searched):
                inp, rec = np.int64(inputs[b, t, pre]), z[pre]
                operations[b] += (inp + rec) * n_stimulated + rec * n_out
                if inp or rec:
                    for k in range(n_stimulated):
                        u[k] = _saturated(u[k] + inp * winp[pre, k] + rec * wrec[pre, k])
                if rec:
                    for k in range(n_out):
                        oneur_u[k] = _saturated(oneur_u[k] + wout[pre, k])
            for k in range(n_stepped):
                z[k] = u[k] >= thr[k]
                leaked = _wrapped(u[k] * alpha[k] >> ALPHA_FRACTION)
                if z[k]:
                    leaked = 0 if rst_mode else _wrapped(leaked - thr[k])
                u[k] = leaked
                spikes[b, t, k] = z[k]
            for k in range(n):
                potentials[b, t, k] = u[k]
            for k in range(n_out):
                oneur_u[k] = _wrapped(oneur_u[k] * kappa >> KAPPA_FRACTION)
                outputs[b, t, k] = oneur_u[k]


@kernel
def _saturated(u: int) -> int:
    """The potential, held within 16 bits."""
    return min(max(u, U_MIN), U_MAX)


@kernel
def _wrapped(u: int) -> int:
    """The lower 16 bits, with their sign."""
    return ((u - U_MIN) & WRAP) + U_MIN
