"""The arithmetic of e-prop, held to real numbers and to exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.gungnir import eprop
from draupnir.emulator.gungnir.layout import ERROR, FRACTIONS_WORD, LFSR_BITS, LFSR_RESET, SYNAPSES


def test_a_trace_decays_as_the_real_one_within_one_step_and_ends_at_zero() -> None:
    for decay in (1, 16, 100, 255):
        trace = 255
        for _ in range(2000):
            exact = Fraction(trace * (256 - decay), 256)
            trace = eprop.trace_after_tref(trace, decay)
            assert exact - 1 < trace <= exact
        assert trace == 0
    assert eprop.trace_after_tref(200, 0) == 200


def test_a_trace_stops_at_255() -> None:
    assert [eprop.trace_after_spike(trace, 60) for trace in (0, 194, 195, 196, 255)] == [60, 254, 255, 255, 255]


def test_a_learning_signal_stops_at_both_ends() -> None:
    assert [eprop.signal_after(s, a) for s, a in ((120, 15), (-120, -16), (-128, 0), (5, -7))] == [127, -127, -127, -2]


def test_the_pseudo_derivative_is_a_ramp_below_the_threshold() -> None:
    ramp = [eprop.pseudo_derivative(core, 100, 0, 0, 2) for core in range(60, 100)]
    assert ramp == [max(8 - (100 - core) // 4, 0) for core in range(60, 100)]
    assert eprop.pseudo_derivative(0, 100, 1, 0, 2) == eprop.pseudo_derivative(0, 100, 0, 1, 2) == 8
    assert eprop.pseudo_derivative(120, 100, 0, 0, 0) == 8  # a potential that the SPI has written


@pytest.mark.parametrize("pseudo", range(9))
def test_an_error_is_the_nearest_to_the_product(pseudo: int) -> None:
    for signal in range(-127, 128):
        word = eprop.error(signal, pseudo)
        magnitude, minus = word & 127, word >> 7
        assert abs(magnitude - Fraction(abs(signal) * pseudo, 8)) <= Fraction(1, 2)
        assert minus == (signal < 0)
    assert eprop.error(-128, 8) == encode(ERROR, magnitude=127, minus=1)


def test_the_steps_of_all_random_numbers_have_the_exact_mean() -> None:
    """Stochastic rounding is without bias: over all random numbers the mean step is the product, exactly."""
    for trace, magnitude, shift in ((37, 5, 7), (255, 127, 10), (1, 1, 4), (200, 99, 0)):
        steps = [eprop.step_of(trace, magnitude, shift, random) for random in range(1 << shift)]
        assert Fraction(sum(steps), 1 << shift) == Fraction(trace * magnitude, 1 << shift)


def test_the_random_numbers_are_the_sequence_of_the_polynomial() -> None:
    """Bit by bit, x[n] = x[n - 31] ^ x[n - 28], from the reset."""
    bits = [int(bit) for bit in f"{LFSR_RESET:0{LFSR_BITS}b}"]
    lfsr = LFSR_RESET
    for _ in range(200):
        for _ in range(eprop.LEAP):
            bits.append(bits[-31] ^ bits[-28])
        lfsr = eprop.lfsr_next(lfsr)
        assert lfsr == int("".join(map(str, bits[-LFSR_BITS:])), 2)
    assert eprop.lfsr_of(0x1555) >> (LFSR_BITS - 13) == 0x1555
    assert eprop.lfsr_of(0) != 0


def test_the_random_numbers_of_a_word_are_even_and_hardly_correlated() -> None:
    lfsr, numbers = LFSR_RESET, []
    for _ in range(20_000):
        lfsr = eprop.lfsr_next(lfsr)
        numbers.append([eprop.random_of(lfsr, i) for i in range(8)])
    table = np.array(numbers) / (1 << 15)
    assert abs(table.mean(axis=0) - 0.5).max() < 0.01
    assert (
        abs(float(np.corrcoef(table[:, 0], table[:, 7])[0, 1])) < 0.03
    )  # the first and the last have one bit in common


def random_word(rng: np.random.Generator) -> tuple[dict[str, int], dict[str, int], list[tuple[int, int]]]:
    """Contents of eight synapses, of their fractions, and errors."""
    synapses = {
        f"{name}{i}": int(rng.integers(1 << n)) for i in range(8) for name, n in (("syn_weight", 3), ("mapping", 1))
    }
    fractions = {f"fraction{i}": int(rng.integers(16)) for i in range(8)}
    errors = [(int(rng.integers(128)), int(rng.integers(2))) for _ in range(8)]
    return synapses, fractions, errors


def test_a_word_is_eight_weights_on_their_own() -> None:
    rng = np.random.default_rng(7)
    for _ in range(300):
        synapses, fractions, errors = random_word(rng)
        trace, inhibitory, unmapped = (int(rng.integers(n)) for n in (256, 2, 2))
        shift, lfsr = int(rng.integers(16)), int(rng.integers(1 << LFSR_BITS))
        lanes = [encode(ERROR, magnitude=magnitude, minus=minus) for magnitude, minus in errors]
        low, high = (sum(lane << 8 * i for i, lane in enumerate(part)) for part in (lanes[:4], lanes[4:]))
        words = encode(SYNAPSES.words[0], **synapses), encode(FRACTIONS_WORD, **fractions)
        next_words = eprop.words_next(*words, (low, high), trace, inhibitory, unmapped, shift, lfsr)
        for i, (magnitude, minus) in enumerate(errors):
            weight = 16 * synapses[f"syn_weight{i}"] + fractions[f"fraction{i}"]
            if synapses[f"mapping{i}"] or unmapped:
                change = (trace * magnitude + (lfsr >> 2 * i) % (1 << 15) % (1 << shift)) // (1 << shift)
                weight = min(max(weight + (change if minus == inhibitory else -change), 0), 127)
            synapses[f"syn_weight{i}"], fractions[f"fraction{i}"] = divmod(weight, 16)
        assert next_words == (encode(SYNAPSES.words[0], **synapses), encode(FRACTIONS_WORD, **fractions))
