import random

import pytest
from amaranth import Cat, Module, Value, signed

from draupnir.emulator.reckon.layout import PROB_BITS
from draupnir.rtl.reckon.stoch_update import LearningRate, moves, new_weight, size_of, widened
from draupnir.rtl.tests.reckon import naive
from draupnir.rtl.tests.reckon.expression import Expression
from draupnir.rtl.tests.simulate import evaluate


def _answers(bits: int, rows: list[dict[str, int]]) -> list[tuple[bool, int]]:
    def emit(m: Module, e: Expression) -> Value:
        prob, rnd = (widened(e.prob), widened(e.rnd)) if bits < PROB_BITS else (e.prob, e.rnd)
        size = size_of(prob)
        reaches = LearningRate(m, e.lr_p, e.lr_r).reaches(m, size, rnd)
        return Cat(moves(size, reaches), new_weight(e.w, prob[-1]))

    inputs = {"prob": bits, "lr_p": 5, "lr_r": 5, "rnd": bits, "w": signed(8)}
    component = Expression(inputs, 9, emit)
    narrow_rows = [{**row, "prob": row["prob"] & (1 << bits) - 1} for row in rows]
    answers = evaluate(component, narrow_rows, lambda ctx: ctx.get(component.answer))
    return [(bool(answer & 1), naive.signed(answer >> 1, 8)) for answer in answers]


@pytest.mark.parametrize("bits", [28, 32])
def test_it_is_the_originals_update(bits: int) -> None:
    rng, rows = random.Random(bits), []
    lowest = -(1 << (bits - 1))
    probs = [
        0,
        1,
        -1,
        lowest,
        lowest + 1,
        ~lowest,
        *(rng.randrange(lowest, -lowest) >> rng.randrange(bits) for _ in range(250)),
    ]
    for prob in probs:
        for w in (-128, -127, 0, 126, 127, rng.randrange(-128, 128)):
            lr_p, lr_r = rng.randrange(32) * rng.randrange(2), rng.randrange(32) * rng.randrange(2)
            about = (min(abs(prob) << lr_p, (1 << bits) - 1) >> lr_r) + rng.randrange(-1, 2)
            rnd = rng.choice([0, (1 << bits) - 1, min(max(about, 0), (1 << bits) - 1), rng.getrandbits(bits)])
            rows.append({"prob": prob, "lr_p": lr_p, "lr_r": lr_r, "rnd": rnd, "w": w})
    for row, (writes, w_next) in zip(rows, _answers(bits, rows), strict=True):
        mask, w_out = naive.stoch_update(bits=bits, **row)
        assert writes == mask, row
        assert not mask or w_next == w_out, row


def test_a_weight_stays_at_its_ends_and_counts_as_written() -> None:
    most = {"lr_p": 31, "lr_r": 0, "rnd": 0}
    assert _answers(32, [{**most, "prob": 1, "w": 127}, {**most, "prob": -1, "w": -128}]) == [(True, 127), (True, -128)]
