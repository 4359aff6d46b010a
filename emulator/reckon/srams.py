"""The four memories: who reaches them, and how they are read and written.

A memory's output register takes, with each access, what the word held before it. The SPI comes first, whatever the
network is doing; it writes 32 bits of a word.

Source: srnn.v, SRAMs, Readback.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import pair
from draupnir.emulator.reckon.controller import EPROP, EVT, Evt
from draupnir.emulator.reckon.layout import N_OUT, N_WEIGHTS, NEURONS, PROG, READ, SPI_NEUR_ADDR, SPI_WORD_ADDR, W_BITS
from draupnir.emulator.reckon.learning import weights
from draupnir.emulator.reckon.learning.group import Eprop, own_place
from draupnir.emulator.reckon.neuron_array import Half

PROGS = positions(PROG)
READS = positions(READ)
WORD_ADDR = positions(SPI_WORD_ADDR)
NEUR_ADDR = positions(SPI_NEUR_ADDR)
CHUNK = 32 // W_BITS  # weights in the SPI's part of a word
WEIGHT_MASK = (1 << W_BITS) - 1
GROUP_COUNTS = N_WEIGHTS - 1  # neur128x2_cnt: the sweep reads the next weights where these bits are 0
N_LIMBS = NEURONS.n_limbs


class Mems(NamedTuple):
    """The memories: neurons (128, 4) uint32, limb 0 least significant; weights as bytes, (words, 16) uint8.

    u, noise : (16, 16) int64, a group a row: while a stretch needs them, potentials taken out of the neuron memory, and
    noise to be added
    """

    neurons: np.ndarray
    winp: np.ndarray
    wrec: np.ndarray
    wout: np.ndarray
    u: np.ndarray
    noise: np.ndarray


class Access(NamedTuple):
    """Access to the neuron memory. core_we : the network writes; spi_we : the SPI does"""

    cs: int
    core_we: int
    spi_we: int
    addr: int


# --- Neurons ----------------------------------------------------------------------------------------------------


@kernel
def load_pair(r: np.record, neurons: np.ndarray, addr: int) -> None:
    """Read a word into the neuron memory's output register."""
    for limb in range(N_LIMBS):
        r.neur_data_o[limb] = np.int64(neurons[addr, limb])


@kernel
def neurons_access(r: np.record, e: Evt, p: Eprop, prog: int) -> Access:
    """Who reaches the neuron memory: the SPI's write, its read, the network. State EPROP has its own address, but
    whether it writes is left to the counters of the event controller and of state STEP."""
    if field(prog, PROGS.neur):
        return Access(1, 0, 1, field(r.spi_addr_out, NEUR_ADDR.word))
    if field(r.read_sync, READS.neur):
        return Access(1, 0, 0, field(r.spi_addr_out, NEUR_ADDR.word))
    cs, addr = (p.neur_cs, p.neur_addr) if r.state == EPROP else (e.cs, e.addr)
    return Access(cs, cs & e.we, 0, addr)


@kernel
def clock_neurons(r: np.record, neurons: np.ndarray, access: Access, even: Half, odd: Half) -> None:
    """The neuron memory's edge; a word that is written is no longer taken for zeros."""
    addr = access.addr
    if not access.cs:
        return
    load_pair(r, neurons, addr)
    if access.core_we:
        held0, held1 = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
        even_next = even.state & even.mask | held0 & ~even.mask
        pair.put(neurons, addr, even_next, odd.state & odd.mask | held1 & ~odd.mask)
    elif access.spi_we:
        neurons[addr, field(r.spi_addr_out, NEUR_ADDR.chunk)] = r.spi_data
    if access.core_we or access.spi_we:
        r.neur_dirty[2 * addr] = 1
        r.neur_dirty[2 * addr + 1] = 1


# --- Weights ----------------------------------------------------------------------------------------------------


@kernel
def _spi_write(memory: np.ndarray, addr: int, chunk: int, word: int) -> None:
    for i in range(CHUNK):
        memory[addr, CHUNK * chunk + i] = word >> (W_BITS * i) & WEIGHT_MASK


@outlined
def _clock_by_spi(r: np.record, memory: np.ndarray, word: np.ndarray, write: int) -> None:
    """The SPI reads a word, or writes a part of it."""
    addr = field(r.spi_addr_out, WORD_ADDR.word) % len(memory)
    weights.load(word, memory, addr)
    if write:
        _spi_write(memory, addr, field(r.spi_addr_out, WORD_ADDR.chunk), r.spi_data)


@kernel
def _sweep_addr(r: np.record) -> int:
    """The word of winp or wrec that the sweep of an event is at."""
    return r.neur256_cnt << 4 | r.neur128x2_cnt >> 4


@kernel
def clock_winp(r: np.record, winp: np.ndarray, e: Evt, p: Eprop, prog: int) -> None:
    """The input weights' edge. Their random numbers move on also if the SPI takes the memory in this clock."""
    by_spi = field(prog, PROGS.winp) | field(r.read_sync, READS.winp)
    if by_spi:
        _clock_by_spi(r, winp, r.winp_data_o, field(prog, PROGS.winp))
        if p.winp_we:
            weights.skip(r.lfsr_winp)
    elif p.winp_we:
        addr = p.pre << 4 | r.e_post_msb
        weights.prepare(r)
        weights.update_inp(r, p.trace_inp, winp, addr)
    elif p.winp_cs:
        weights.load(r.winp_data_o, winp, p.pre << 4 | r.e_post_msb)
    elif r.state != EPROP and r.state_evt == EVT and r.neur128x2_cnt & GROUP_COUNTS == 0 and e.inp_event:
        weights.load(r.winp_data_o, winp, _sweep_addr(r))


@kernel
def clock_wrec(r: np.record, wrec: np.ndarray, e: Evt, p: Eprop, prog: int) -> None:
    """The recurrent weights' edge; likewise."""
    by_spi = field(prog, PROGS.wrec) | field(r.read_sync, READS.wrec)
    if by_spi:
        _clock_by_spi(r, wrec, r.wrec_data_o, field(prog, PROGS.wrec))
        if p.wrec_we:
            weights.skip(r.lfsr_wrec)
    elif p.wrec_we:
        addr = p.pre << 4 | r.e_post_msb
        weights.prepare(r)
        weights.update_rec(r, p.trace_rec, own_place(r, p.pre), wrec, addr)
    elif p.wrec_cs:
        weights.load(r.wrec_data_o, wrec, p.pre << 4 | r.e_post_msb)
    elif r.state != EPROP and r.state_evt == EVT and r.neur128x2_cnt & GROUP_COUNTS == 0 and e.z:
        weights.load(r.wrec_data_o, wrec, _sweep_addr(r))


@kernel
def clock_wout(r: np.record, wout: np.ndarray, p: Eprop, prog: int, by_event: int) -> None:
    """The output weights' edge; likewise. by_event : a sweep begins for a recurrent neuron's spike (wout_cs_ctrl)."""
    by_spi = field(prog, PROGS.wout) | field(r.read_sync, READS.wout)
    if by_spi:
        _clock_by_spi(r, wout, r.wout_data_o, field(prog, PROGS.wout))
        if p.wout_we:
            weights.skip_out(r.lfsr_wout)
    elif p.wout_we:
        weights.update_out(r, p.trace_out, wout, p.post)
    elif p.wout_cs:
        weights.load(r.wout_data_o, wout, p.post)
    elif r.state != EPROP and by_event:
        weights.load(r.wout_data_o, wout, r.neur256_cnt)


# --- Readback ---------------------------------------------------------------------------------------------------


@kernel
def _chunk(word: np.ndarray, chunk: int) -> int:
    """32 bits of a word of weights."""
    bits = 0
    for i in range(CHUNK):
        bits |= word[CHUNK * chunk + i] << (W_BITS * i)
    return bits


@outlined
def readback(r: np.record) -> None:
    """Keep what the SPI has asked for, as the output registers are before this edge."""
    read, addr = r.read_sync, r.spi_addr_out
    chunk = field(addr, WORD_ADDR.chunk)
    if field(read, READS.neur):
        r.srnn_readback = r.neur_data_o[chunk]
    elif field(read, READS.oneur):
        r.srnn_readback = r.oneur_u[addr % N_OUT]
    elif field(read, READS.winp):
        r.srnn_readback = _chunk(r.winp_data_o, chunk)
    elif field(read, READS.wrec):
        r.srnn_readback = _chunk(r.wrec_data_o, chunk)
    elif field(read, READS.wout):
        r.srnn_readback = _chunk(r.wout_data_o, chunk)
