"""ReckOn's integer network has the same spikes and potentials as the event level and the plain clock.

DRAUPNIR_EXAMPLES=3000 tries 3000 networks of each kind instead of the usual number.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import columns
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon import network as chip
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import closed_loop, engine
from draupnir.emulator.reckon.events.loop import Statistics
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import PAIR, N, State
from draupnir.emulator.reckon.network import Integers, Network, SampleOutcome

N_EXAMPLES = int(os.environ.get("DRAUPNIR_EXAMPLES", "130"))
N_AT_CLOCK_LEVEL = 4
LONG = 300_000  # A timestep takes fewer clocks.
ALPHAS = (0x7000, 0x7FFF, 0x8000, 0x8001, 0x8FFF)  # both ends, and contents near 1
KINDS = ("even", "odd", "feedforward", "extreme")


@dataclass(frozen=True)
class Trial:
    """A network, and the (T, n) input spikes of a sample."""

    network: Network
    spikes: Integers


def trial(kind: str, seed: int) -> Trial:
    """A random network with a sample of up to 10 timesteps.

    even, odd : counts of neurons, all to all; feedforward : without recurrent weights
    extreme : weights and thresholds at their ends, so that potentials saturate and wrap, and silent neurons may spike
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    n_inp, n_rec = (int(n) for n in rng.integers(1, rng.choice([12, 60, N + 1]), 2))
    n_rec = min(n_rec + (n_rec % 2 != (kind == "odd")), N - (kind == "odd"))
    most = 128 if kind == "extreme" else int(rng.choice([4, 30, 128]))
    winp, wrec = rng.integers(-most, most, (2, N, N))
    thr = rng.integers(5, rng.choice([100, 600, 2000]), N // 2)
    if kind == "extreme":
        thr = rng.choice([-(1 << 15), -1, 0, 1, 3000, (1 << 15) - 1], N // 2)
    alpha = rng.choice(np.append(rng.integers(0x7000, 0x9000, 5), ALPHAS), N // 2)
    network = Network(
        winp=winp,
        wrec=wrec if kind != "feedforward" else np.zeros((N, N), np.int64),
        wout=rng.integers(-128, 128, (N, 16)),
        **{name: int(rng.integers(0, 8)) for name in ("fp_loc_winp", "fp_loc_wrec", "fp_loc_wout")},
        thr=np.repeat(thr, 2),
        alpha=np.repeat(alpha, 2),
        kappa=int(rng.choice([0, 0x7F, 0x80, 0x81, 0xFF, int(rng.integers(0, 256))])),
        rst_mode=int(rng.integers(0, 2)),
        n_inp=n_inp,
        n_rec=n_rec,
        n_out=int(rng.integers(1, 17)),
    )
    n_timesteps, n_sent = int(rng.integers(1, 11)), min(n_inp + int(rng.integers(0, 3)), N)
    return Trial(network, (rng.random((n_timesteps, n_sent)) < rng.choice([0.02, 0.2, 0.6])).astype(np.int64))


def operations(spikes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the host's operations for the spikes of a timestep; spikes : a row of a sample."""
    return [(Op.SPIKE, int(n)) for n in np.flatnonzero(spikes)]


def hold(trial: Trial, model: Any, level: ModuleType) -> SampleOutcome:
    """Assert that a model does at this level what the network does, timestep by timestep. Return the network's outcome.

    The chip sends its output potentials at the end of each timestep. As long as the last byte is not taken it stands
    still, with the spikes found and the potentials after the timestep in its memory.
    """
    network, spikes, host = trial.network, trial.spikes, Host()
    configuration = chip.configuration(network, SPI_SEND_PER_TIMESTEP=1, SPI_SEND_LABEL_ONLY=0)
    assert_equal(chip.network(configuration), network)
    configuration.apply(model)
    expected = network.run(spikes)
    z = np.zeros(expected.u.shape, bool)
    z[expected.timesteps, expected.neurons] = True
    runs = [level.run(model, [(Op.SAMPLE, 1), *operations(spikes[0]), (Op.TICK, 1)], host)]
    for t in range(len(spikes)):
        following = operations(spikes[t + 1]) if t + 1 < len(spikes) else []
        run = level.run(model, [*following, (Op.TICK, 0), (Op.TAKE, 2 * network.n_out - 1)], host)
        r = model.registers[0]
        assert r.state == State.SEND
        assert r.neur_z.tolist() == z[t].tolist(), t
        assert potentials(model).tolist() == expected.u[t].tolist(), t
        last = level.run(model, [(Op.TAKE, 1), (Op.WAIT, LONG)], host)
        low, high = np.concatenate((run.received, last.received)).reshape(-1, 2).T
        assert columns.signed(PAIR["neur_u0"], low | high << 8).tolist() == expected.outputs[t].tolist(), t
        runs += [run, last]
    assert sum(run.statistics.recurrent_spikes for run in runs) == len(expected.neurons)
    # The last timestep's spikes act after the sample.
    longer = network.run(np.concatenate((spikes, np.zeros((1, spikes.shape[1]), np.int64))))
    assert sum(run.statistics.synaptic_operations for run in runs) == longer.synaptic_operations
    return expected


def potentials(model: Model) -> Integers:
    """Return the recurrent neurons' potentials, (256,) int64; a neuron that is not dirty has 0."""
    words = model.memories["neurons"]
    u = np.stack([columns.column(PAIR[name], words) for name in ("neur_u0", "neur_u1")], axis=1).ravel()
    return u * model.registers[0].neur_dirty


def assert_equal(one: Network, other: Network) -> None:
    """Assert that two networks are equal."""
    for f in fields(Network):
        assert np.array_equal(getattr(one, f.name), getattr(other, f.name)), f.name


@pytest.mark.parametrize("kind", KINDS)
def test_random_networks_equal_the_event_level(kind: str) -> None:
    model = Model()
    outcomes = [hold(trial(kind, seed), model, engine) for seed in range(N_EXAMPLES)]
    assert sum(len(outcome.neurons) > 0 for outcome in outcomes) > N_EXAMPLES // 2


@pytest.mark.parametrize("kind", KINDS)
def test_random_networks_equal_the_plain_clock(kind: str) -> None:
    for seed in range(N_AT_CLOCK_LEVEL):
        random_trial = trial(kind, 1000 + seed)
        hold(replace(random_trial, spikes=random_trial.spikes[:4]), Model(stretch=False), closed_loop)


@pytest.mark.parametrize("seed", range(20))
def test_the_label_is_that_of_the_chip(seed: int) -> None:
    """The sample is sent as `draupnir run` does; the chip's counts are those of a whole sample."""
    random_trial, model = trial(KINDS[seed % len(KINDS)], seed), Model()
    chip.configuration(random_trial.network).apply(model)
    ops: list[tuple[int, int]] = [(Op.SAMPLE, 1), (Op.INFER_ACC, 1)]
    for spikes in random_trial.spikes:
        ops += [*operations(spikes), (Op.TICK, 1)]
    run = engine.run(model, [*ops, (Op.SAMPLE, 0), (Op.TICK, 0), (Op.TAKE, 1)], Host())
    expected = random_trial.network.run(random_trial.spikes)
    assert run.received.tolist() == [expected.label()]
    assert run.statistics == Statistics(expected.synaptic_operations, len(expected.neurons))


# --- By hand ----------------------------------------------------------------------------------------------------


def small(n_rec: int = 2, n_inp: int = 1, **other: Any) -> Network:
    """Return a network without decay in which no neuron reaches its threshold."""
    zeros = np.zeros((N, N), np.int64)
    names = "winp", "wrec", "wout", "fp_loc_winp", "fp_loc_wrec", "fp_loc_wout"
    weights = dict(zip(names, (zeros, zeros, zeros[:, :16], 0, 0, 0), strict=True))
    of_neurons = {"thr": np.full(N, 30_000), "alpha": np.full(N, 0x8000)}
    rest = {"kappa": 0x80, "rst_mode": 0, "n_inp": n_inp, "n_rec": n_rec, "n_out": 1}
    return Network(**{**weights, **of_neurons, **rest, **other})


def weights(places: dict[tuple[int, int], int], n_post: int = N) -> Integers:
    """Return a matrix with these weights; entries : (pre, post) -> weight."""
    matrix = np.zeros((N, n_post), np.int64)
    for place, weight in places.items():
        matrix[place] = weight
    return matrix


def test_a_spike_takes_a_timestep_to_the_next_layer_and_leaves_what_is_above_the_threshold() -> None:
    """Input 0 moves neuron 0 by 20 << 2 to 80, beyond 50; it stimulates neuron 1 and output 0 a timestep later."""
    network = small(
        winp=weights({(0, 0): 20}),
        fp_loc_winp=2,
        wrec=weights({(0, 1): 7}),
        wout=weights({(0, 0): 9}, 16),
        thr=np.full(N, 50),
        kappa=0x40,
    )
    outcome = network.run([[1], [0], [0]])
    assert (outcome.timesteps.tolist(), outcome.neurons.tolist()) == ([0], [0])
    assert outcome.u[:, :2].tolist() == [[30, 0], [30, 7], [30, 7]]
    assert outcome.outputs.tolist() == [[0], [4], [2]]  # 9 is halved, rounded towards minus infinity.
    assert outcome.synaptic_operations == 2 + (2 + 1)
    assert replace(network, rst_mode=1).run([[1]]).u[0, 0] == 0


@pytest.mark.parametrize(("alpha", "potential"), [(0x7000, -88), (0x7FFF, -100), (0x8000, -100), (0x8FFF, -113)])
def test_decay_rounds_towards_minus_infinity(alpha: int, potential: int) -> None:
    network = small(winp=weights({(0, 0): -100}), alpha=np.full(N, alpha))
    assert network.run([[1]]).u[0, 0] == potential


def test_what_decays_above_the_range_wraps_and_what_is_added_saturates() -> None:
    """32767 x 0x8fff / 0x8000 is 36861, which is -28675 in 16 bits."""
    network = small(winp=weights(dict.fromkeys([(n, 0) for n in range(3)], 127)), fp_loc_winp=7, n_inp=3)
    network = replace(network, thr=np.full(N, 32_767), alpha=np.full(N, 0x8FFF), rst_mode=0)
    outcome = network.run([[1, 1, 1]])
    assert outcome.neurons.tolist() == [0]
    assert outcome.u[0, 0] == -28_675 - 32_767 + (1 << 16)


def test_an_odd_count_stimulates_one_more_and_leaves_the_last_out_of_the_timestep() -> None:
    """The last of three neurons neither spikes nor decays, and nor does a fourth one, which is stimulated."""
    network = small(
        n_rec=3, winp=weights({(0, n): 100 for n in range(5)}), thr=np.full(N, 50), alpha=np.full(N, 0x7000)
    )
    outcome = network.run([[1]])
    assert outcome.neurons.tolist() == [0, 1]
    assert outcome.u[0, :5].tolist() == [87 - 50, 87 - 50, 100, 100, 0]
    assert outcome.synaptic_operations == 4


def test_silent_neurons_beyond_the_count_may_spike() -> None:
    """With four output neurons a timestep ends for four neurons: two that nobody stimulates meet a threshold of 0."""
    network = small(thr=np.repeat([30_000, 0], [2, N - 2]), n_out=4)
    assert network.run([[0]]).neurons.tolist() == [2, 3]


def test_an_input_beyond_the_counts_is_without_effect() -> None:
    network = small(n_rec=2, n_inp=1, winp=weights({(n, 0): 5 for n in range(3)}))
    assert network.run([[0, 1, 1]]).u[0, 0] == 5  # Neuron 1 is visited, because recurrent neuron 1 exists; 2 is not.


def test_the_label_is_the_first_that_won_most_often() -> None:
    outputs = np.array([[1, 5, 5], [9, 2, 3], [-4, -4, -4], [0, 1, 2]])
    empty = np.zeros(0, np.int64)
    outcome = SampleOutcome(empty, empty, outputs, np.zeros((4, N), np.int64), 0)
    assert outcome.winners().tolist() == [1, 0, 0, 2]
    assert outcome.label() == 0
    assert outcome.label([True, False, False, True]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thr": np.full(N, 1 << 15)}, r"thr\[0\] is 32768; right is -32768\.\.32767"),
        ({"alpha": np.full(N, 0x6FFF)}, r"alpha\[0\] is 28671; right is 28672\.\.36863"),
        ({"thr": np.arange(N)}, "thr of neurons 0 and 1 differs; on ReckOn they share one"),
        ({"kappa": 256}, r"kappa is 256; right is 0\.\.255"),
        ({"n_out": 17}, r"n_out is 17; right is 1\.\.16"),
        ({"wout": np.zeros((N, 3), np.int64)}, r"wout: shape \(256, 3\); right is \(256, 16\)"),
        ({"winp": weights({(3, 4): 128})}, r"winp\[3, 4\] is 128; right is -128\.\.127"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        small(**change)


@pytest.mark.parametrize(
    ("registers", "message"),
    [
        ({"SPI_EN_CONF": 1}, "SPI_EN_CONF is 1; the integer network is only for 0"),
        ({"SPI_NOISE_EN": 1}, "SPI_NOISE_EN is 1; the integer network is only for 0"),
        ({"SPI_EN_STOCH_ROUND": 1}, "SPI_EN_STOCH_ROUND is 1; the integer network is only for 0"),
        (
            {"SPI_DO_EPROP": 4, "SPI_REGUL_MODE": 7},
            "SPI_REGUL_MODE is 7 with SPI_DO_EPROP 4, which learns at each timest",
        ),
        ({"SPI_DO_EPROP": 7}, "there are more input than recurrent neurons, whose traces bring back potentials"),
        ({"SPI_FORCE_TRACES": 1}, "there are more input than recurrent neurons, whose traces bring back potentials"),
    ],
)
def test_what_the_integer_network_is_not_for(registers: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chip.network(chip.configuration(small(n_inp=5), **registers))


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        ([1, 0], r"spikes: shape \(2,\); right is a row of at most 256 for each timestep"),
        ([[0, 0.5]], r"spikes\[0, 1\] is 0\.5; right is 0 or 1"),
        (np.zeros((1, 257)), r"spikes: shape \(1, 257\); right is a row of at most 256 for each timestep"),
    ],
)
def test_spikes_that_are_none(spikes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        small().run(spikes)
