import random
from typing import Any

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.odin import lif as model
from draupnir.emulator.odin.layout import LIF, NEURONS
from draupnir.rtl.odin.lif import LifNeuron
from draupnir.rtl.tests.simulate import evaluate

EXC, INH, TREF = {"exc": 1}, {"inh": 1}, {"tref": 1}
NOTHING: dict[str, int] = {}


def _update(rows: list[tuple[int, dict[str, int], int]], sdsp: bool = True) -> list[dict[str, int]]:
    """Return next state, spike and flags for rows of (word, kind of event, weight)."""
    lif = LifNeuron(sdsp)
    inputs = [{"neuron": word, "stimulus": {**kind, "syn_weight": weight}} for word, kind, weight in rows]

    def read(ctx: Any) -> dict[str, int]:
        state = ctx.get(lif.state_next)
        flags = {name: ctx.get(getattr(lif, name)) for name in ("spike", "v_up", "v_down")}
        return {name: state[name] for name in ("core", "calcium", "caleak_cnt")} | flags

    return evaluate(lif, inputs, read)


def _core(kind: dict[str, int], weight: int = 0, **fields: int) -> tuple[int, int]:
    (answer,) = _update([(encode(LIF, **({"thr": 255} | fields)), kind, weight)])
    return answer["core"], answer["spike"]


def test_potential_moves_by_the_weight() -> None:
    assert _core(EXC, 5, core=100) == (105, 0)
    assert _core(INH, 5, core=100) == (95, 0)
    assert _core(NOTHING, 5, core=100) == (100, 0)


def test_potential_stops_at_0() -> None:
    assert _core(INH, 7, core=6) == (0, 0)
    assert _core(TREF, core=20, leak_en=1, leak_str=127) == (0, 0)


def test_leakage_needs_its_enable() -> None:
    assert _core(TREF, core=100, leak_en=1, leak_str=30) == (70, 0)
    assert _core(TREF, core=100, leak_en=0, leak_str=30) == (100, 0)


def test_potential_that_saturates_at_255_spikes_at_any_threshold() -> None:
    assert _core(EXC, 7, core=250) == (0, 1)


def test_spikes_at_the_threshold_and_above() -> None:
    assert _core(EXC, 3, core=16, thr=20) == (19, 0)
    assert _core(EXC, 4, core=16, thr=20) == (0, 1)
    assert _core(EXC, 5, core=16, thr=20) == (0, 1)


def test_threshold_is_compared_without_an_event_too() -> None:
    assert _core(NOTHING, core=30, thr=20) == (0, 1)


def test_update_agrees_with_the_golden_model_on_random_words() -> None:
    rng = random.Random(2)
    rows, expected = [], []
    for _ in range(3000):
        word = rng.getrandbits(NEURONS.width) | 1
        kind, weight, sign = rng.choice((EXC, INH, TREF, NOTHING)), rng.randrange(8), rng.randrange(2)
        n = model.update(
            to_limbs(word, NEURONS.n_limbs).astype(np.int64), weight,
            int("inh" in kind) if kind not in (TREF, NOTHING) else sign, int(kind is not NOTHING), int(kind is TREF),
        )  # fmt: skip
        rows.append((word, kind, weight))
        expected.append({name: int(getattr(n, name)) for name in n._fields})
    assert _update(rows) == expected


def test_without_sdsp_the_neuron_is_as_with_calcium_disabled() -> None:
    rng = random.Random(3)
    words = [rng.getrandbits(NEURONS.width) | 1 for _ in range(300)]
    ca_en = encode(LIF, ca_en=1)
    kinds = [rng.choice((EXC, INH, TREF)) for _ in words]
    rows = [(word, kind, 5) for word, kind in zip(words, kinds, strict=True)]
    disabled = [(word & ~ca_en, kind, 5) for word, kind, _ in rows]
    assert _update(rows, sdsp=False) == _update(disabled)
