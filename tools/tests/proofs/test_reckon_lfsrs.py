"""The summaries of ReckOn's LFSRs give what the compiled kernels give, for a basis of their states."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.reckon import lfsr
from draupnir.tools.proofs.logic import Logic
from draupnir.tools.proofs.questions import Solver
from draupnir.tools.proofs.reckon_lfsrs import WORD_LFSRS, unfolded


def words_of(each, state):
    """The model's words before time 0, and room for an output."""
    words = np.zeros(each.width + each.words, np.int64)
    lfsr.fill(words, state, each.width, each.lag)
    return words


def by_summary(each, states):
    """The output and the next state of each state."""
    logic = Logic()
    state = logic.unknown("state", each.width)
    output, later = unfolded(state, each)
    vectors = {"later": later, **{str(i): word for i, word in enumerate(output)}}
    solver = Solver(logic, [], 60)
    pairs = []
    for number in states:
        contents = solver.find(state.equals(logic.number(number, each.width)), vectors)
        assert contents is not None
        pairs.append(([contents[str(i)] for i in range(each.words)], contents["later"]))
    return pairs


@pytest.mark.parametrize("name", WORD_LFSRS)
def test_kernels_and_summaries_are_equal_for_each_bit_alone(name):
    each = WORD_LFSRS[name]
    states = [0, *(1 << i for i in range(each.width)), (1 << each.width) - 1]
    for state, (output, later) in zip(states, by_summary(each, states), strict=True):
        words = words_of(each, state)
        assert lfsr.upcoming(words, each.width, each.lag) == output[0]
        lfsr.draw(words, each.width, each.lag)
        assert words[each.width :].tolist() == output
        assert words[: each.width].tolist() == words_of(each, later)[: each.width].tolist()
