"""The arithmetic of learning agrees with a second derivation from srnn.v, at edges first."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from draupnir.emulator.reckon.learning import eprop
from draupnir.emulator.tests.reckon import naive

I31 = 1 << 31
products = st.one_of(
    st.sampled_from([0, 1, -1, (1 << 27) - 1, 1 << 27, -(1 << 27), 1 << 28, I31 - 1, -I31]), st.integers(-I31, I31 - 1)
)
shifts = st.integers(0, 31)
traces = st.one_of(st.sampled_from([0, 1, 15, 16, 0xFFF]), st.integers(0, 0xFFF))


@given(st.integers(-(1 << 27), (1 << 27) - 1), st.integers(0, 15))
@example(1 << 26, 1)
@example((1 << 27) - 1, 0)
@example(-(1 << 27), 0)
@example(-(1 << 27), 1)
def test_a_learning_signal_saturates(psum: int, scale: int) -> None:
    assert eprop.learning_signal(psum, scale) == naive.learning_signal(psum, scale)


@given(traces, traces)
def test_only_what_is_above_f0_is_regularised(trace: int, f0: int) -> None:
    assert eprop.above_f0(trace, f0) == naive.trace_reg(trace, f0)


@given(traces, shifts, shifts)
@example(16, 27, 1)  # bit 31: it is shifted right without its sign
def test_the_additive_term_loses_what_leaves_32_bits(trace: int, k_p: int, k_r: int) -> None:
    term = (trace << k_p & 0xFFFFFFFF) >> k_r
    assert eprop.additive(trace, k_p, k_r) == naive.signed(term, 32)


@given(products, traces, shifts, st.integers(-I31, I31 - 1), st.booleans())
@example(1 << 27, 0, 0, 0, False)  # bit 31 of the product in sixteenths: taken for negative
@example((1 << 28) - 1, 0, 0, 0, False)
@example(1 << 28, 0, 0, 0, False)
@example(-I31, 0, 0, 1, False)
def test_the_probability_is_as_wide_as_its_wires(e: int, trace: int, k_mul: int, additive: int, mul: bool) -> None:
    sixteenths = eprop.multiplicative(trace, k_mul) if mul else 16
    assert eprop.probability(e, sixteenths, additive) == naive.probability(e, trace >> k_mul, additive, mul)


def test_a_large_positive_product_is_taken_for_the_strongest_negative_one() -> None:
    assert eprop.probability((1 << 27) - 1, 16, 0) == (1 << 27) - 1
    assert eprop.probability(1 << 27, 16, 0) == -I31


@given(products, st.integers(-128, 127), shifts, shifts, st.integers(0, (1 << 32) - 1))
@example(-I31, 0, 31, 0, (1 << 32) - 1)
@example(I31 - 1, 127, 0, 31, 0)
@example(-1, -128, 0, 31, 0)
def test_a_weight_moves_by_one_or_not(prob: int, w: int, lr_r: int, lr_p: int, rnd: int) -> None:
    w_next = eprop.move_weight(w & 0xFF, prob) if eprop.is_updated(prob, rnd, lr_p, lr_r, 32) else w & 0xFF
    assert naive.signed(w_next, 8) == naive.stoch_update(prob, w, lr_r, lr_p, rnd, 32)


@given(st.integers(-(1 << 25), (1 << 25) - 1), st.integers(-128, 127), shifts, shifts, st.integers(0, (1 << 28) - 1))
def test_an_output_weight_moves_by_one_or_not(prob: int, w: int, lr_r: int, lr_p: int, rnd: int) -> None:
    w_next = eprop.move_weight(w & 0xFF, prob) if eprop.is_updated(prob, rnd, lr_p, lr_r, 28) else w & 0xFF
    assert naive.signed(w_next, 8) == naive.stoch_update(prob, w, lr_r, lr_p, rnd, 28)


@given(st.integers(-0x8000, 0x7FFF), st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4))
def test_the_first_segment_above_the_potential_gives_the_pseudo_derivative(u: int, thr: list[int]) -> None:
    above = [i for i, t in enumerate(thr) if u < naive.signed(t, 16)]
    assert eprop.pseudo_derivative(u, *thr, *range(5)) == (above[0] if above else 4)
