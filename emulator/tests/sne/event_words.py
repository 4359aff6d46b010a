"""Event words into SNE's golden model and out of it, through its two streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layout import CHIP, GROUPS
from draupnir.emulator.trace import pack, unpack

IN_STEP = CHIP.period[0]


class WordRun(NamedTuple):
    """The events that came out; words, cycles : (n,) int64, cycles from the first word on."""

    words: np.ndarray
    cycles: np.ndarray


def run(model: Model, pins: Mapping[str, int], words: Sequence[int], patience: int = 400) -> WordRun:
    """Send words as fast as the engine takes them, and receive at once, until nothing moves for ``patience`` clocks.

    pins : levels of the configuration
    """
    base = pack(CHIP.input_word, {**CHIP.reset_levels(False), **pins, "src_ready": 1})
    n_words, n_quiet, out, cycles = 0, 0, [], []
    for cycle in range(1 << 20):
        word = words[n_words] if n_words < len(words) else None
        offered = {} if word is None else {"dst_valid": 1, "dst_evt": word}
        outputs = unpack(CHIP.output_word, model.step(base | pack(CHIP.input_word, offered), IN_STEP))
        moves = word is not None and outputs["dst_ready"] == 1
        n_words += int(moves)
        if outputs["src_valid"]:
            out.append(outputs["src_evt"])
            cycles.append(cycle)
        n_quiet = 0 if moves or outputs["src_valid"] else n_quiet + 1
        if n_quiet > patience:
            return WordRun(np.array(out, np.int64), np.array(cycles, np.int64))
    raise AssertionError("the engine never comes to rest")


def states(model: Model, is_around: bool) -> np.ndarray:
    """Return the state of each neuron, (16, 8, 8) int64: group, row, column.

    is_around : the layer is a convolution, in whose memories neighbours are in different halves
    """
    odd, even = (model.memories[name][:, :, 0].astype(np.int64) for name in ("state_sram_o", "state_sram_e"))
    by_address = np.stack([even, odd], axis=-1).reshape(GROUPS, 8, 8)
    rows, columns = np.indices((8, 8))
    return by_address[:, rows, columns & ~1 | (rows ^ columns) & 1] if is_around else by_address
