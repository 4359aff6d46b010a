"""The configuration of each group, as kernels read it from the input pins."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import row_field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.sne.layout import CHIP

IN = positions(CHIP.input_word)
LOW_WORDS, LOW_SHIFTS = (np.array([place[i] for place in IN.cfg_filter_lbound_i]) for i in range(2))
HIGH_WORDS, HIGH_SHIFTS = (np.array([place[i] for place in IN.cfg_filter_ubound_i]) for i in range(2))


@kernel
def bound(r: np.record, upper: bool, g: int) -> int:
    """Return the first or last column of a group, 0..65535, and above them its first or last row.

    upper : True for the last ones; g : 0..15
    """
    if upper:
        return r.inputs[HIGH_WORDS[g]] >> HIGH_SHIFTS[g] & 0xFFFFFFFF
    return r.inputs[LOW_WORDS[g]] >> LOW_SHIFTS[g] & 0xFFFFFFFF


@kernel
def contains(low: int, high: int, x: int, y: int) -> bool:
    """Return True if a place, 0..255 each, is in an area; low, high : its bounds (see ``bound``)"""
    return low & 0xFFFF <= x <= high & 0xFFFF and low >> 16 <= y <= high >> 16


@kernel
def offsets(r: np.record, g: int) -> tuple[int, int]:
    """Return the offsets of the kernel in a group: column and row, 0..7 each."""
    return (
        row_field(r.inputs, IN.cfg_x_offset_i) >> 3 * g & 7,
        row_field(r.inputs, IN.cfg_y_offset_i) >> 3 * g & 7,
    )


@kernel
def channel(r: np.record, g: int) -> int:
    """Return the channel in the spikes of a group, 0..255."""
    return row_field(r.inputs, IN.cfg_cid_i) >> 8 * (g >> 2) & 255
