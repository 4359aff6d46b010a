"""The memories: the kernels, which come as packets, and the states of each group, in an odd and an even half.

Source: evt_kernel_memory_wrapper.sv, evt_kernel_memory.sv, evt_floating_kernel.sv, evt_status_memory.sv.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne import fifo
from draupnir.emulator.sne.config import offsets
from draupnir.emulator.sne.layout import CHIP, SLICE, Crossing
from draupnir.emulator.sne.states import KernelState

IN = positions(CHIP.input_word)
KERNEL_SIZE = 3
KERNEL = int(Crossing.KERNEL)
CHANNEL, CHANNEL_MASK, KERNEL_RESET, SEL = SLICE["channel"].lsb, 511, SLICE["kernel_reset"].lsb, SLICE["sel"].lsb
TO_KERNELS, TO_CORNERS = 1, 2  # the modes of the writing side
FOUR_KERNELS, TWO_KERNELS = 1, 2  # cfg_slice_i.sel: the groups have four kernels, or two


class Memories(NamedTuple):
    """The memories, uint32.

    odd, even : (16, 32, 1), the states of each group
    kernels : (4, 64, 1); corners : (32, 1), the weight 0 of each kernel
    """

    odd: np.ndarray
    even: np.ndarray
    kernels: np.ndarray
    corners: np.ndarray


INIT, RUN = (int(state) for state in KernelState)


# --- Kernels ----------------------------------------------------------------------------------------------------------


@kernel
def settle(r: np.record) -> None:
    """Let the latch of the write enable of the corners follow: it keeps its level while a kernel is written."""
    if not r.kernel_wr_en:
        r.kernel_corner_we = 0
    elif r.kernel_mode == TO_CORNERS:
        r.kernel_corner_we = 1


@outlined
def clock(r: np.record, m: Memories, cid: int) -> None:
    """Run a clock of the memories of kernels, and of the side that writes them; cid : the event's channel, 0..255"""
    _clock_kernels(r, m, cid)
    _clock_writer(r)
    settle(r)


@kernel
def _clock_kernels(r: np.record, m: Memories, cid: int) -> None:
    """Run a clock of the memories, which read all at ``cid`` or write one."""
    r.kernel_select, r.kernel_sel = cid & 7, row_field(r.inputs, IN.cfg_slice_i) >> SEL & 3
    if not r.kernel_wr_en:
        r.kernel_rd_addr = cid
        return
    channel = row_field(r.inputs, IN.cfg_slice_i) >> CHANNEL & CHANNEL_MASK
    address = r.kernel_wr_addr - (channel + 1 if r.kernel_mode == TO_CORNERS else 1) & 255
    if r.kernel_mode == TO_KERNELS:
        m.kernels[address & 3, address >> 2, 0] = r.kernel_wr_word
    if r.kernel_corner_we:
        m.corners[address & 31, 0] = r.kernel_wr_word


@kernel
def _clock_writer(r: np.record) -> None:
    """Run a clock of the side that writes kernels; it leaves out the first word of a packet."""
    valid, word, ids = fifo.in_valid(r, KERNEL), fifo.in_word(r, KERNEL), row_field(r.inputs, IN.cfg_slice_i)
    channel, address = ids >> CHANNEL & CHANNEL_MASK, r.kernel_wr_addr
    if r.kernel_state == INIT:
        r.kernel_state = RUN if valid else INIT
        r.kernel_wr_en, r.kernel_wr_addr, r.kernel_wr_word, r.kernel_mode = 0, 0, 0, 0
        return
    if address & 255 == channel + (channel >> 3) & CHANNEL_MASK and r.kernel_wr_en:
        r.kernel_state = INIT
    r.kernel_wr_en, r.kernel_wr_word = valid, word if valid else 0
    r.kernel_mode = TO_CORNERS if address >= channel else TO_KERNELS
    r.kernel_wr_addr = 0 if ids >> KERNEL_RESET & 1 else address + valid & CHANNEL_MASK


@kernel
def weight(r: np.record, m: Memories, g: int, place: int) -> int:
    """Return a weight of the kernel of a group, 0..15; place : 0..8, row by row"""
    select = r.kernel_select
    if r.kernel_sel == FOUR_KERNELS:
        k = g >> 2
    elif r.kernel_sel == TWO_KERNELS:
        k = (g >> 3) * 2 + (select & 1)
    else:
        k = select & 3
    if place == 0:
        return wide(m.corners[r.kernel_rd_addr >> 3, 0]) >> 4 * (3 - k + (0 if select & 4 else 4)) & 15
    return wide(m.kernels[k, r.kernel_rd_addr >> 2, 0]) >> 4 * (place - 1) & 15


@outlined
def weight_at(r: np.record, m: Memories, g: int, event: int, neuron: int) -> int:
    """Return the weight from an event to a neuron of a group, 0 if the kernel does not reach it.

    event : row and column in bits 15..8 and 7..0; neuron : 0..63, row and column
    """
    x_offset, y_offset = offsets(r, g)
    column = event - neuron + 1 + x_offset & 7
    row = (event >> 8) - (neuron >> 3) + 1 + y_offset & 7
    return weight(r, m, g, column + KERNEL_SIZE * row) if column < KERNEL_SIZE and row < KERNEL_SIZE else 0


@kernel
def is_silent(neuron: int) -> bool:
    """Return True for a neuron at the border of a group, whose spikes are left out; neuron : 0..63"""
    column, row = neuron & 7, neuron >> 3
    return column in (0, 7) or row in (0, 7)


# --- States -----------------------------------------------------------------------------------------------------------


@kernel
def state(r: np.record, m: Memories, g: int) -> int:
    """Return the state that a group has read, 0..2**32 - 1."""
    if r.state_odd[g]:
        return wide(m.odd[g, r.state_rd_addr_o[g], 0])
    return wide(m.even[g, r.state_rd_addr_e[g], 0])


@kernel
def clock_state(
    r: np.record, m: Memories, g: int, clocked: bool, rd_en: int, rd_addr: int, wr_en: int, wr_addr: int, word: int
) -> None:
    """Run a clock of the states of a group. A half that is written does not read.

    clocked : the clock of the memories is on; word : the state to write
    """
    r.state_odd[g] = rd_addr & 1
    if not clocked:
        return
    if wr_en and wr_addr & 1:
        m.odd[g, wr_addr >> 1, 0] = word
    elif rd_en and rd_addr & 1:
        r.state_rd_addr_o[g] = rd_addr >> 1
    if wr_en and not wr_addr & 1:
        m.even[g, wr_addr >> 1, 0] = word
    elif rd_en and not rd_addr & 1:
        r.state_rd_addr_e[g] = rd_addr >> 1
