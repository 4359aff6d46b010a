import random

import pytest
from amaranth import Module, Value, signed

from draupnir.rtl.reckon.output_neurons import output_error
from draupnir.rtl.reckon.rounding import decay, saturating_sum
from draupnir.rtl.reckon.winner import winner
from draupnir.rtl.tests.reckon import naive
from draupnir.rtl.tests.reckon.expression import Expression
from draupnir.rtl.tests.simulate import evaluate

ENDS = (-32768, -32767, -2049, -2048, -2047, -1, 0, 1, 2046, 2047, 2048, 32766, 32767)


@pytest.mark.parametrize(
    ("bits", "is_signed", "fraction_bits"), [(16, True, 15), (12, False, 15), (16, True, 7), (10, False, 7)]
)
def test_what_decays_is_rounded_as_in_the_original(bits: int, is_signed: bool, fraction_bits: int) -> None:
    def emit(m: Module, e: Expression) -> Value:
        return decay(m, e.level, e.factor, fraction_bits, e.rounds, e.rnd)

    shape = signed(bits) if is_signed else bits
    component = Expression({"level": shape, "factor": fraction_bits + 1, "rounds": 1, "rnd": fraction_bits}, bits, emit)
    rng, rows = random.Random(bits), []
    lowest, highest = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)
    for _ in range(600):
        level = rng.choice([lowest, highest, 0, 1, rng.randint(lowest, highest)])
        factor = rng.choice([1 << fraction_bits, (1 << fraction_bits) - 1, rng.getrandbits(fraction_bits + 1)])
        fraction = level * factor & (1 << fraction_bits) - 1
        rnd = rng.choice([0, fraction, min(fraction + 1, (1 << fraction_bits) - 1), rng.getrandbits(fraction_bits)])
        rows.append({"level": level, "factor": factor, "rounds": rng.randrange(2), "rnd": rnd})
    expected = [naive.decay(r["level"], r["factor"], fraction_bits, bits, r["rounds"], r["rnd"]) for r in rows]
    assert evaluate(component, rows, lambda ctx: ctx.get(component.answer)) == expected


def test_a_sum_stops_at_the_ends() -> None:
    component = Expression({"a": signed(16), "b": signed(16)}, signed(16), lambda m, e: saturating_sum(m, e.a, e.b))
    rows = [{"a": a, "b": b} for a in ENDS for b in ENDS]
    expected = [min(max(r["a"] + r["b"], -32768), 32767) for r in rows]
    assert evaluate(component, rows, lambda ctx: ctx.get(component.answer)) == expected


def test_output_errors_are_the_originals() -> None:
    def emit(m: Module, e: Expression) -> Value:
        return output_error(m, e.target, e.potential, e.act)

    inputs = {"target": signed(16), "potential": signed(16), "act": 1}
    component = Expression(inputs, signed(16), emit)
    rows = [{"target": a, "potential": b, "act": act} for a in ENDS for b in ENDS for act in (0, 1)]
    expected = [naive.output_error(r["target"], r["potential"], r["act"]) for r in rows]
    assert evaluate(component, rows, lambda ctx: ctx.get(component.answer)) == expected


@pytest.mark.parametrize("last", [0, 1, 6, 15])
def test_the_first_of_the_greatest_wins_and_who_is_not_in_use_does_not_take_part(last: int) -> None:
    def emit(m: Module, e: Expression) -> Value:
        return winner(m, [e.sizes.word_select(k, 4).as_signed() for k in range(16)], e.last)

    component = Expression({"sizes": 64, "last": 4}, 4, emit)
    rng = random.Random(last)
    sizes = [[rng.randrange(-8, 8) if n % 2 else rng.randrange(-1, 1) for _ in range(16)] for n in range(200)]
    rows = [{"sizes": sum((s & 15) << 4 * k for k, s in enumerate(row)), "last": last} for row in sizes]
    expected = [row.index(max(row[: last + 1])) for row in sizes]
    assert evaluate(component, rows, lambda ctx: ctx.get(component.answer)) == expected
