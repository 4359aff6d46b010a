"""The LIF neuron agrees with a second derivation in NumPy, over its whole input space, one kind of event at a time."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.odin.layout import LIF
from draupnir.emulator.tests.odin.helpers import lif_updates, neuron_words

NO_EVENT = (0, 0, 0, 0)
TREF = (0, 0, 1, 1)


def grid(*ranges: int | np.ndarray) -> list[np.ndarray]:
    """Return all combinations, as one flat column for each argument."""
    axes = [np.arange(r) if isinstance(r, int) else r for r in ranges]
    return [column.ravel() for column in np.meshgrid(*axes, indexing="ij")]


def run(stimulus: tuple[int, ...] | np.ndarray, **fields: np.ndarray | int) -> dict[str, np.ndarray]:
    """Return name -> column of the model's next states and flags."""
    n = max(np.size(column) for column in fields.values())
    neurons = neuron_words(LIF, n, lif_izh_sel=1, **fields)
    old_neurons = neurons.copy()
    stimuli = np.broadcast_to(np.asarray(stimulus, np.int64), (n, 4)).copy()
    out = np.zeros((n, 3), np.int64)
    lif_updates(neurons, np.zeros(4, np.int64), stimuli, out)
    differences = neurons ^ old_neurons
    assert not differences[:, :2].any() and not differences[:, 3].any()  # all state lies in bits 70 to 85
    assert not (differences[:, 2] & ~np.uint32(0xFFFF << 6)).any()
    state = neurons[:, 2].astype(np.int64) >> 6
    result = {"core": state & 0xFF, "calcium": state >> 8 & 7, "caleak_cnt": state >> 11 & 0x1F}
    return result | dict(zip(("spike", "v_up", "v_down"), out.T, strict=True))


def fired(potential: np.ndarray, thr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return next core and spike for a potential that has been moved and clipped."""
    spike = potential >= thr
    return np.where(spike, 0, potential), spike.astype(int)


@pytest.mark.parametrize("sign", [0, 1])
def test_stimulation_of_every_potential_by_every_weight(sign: int) -> None:
    core, weight, thr = grid(256, 8, 256)
    stimuli = np.stack([weight, np.full_like(weight, sign), np.ones_like(weight), np.zeros_like(weight)], axis=1)
    result = run(stimuli, core=core, thr=thr, leak_str=127, leak_en=1)
    core_next, spike = fired(np.clip(core - weight if sign else core + weight, 0, 255), thr)
    np.testing.assert_array_equal(result["core"], core_next)
    np.testing.assert_array_equal(result["spike"], spike)


@pytest.mark.parametrize("half", [0, 1])
def test_leak_of_every_potential_by_every_strength(half: int) -> None:
    for leak_str in range(64 * half, 64 * (half + 1)):
        core, leak_en, thr = grid(256, 2, 256)
        result = run((7, 0, 1, 1), core=core, leak_str=leak_str, leak_en=leak_en, thr=thr)
        core_next, spike = fired(np.maximum(core - np.where(leak_en == 1, leak_str, 0), 0), thr)
        assert np.array_equal(result["core"], core_next) and np.array_equal(result["spike"], spike), leak_str


@pytest.mark.parametrize("stimulus", [(w, s, 0, t) for w in (0, 7) for s in (0, 1) for t in (0, 1)])
def test_without_an_event_the_potential_stays_but_the_threshold_still_counts(stimulus: tuple[int, ...]) -> None:
    core, thr = grid(256, 256)
    result = run(stimulus, core=core, thr=thr, leak_str=127, leak_en=1, ca_en=1, caleak=1, calcium=3)
    core_next, spike = fired(core, thr)
    np.testing.assert_array_equal(result["core"], core_next)
    np.testing.assert_array_equal(result["spike"], spike)
    np.testing.assert_array_equal(result["calcium"], 3 + spike)


def test_calcium_and_its_leakage_counter_in_every_state() -> None:
    ca_en, period, cnt, calcium, tref, spike = grid(2, 32, 32, 8, 2, 2)
    stimuli = np.stack([0 * tref, 0 * tref, 0 * tref + 1, tref], axis=1)
    result = run(stimuli, ca_en=ca_en, caleak=period, caleak_cnt=cnt, calcium=calcium, core=10, thr=11 - spike)
    counts = (ca_en == 1) & (period > 0) & (tref == 1)
    leaks = counts & (cnt == period - 1)
    step = np.where(ca_en == 1, spike - leaks.astype(int), 0)
    np.testing.assert_array_equal(result["spike"], spike)
    np.testing.assert_array_equal(result["caleak_cnt"], np.where(leaks, 0, np.where(counts, (cnt + 1) % 32, cnt)))
    np.testing.assert_array_equal(result["calcium"], np.clip(calcium + step, 0, 7))


def flags(core: np.ndarray, calcium: np.ndarray, thetamem: np.ndarray, theta: list[np.ndarray]) -> list[np.ndarray]:
    """Doc 3.3.1: up if theta_1 <= Ca < theta_3 and V >= theta_mem, down if theta_1 <= Ca < theta_2 and V is below."""
    up = (theta[0] <= calcium) & (calcium < theta[2]) & (core >= thetamem)
    down = (theta[0] <= calcium) & (calcium < theta[1]) & (core < thetamem)
    return [up.astype(int), down.astype(int)]


def test_flags_for_every_potential_and_membrane_threshold() -> None:
    core, thetamem = grid(255, 256)
    result = run(
        NO_EVENT, core=core, thr=255, thetamem=thetamem, ca_en=1, calcium=2, ca_theta1=1, ca_theta2=3, ca_theta3=5
    )
    theta = [np.full_like(core, t) for t in (1, 3, 5)]
    np.testing.assert_array_equal(
        [result["v_up"], result["v_down"]], flags(core, np.full_like(core, 2), thetamem, theta)
    )


def test_flags_for_every_calcium_and_its_three_thresholds() -> None:
    calcium, t1, t2, t3, core, ca_en = grid(8, 8, 8, 8, np.array([99, 100, 101]), 2)
    result = run(
        NO_EVENT,
        core=core,
        thr=255,
        thetamem=100,
        ca_en=ca_en,
        calcium=calcium,
        ca_theta1=t1,
        ca_theta2=t2,
        ca_theta3=t3,
    )
    expected = np.array(flags(core, calcium, np.full_like(core, 100), [t1, t2, t3])) * ca_en
    np.testing.assert_array_equal([result["v_up"], result["v_down"]], expected)


# --- Edges, by hand ---------------------------------------------------------------------------------------------


def one(stimulus: tuple[int, ...], **fields: int) -> dict[str, int]:
    return {name: int(column[0]) for name, column in run(stimulus, **fields).items()}


@pytest.mark.parametrize(("core", "core_next", "spike"), [(92, 99, 0), (93, 0, 1), (94, 0, 1)])
def test_the_neuron_spikes_at_or_above_the_threshold_and_is_reset(core: int, core_next: int, spike: int) -> None:
    result = one((7, 0, 1, 0), core=core, thr=100)
    assert (result["core"], result["spike"]) == (core_next, spike)


@pytest.mark.parametrize(("core", "core_next"), [(11, 1), (10, 0), (9, 0), (0, 0)])
def test_leak_stops_at_zero(core: int, core_next: int) -> None:
    assert one(TREF, core=core, leak_str=10, leak_en=1, thr=255)["core"] == core_next


@pytest.mark.parametrize(("core", "core_next"), [(8, 1), (7, 0), (6, 0), (0, 0)])
def test_inhibition_stops_at_zero(core: int, core_next: int) -> None:
    assert one((7, 1, 1, 0), core=core, thr=255)["core"] == core_next


def test_a_threshold_of_zero_spikes_at_every_event() -> None:
    assert all(one(stimulus, core=0, thr=0)["spike"] for stimulus in (NO_EVENT, TREF, (1, 1, 1, 0), (0, 0, 1, 0)))


def test_a_saturated_potential_meets_the_highest_threshold() -> None:
    result = one((7, 0, 1, 0), core=254, thr=255)
    assert (result["core"], result["spike"]) == (0, 1)


def test_a_time_reference_ignores_weight_and_sign() -> None:
    assert one((7, 0, 1, 1), core=50, thr=255) == one((7, 1, 1, 1), core=50, thr=255) == one(TREF, core=50, thr=255)


def test_the_flags_look_at_the_potential_after_the_reset_and_at_the_new_calcium() -> None:
    result = one((7, 0, 1, 0), core=99, thr=100, thetamem=1, ca_en=1, calcium=1, ca_theta1=2, ca_theta2=7, ca_theta3=7)
    assert (result["core"], result["calcium"]) == (0, 2)
    assert (result["v_up"], result["v_down"]) == (0, 1)


def test_a_spike_and_a_calcium_leak_together_leave_calcium() -> None:
    result = one(TREF, core=100, thr=100, ca_en=1, caleak=2, caleak_cnt=1, calcium=4)
    assert (result["spike"], result["calcium"], result["caleak_cnt"]) == (1, 4, 0)
