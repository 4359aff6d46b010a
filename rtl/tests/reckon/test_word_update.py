"""The probabilities for a word and the updates by them, one behind the other, as in a clock of the chip."""

import random
from typing import Any

from amaranth import Module, Shape
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import N_WEIGHTS, PROB_BITS, TRACE_BITS, W_BITS, WEIGHTS
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.probability import EXCESSES, SHARED_GAINS, UpdateProbability
from draupnir.rtl.reckon.stoch_update import LR_BITS
from draupnir.rtl.reckon.word_update import WordUpdate
from draupnir.rtl.tests.reckon import naive
from draupnir.rtl.tests.simulate import evaluate

GAIN_BITS = Shape.cast(SHARED_GAINS.elem_shape).width
TO_PROBABILITY = {
    "cs": 1,
    "we": 1,
    "trace": TRACE_BITS,
    "gain": SHARED_GAINS,
    "penalises": 1,
    "excess": EXCESSES,
    "k_p": LR_BITS,
    "k_r": LR_BITS,
}
TO_UPDATE = {"cs": 1, "we": 1, "lr_p": LR_BITS, "lr_r": LR_BITS, "rnd": PROB_BITS * N_WEIGHTS, "w": layout_of(WEIGHTS)}


class HiddenUpdate(wiring.Component):
    def __init__(self) -> None:
        inputs = {name: In(shape) for name, shape in (TO_PROBABILITY | TO_UPDATE).items()}
        super().__init__({**inputs, "w_lanes": Out(N_WEIGHTS), "w_next": Out(W_BITS * N_WEIGHTS)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.probability = probability = UpdateProbability()
        m.submodules.update = update = WordUpdate()
        request = update.request
        m.d.comb += [getattr(probability, name).eq(getattr(self, name)) for name in TO_PROBABILITY]
        m.d.comb += [getattr(request, name).eq(getattr(self, name)) for name in TO_UPDATE]
        m.d.comb += [request.prob.eq(probability.prob), request.saturates.eq(probability.saturates)]
        m.d.comb += [self.w_lanes.eq(update.w_lanes), self.w_next.eq(update.w_next)]
        return m


def _word(numbers: list[int], bits: int) -> int:
    return sum((number & (1 << bits) - 1) << bits * n for n, number in enumerate(numbers))


def _cases(n: int) -> list[dict[str, Any]]:
    """Return random words. Some gains and traces are at their ends, where bit 31 of a product is not its sign."""
    rng, cases = random.Random(5), []
    for _ in range(n):
        wide = rng.random() < 0.5
        cases.append(
            {
                "learning_signal": [
                    rng.choice([-32768, 32767, rng.randrange(-32768, 32768)]) for _ in range(N_WEIGHTS)
                ],
                "h": [rng.choice([-16, 0, 15, rng.randrange(-16, 16)]) for _ in range(N_WEIGHTS)],
                "trace": rng.choice([0, 1, 4095, rng.randrange(4096)]),
                "share": [rng.choice([0, 1, 16, rng.randrange(17)]) for _ in range(N_WEIGHTS)],
                "excess": [rng.choice([0, 4095, rng.randrange(4096)]) for _ in range(N_WEIGHTS)],
                "penalises": rng.randrange(2),
                "k_p": rng.randrange(32) if wide else 0,
                "k_r": rng.randrange(32) if wide else 4,
                "lr_p": rng.randrange(32) if wide else 0,
                "lr_r": rng.randrange(32) if wide else 0,
                "rnd": [rng.getrandbits(32) >> rng.randrange(32) for _ in range(N_WEIGHTS)],
                "w": [rng.randrange(-128, 128) for _ in range(N_WEIGHTS)],
            }
        )
    return cases


def _row(case: dict[str, Any]) -> dict[str, int]:
    gains = [ls * h for ls, h in zip(case["learning_signal"], case["h"], strict=True)]
    shared = [gain * (16 if gain < 0 else share) for gain, share in zip(gains, case["share"], strict=True)]
    row = {name: case[name] for name in ("trace", "penalises", "k_p", "k_r", "lr_p", "lr_r")}
    row |= {"gain": _word(shared, GAIN_BITS), "excess": _word(case["excess"], TRACE_BITS)}
    return row | {"rnd": _word(case["rnd"], 32), "w": _word(case["w"], 8)}


def _expected(case: dict[str, Any]) -> list[int | None]:
    """Return each weight that is written, and None for the others."""
    weights: list[int | None] = []
    for n in range(N_WEIGHTS):
        penalty = (case["excess"][n] << case["k_p"] & 0xFFFFFFFF) >> case["k_r"] if case["penalises"] else 0
        prob = naive.prob_win(case["learning_signal"][n], case["trace"], case["h"][n], penalty, case["share"][n])
        mask, w_out = naive.stoch_update(prob, 32, case["lr_p"], case["lr_r"], case["rnd"][n], case["w"][n])
        weights.append(w_out if mask else None)
    return weights


def test_words_are_updated_as_in_the_original() -> None:
    update = HiddenUpdate()
    cases = _cases(150)
    rows = [{**_row(case), "cs": 1, "we": 1} for case in cases]
    answers = evaluate(update, rows, lambda ctx: (ctx.get(update.w_lanes), ctx.get(update.w_next)))
    for case, (lanes, w_next) in zip(cases, answers, strict=True):
        for n, expected in enumerate(_expected(case)):
            assert lanes >> n & 1 == (expected is not None)
            assert expected is None or naive.signed(w_next >> 8 * n, 8) == expected


def test_nothing_moves_but_in_the_clock_that_writes() -> None:
    update = HiddenUpdate()
    rows = [{**_row(case), "cs": cs, "we": we} for case in _cases(5) for cs, we in ((0, 0), (0, 1), (1, 0))]
    assert not any(evaluate(update, rows, lambda ctx: ctx.get(update.w_lanes)))
