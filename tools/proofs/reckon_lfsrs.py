"""ReckOn's LFSRs that yield words of 32 bits. The model keeps the last words, which follow from fewer bits.

In a proof of the whole chip an LFSR of the model has these bits alone, one for each flip-flop of the chip, in time
order, the oldest in bit 0. Each kernel that uses the words has a summary here. Kernel and summary are exclusive ors of
these bits, so they are equal if they are equal for each bit alone, which a test shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from bitwuzla import Kind

from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr
from draupnir.tools.proofs.heap import UnknownArray
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits
from draupnir.tools.proofs.whole import STATE

WORD_LFSRS = {each.name: each for each in LFSRS if each.words}
TRUST = "an LFSR's words follow from as many bits as it has flip-flops (by tests, for a basis of these bits)"
STATES = {name: range(each.width, each.width + each.words) for name, each in WORD_LFSRS.items()}
_BY_LAGS = {(each.width, each.lag): each for each in WORD_LFSRS.values()}


def _sequence(state: Bits, lfsr: Lfsr) -> list[Bits]:
    """Return the bits of an LFSR's state, and then those of its next output, each as one formula of the state."""
    atoms = [frozenset((i,)) for i in range(lfsr.width)]
    for _ in range(lfsr.unfold):
        atoms.append(atoms[-lfsr.lag] ^ atoms[-lfsr.width])
    return [state.logic.parity([state.slice(i, 1) for i in each]) for each in atoms]


def unfolded(state: Bits, lfsr: Lfsr) -> tuple[list[Bits], Bits]:
    """Return the words of the next output, and the state after it; of a choice, a choice of those."""
    term = state.term
    if term.kind() == Kind.ITE:
        condition = state.logic.truth_of_term(term[0])
        one, other = (unfolded(state.logic.of_term(each, state.width), lfsr) for each in (term[1], term[2]))
        words = [condition.choose(*pair) for pair in zip(one[0], other[0], strict=True)]
        return words, condition.choose(one[1], other[1])
    bits = _sequence(state, lfsr)
    now = lfsr.width - lfsr.lag  # the place of y[0]
    output = bits[now : now + lfsr.unfold]
    words = [state.logic.concat(output[i : i + 32]).resized(KERNEL_BITS) for i in range(0, lfsr.unfold, 32)]
    return words, state.logic.concat(bits[lfsr.unfold : lfsr.unfold + lfsr.width])


def _draw(kernels: Kernels, words: UnknownArray, width: int, lag: int) -> None:
    output, state = unfolded(kernels.heap.read(words, STATE), _BY_LAGS[width, lag])
    for i, word in enumerate(output):
        kernels.heap.write(words, width + i, word)
    kernels.heap.write(words, STATE, state)


def _upcoming(kernels: Kernels, words: UnknownArray, width: int, lag: int) -> Bits:
    output, _ = unfolded(kernels.heap.read(words, STATE), _BY_LAGS[width, lag])
    return output[0]


def _fill(kernels: Kernels, words: UnknownArray, bits: object, width: int, lag: int) -> None:
    kernels.heap.write(words, STATE, kernels.bits(bits).slice(0, width))


SUMMARIES: Mapping[Any, Any] = {lfsr.draw: _draw, lfsr.upcoming: _upcoming, lfsr.fill: _fill}


def _words(lfsr_of_words: Lfsr, state: int) -> list[int]:
    """Return the model's words for a state."""
    words = np.zeros(lfsr_of_words.width, np.int64)
    lfsr.fill(words, state, lfsr_of_words.width, lfsr_of_words.lag)
    return [int(word) for word in words]


ELEMENTS = {name: partial(_words, each) for name, each in WORD_LFSRS.items()}
