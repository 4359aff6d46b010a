"""The neuron block of RANC computes what the model's arithmetic says, for narrow words, in which everything wraps."""

from __future__ import annotations

import random
from typing import Any

from draupnir.emulator.codec import decode
from draupnir.emulator.ranc import neuron
from draupnir.emulator.ranc.layout import CHIP
from draupnir.emulator.ranc.sizes import Sizes, sizes_of
from draupnir.emulator.ranc.words import neuron_word
from draupnir.rtl.ranc.neuron_block import NeuronBlock
from draupnir.rtl.tests.simulate import run_clocked, set_raw

NARROW = {"POTENTIAL_WIDTH": 4, "WEIGHT_WIDTH": 3, "LEAK_WIDTH": 5, "THRESHOLD_WIDTH": 5, "NUM_RESET_MODES": 3}
N_WORDS, N_SPIKES = 700, 2


def expected(s: Sizes, fields: dict[str, int], weights: list[int]) -> tuple[int, bool]:
    """Return the potential and the spike of a neuron after spikes with these weights, as the model computes them."""
    bits, threshold_bits = s.potential_width, s.threshold_width
    potential = fields["current_potential"] % (1 << bits)
    for weight in weights:
        potential = neuron.integrate(potential, weight % (1 << s.weight_width), bits, s.weight_width)
    potential = neuron.leaked(potential, fields["leak"] % (1 << s.leak_width), bits, s.leak_width)
    mode, reset = fields["reset_mode"], fields["reset_potential"] % (1 << bits)
    positive = fields["positive_threshold"] % (1 << threshold_bits)
    negative = fields["negative_threshold"] % (1 << threshold_bits)
    if neuron.fires(potential, positive, bits, threshold_bits):
        return neuron.after_spike(potential, mode, reset, positive, bits, threshold_bits), True
    if neuron.is_below_floor(potential, negative, bits, threshold_bits):
        return neuron.after_floor(potential, mode, reset, negative, bits, threshold_bits), False
    return potential, False


def test_potentials_and_spikes_are_those_of_the_model() -> None:
    s = sizes_of({**CHIP.sizes, **NARROW})
    word, rng, block = neuron_word(s), random.Random(3), NeuronBlock(s)
    n_spikes = 0

    async def bench(ctx: Any) -> None:
        nonlocal n_spikes
        for _ in range(N_WORDS):
            bits = rng.getrandbits(word.width)
            fields, weights = decode(word, bits), []
            set_raw(ctx, block.neuron, bits)
            for n in range(N_SPIKES):
                instruction, no_weight = rng.randrange(s.n_weights), rng.random() < 0.2
                weights.append(0 if no_weight else fields[f"weight_{instruction}"])
                for name, level in (("instruction", instruction), ("no_weight", no_weight), ("first", n == 0)):
                    ctx.set(getattr(block, name), level)
                ctx.set(block.en, 1)
                await ctx.tick("fall")
            potential, spike = expected(s, fields, weights)
            assert (ctx.get(block.potential), ctx.get(block.spike)) == (potential, spike), fields
            n_spikes += spike

    run_clocked(block, bench, domains=("fall",))
    assert 100 < n_spikes < N_WORDS - 100
