import random
from typing import Any

import numpy as np

from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs, update
from draupnir.emulator.odin import izh as model
from draupnir.emulator.odin.layout import IZH, NEURONS
from draupnir.rtl.odin.izh import IzhNeuron
from draupnir.rtl.tests.simulate import evaluate

EXC, INH, TREF = {"exc": 1}, {"inh": 1}, {"tref": 1}
NOTHING: dict[str, int] = {}
BEHAVIOURS = (
    "reson_sharp_en", "spklat_en", "dap_en", "phasic_en", "mixed_en", "class2_en", "neg_en", "rebound_en", "inhin_en",
    "bist_en", "reson_en", "thrvar_en", "acc_en", "ca_en", "burst_incr",
)  # fmt: skip
STATES = [f.name for f in IZH if f.kind == "state"]


def _update(rows: list[tuple[int, dict[str, int], int, int]], sdsp: bool = True) -> list[dict[str, int]]:
    """Return next state, spike and flags for rows of (word, kind of event, weight, burst_end)."""
    izh = IzhNeuron(sdsp)
    inputs = [
        {"neuron": word, "stimulus": {**kind, "syn_weight": weight, "burst_end": burst_end}}
        for word, kind, weight, burst_end in rows
    ]

    def read(ctx: Any) -> dict[str, int]:
        state = ctx.get(izh.state_next)
        answer = {name: int(state[name]) for name in STATES}
        for name, signal in (("v_up", izh.v_up), ("v_down", izh.v_down), ("spike", izh.event.spike)):
            answer[name] = ctx.get(signal)
        return answer | {"spk_ref": ctx.get(izh.event.spk_ref), "isi_ref": ctx.get(izh.event.isi_ref)}

    return evaluate(izh, inputs, read)


def _one(kind: dict[str, int], weight: int = 0, **fields: int) -> dict[str, int]:
    (answer,) = _update([(encode(IZH, **fields), kind, weight, 0)])
    return answer


def test_membrane_steps_when_the_accumulator_bit_toggles() -> None:
    assert _one(EXC, 1, inacc=7, thr=5, core=2)["core"] == 3
    assert _one(EXC, 1, inacc=6, thr=5, core=2)["core"] == 2
    assert _one(EXC, 1, inacc=15, fi_sel=1, thr=5, core=2)["core"] == 3
    assert _one(EXC, 1, inacc=7, fi_sel=1, thr=5, core=2)["core"] == 2


def test_accumulator_wraps_modulo_2_to_the_11() -> None:
    assert _one(INH, 1, inacc=0, thr=5)["inacc"] == 2047
    assert _one(EXC, 7, inacc=2047, thr=5)["inacc"] == 6


def test_inhibition_stops_at_0_or_with_neg_en_at_minus_8() -> None:
    assert _one(INH, 1, inacc=8, thr=5, core=0)["core"] == 0
    assert _one(INH, 1, inacc=8, thr=5, core=0, neg_en=1)["core"] == -1
    assert _one(INH, 1, inacc=8, thr=5, core=-8, neg_en=1)["core"] == -8


def test_a_spike_leaves_minus_rfr_and_refractoriness() -> None:
    answer = _one(EXC, 1, inacc=7, thr=3, core=2, rfr=4, spk_ref=2, isi_ref=5)
    assert (answer["spike"], answer["core"], answer["refrac"]) == (1, -4, 1)
    assert (answer["spk_ref"], answer["isi_ref"], answer["burst_lock"]) == (2, 5, 1)


def test_refractory_membrane_climbs_to_rest_at_time_references() -> None:
    assert _one(TREF, thr=3, core=-2, refrac=1)["core"] == -1
    last = _one(TREF, thr=3, core=-1, refrac=1)
    assert (last["core"], last["refrac"]) == (0, 0)
    assert _one(EXC, 1, inacc=7, thr=3, core=-2, refrac=1)["core"] == -2


def test_update_agrees_with_the_golden_model_on_random_words() -> None:
    rng = random.Random(4)
    rows, expected = [], []
    for _ in range(2500):
        rows.append(_random_row(rng))
        expected.append(_by_model(*rows[-1]))
    assert _update(rows) == expected


def test_without_sdsp_the_neuron_is_as_with_calcium_disabled() -> None:
    rng = random.Random(5)
    rows = [_random_row(rng) for _ in range(300)]
    disabled = [(update(IZH, word, ca_en=0), kind, weight, end) for word, kind, weight, end in rows]
    assert _update(rows, sdsp=False) == _update(disabled)


def _random_row(rng: random.Random) -> tuple[int, dict[str, int], int, int]:
    """Return a random word, half of them with few behaviours, and a random event that often moves the membrane."""
    word = update(IZH, rng.getrandbits(NEURONS.width), lif_izh_sel=0)
    if rng.random() < 0.5:
        word = update(IZH, word, **{name: int(rng.random() < 0.15) for name in BEHAVIOURS})
    if rng.random() < 0.7:
        word = update(IZH, word, fi_sel=0)
    return word, rng.choice((EXC, INH, TREF, NOTHING)), rng.randrange(8), rng.randrange(2)


def _by_model(word: int, kind: dict[str, int], weight: int, burst_end: int) -> dict[str, int]:
    limbs = to_limbs(word, NEURONS.n_limbs)
    n = model.update(
        limbs.astype(np.int64), weight, int(kind is INH), int(kind is not NOTHING), int(kind is TREF), burst_end
    )
    memory = limbs.reshape(1, -1).copy()
    model.store(memory, 0, n)
    fields = decode(IZH, from_limbs(memory[0]))
    outputs = {name: int(getattr(n, name)) for name in ("v_up", "v_down", "spike", "spk_ref", "isi_ref")}
    return {name: fields[name] for name in STATES} | outputs
