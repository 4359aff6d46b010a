"""Any configuration of ODIN, for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.odin.layout import CHIP, IZH, LIF, SYNAPSES, N


def word_of(seed: int, kind: int) -> int:
    """A neuron's word; kind : 0 all bits at random, 1 LIF, 2 Izhikevich, 3 nothing, 4 as if not named."""
    rng = np.random.default_rng(seed)
    if kind in (1, 2):
        word = (LIF, IZH)[kind - 1]
        fields = {f.name: int(rng.integers(f.low, f.high + 1)) for f in word}
        return encode(word, **fields | {"lif_izh_sel": 2 - kind})
    if kind == 0:
        return int.from_bytes(rng.bytes(16))
    return 0 if kind == 3 else encode(LIF, lif_izh_sel=1, neur_disable=1)


@st.composite
def configurations(draw: Any) -> Configuration:
    registers = {
        r.name: tuple(
            draw(st.integers(0, (1 << r.width) - 1) if draw(st.booleans()) else st.just(0)) for _ in range(r.n_addrs)
        )
        for r in CHIP.registers
    }
    kinds = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=9))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    neurons = np.array([to_limbs(word_of(*kinds[i]), 4) for i in rng.integers(0, len(kinds), N)])
    has_entry = rng.random((SYNAPSES.depth, 1)) < draw(st.sampled_from([0, 0.01, 0.2]))
    words = rng.integers(0, 1 << 32, (SYNAPSES.depth, 1), dtype=np.uint32) * has_entry.astype(np.uint32)
    return Configuration(CHIP, registers, {"neurons": neurons, "synapses": words})
