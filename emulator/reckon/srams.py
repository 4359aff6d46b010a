"""The four memories: which block accesses them, and how they are read and written.

With each access a memory's output register takes the old content of the word. The SPI has priority over the network. It
writes 32 bits of a word.

Source: srnn.v, SRAMs, Readback.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import pair, seeds
from draupnir.emulator.reckon.controller import EPROP, EVT, Evt
from draupnir.emulator.reckon.layout import (
    CHIP,
    N_OUT,
    N_WEIGHTS,
    NEURONS,
    PROG,
    READ,
    SPI_NEUR_ADDR,
    SPI_NEUR_FLAGS,
    SPI_WORD_ADDR,
    W_BITS,
    M,
)
from draupnir.emulator.reckon.learning import weights
from draupnir.emulator.reckon.learning.group import Eprop, own_place
from draupnir.emulator.reckon.learning.weights import NO_SELF
from draupnir.emulator.reckon.neuron_array import Half
from draupnir.emulator.resets import resetter

PROGS = positions(PROG)
READS = positions(READ)
WORD_ADDR = positions(SPI_WORD_ADDR)
NEUR_ADDR = positions(SPI_NEUR_ADDR)
FLAGS = positions(SPI_NEUR_FLAGS)
NEUR_MASK = (1 << M) - 1
CHUNK = 32 // W_BITS  # weights in the 32 bits that the SPI accesses
WEIGHT_MASK = (1 << W_BITS) - 1
GROUP_COUNTS = N_WEIGHTS - 1  # the sweep reads the next weights if these bits of neur128x2_cnt are 0
N_LIMBS = NEURONS.n_limbs
forget = resetter(CHIP.block("neurons"), lambda reg: reg.name == "neur_dirty")  # all words count as zeros


class Mems(NamedTuple):
    """The memories: neurons (128, 4) uint32, limb 0 least significant; weights as bytes, (words, 16) uint8.

    inp_rows, rec_rows : the same memories as winp and wrec, (256, 256) int8, pre- by post-synaptic neuron
    lanes : an array of one record of ``phases.lanes``, for what stretches copy from the memories. It is no record,
        because Numba calls Python to convert one: if a signal's handler raises there, it goes on with the next element
    """

    neurons: np.ndarray
    winp: np.ndarray
    wrec: np.ndarray
    wout: np.ndarray
    inp_rows: np.ndarray
    rec_rows: np.ndarray
    lanes: np.recarray


class WeightAccess(NamedTuple):
    """An access to a memory of weights.

    kind : NONE, LOAD, UPDATE (by e-prop), SPI_READ or SPI_WRITE
    addr : the word
    trace : for an update, the trace of the pre-synaptic neuron
    own : for an update, the place of the pre-synaptic neuron in the word, 0..15, or NO_SELF
    skips : 1 if the SPI has the memory in the clock of an update, which then only uses up its random numbers
    """

    kind: int
    addr: int
    trace: int
    own: int
    skips: int


NONE, LOAD, UPDATE, SPI_READ, SPI_WRITE = range(5)


class Access(NamedTuple):
    """An access to the neuron memory; core_we : 1 if the network writes; spi_we : 1 if the SPI writes."""

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
    """Return the access to the neuron memory: a write of the SPI, else a read of the SPI, else that of the network.

    State EPROP has an address of its own, but the counters of the event controller and of state STEP decide whether it
    writes.
    """
    if field(prog, PROGS.neur):
        return Access(1, 0, 1, field(r.spi_addr_out, NEUR_ADDR.word))
    if field(r.read_sync, READS.neur):
        return Access(1, 0, 0, field(r.spi_addr_out, NEUR_ADDR.word))
    cs, addr = (p.neur_cs, p.neur_addr) if r.state == EPROP else (e.cs, e.addr)
    return Access(cs, cs & e.we, 0, addr)


@kernel
def clock_neurons(
    r: np.record, neurons: np.ndarray, access: Access, even: Half, odd: Half, sets_flags: bool, forgets: bool
) -> None:
    """Rising edge of CLK for the neuron memory. A word that is written becomes dirty.

    sets_flags : True if the SPI writes a neuron's dirty bit; forgets : True if a sample ends
    """
    if access.cs:
        _clock_word(r, neurons, access, even, odd)
    if sets_flags:
        r.neur_dirty[r.spi_addr_out & NEUR_MASK] = field(r.spi_data, FLAGS.neur_dirty)
    if forgets:
        forget(r)


@kernel
def _clock_word(r: np.record, neurons: np.ndarray, access: Access, even: Half, odd: Half) -> None:
    addr = access.addr
    load_pair(r, neurons, addr)
    if access.core_we:
        old0, old1 = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
        even_next = even.state & even.mask | old0 & ~even.mask
        pair.write_states(neurons, addr, even_next, odd.state & odd.mask | old1 & ~odd.mask)
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


@kernel
def _sweep_addr(r: np.record) -> int:
    """Return the present word of winp or wrec in the sweep of an event."""
    return r.neur256_cnt << 4 | r.neur128x2_cnt >> 4


@kernel
def _by_spi(r: np.record, write: int, read: int, updates: int) -> WeightAccess:
    """Return the SPI's access to a word; the word's number wraps at the memory's length."""
    return WeightAccess(SPI_WRITE if write else SPI_READ, field(r.spi_addr_out, WORD_ADDR.word), 0, NO_SELF, updates)


@kernel
def _of_core(cs: int, we: int, addr: int, trace: int, own: int) -> WeightAccess:
    """Return the access of e-prop."""
    return WeightAccess(UPDATE if we else LOAD if cs else NONE, addr, trace, own, 0)


@kernel
def winp_access(r: np.record, e: Evt, p: Eprop, prog: int) -> WeightAccess:
    """Return the access to the input weights in this clock."""
    write, read = field(prog, PROGS.winp), field(r.read_sync, READS.winp)
    if write | read:
        return _by_spi(r, write, read, p.winp_we)
    if r.state != EPROP and _sweep_reads(r) and e.inp_event:
        return WeightAccess(LOAD, _sweep_addr(r), 0, NO_SELF, 0)
    return _of_core(p.winp_cs, p.winp_we, p.pre << 4 | r.e_post_msb, p.trace_inp, NO_SELF)


@kernel
def wrec_access(r: np.record, e: Evt, p: Eprop, prog: int) -> WeightAccess:
    """Return the access to the recurrent weights in this clock."""
    write, read = field(prog, PROGS.wrec), field(r.read_sync, READS.wrec)
    if write | read:
        return _by_spi(r, write, read, p.wrec_we)
    if r.state != EPROP and _sweep_reads(r) and e.z:
        return WeightAccess(LOAD, _sweep_addr(r), 0, NO_SELF, 0)
    return _of_core(p.wrec_cs, p.wrec_we, p.pre << 4 | r.e_post_msb, p.trace_rec, own_place(r, p.pre))


@kernel
def wout_access(r: np.record, p: Eprop, prog: int, by_event: int) -> WeightAccess:
    """Return the access to the output weights.

    by_event : 1 if a sweep begins for a recurrent neuron's spike (wout_cs_ctrl)
    """
    write, read = field(prog, PROGS.wout), field(r.read_sync, READS.wout)
    if write | read:
        return _by_spi(r, write, read, p.wout_we)
    if r.state != EPROP and by_event:
        return WeightAccess(LOAD, r.neur256_cnt, 0, NO_SELF, 0)
    return _of_core(p.wout_cs, p.wout_we, p.post, p.trace_out, NO_SELF)


@kernel
def _sweep_reads(r: np.record) -> bool:
    """Return True if the sweep of an event reads the next weights."""
    return r.state_evt == EVT and r.neur128x2_cnt & GROUP_COUNTS == 0


@outlined
def _clock_by_spi(r: np.record, memory: np.ndarray, word: np.ndarray, access: WeightAccess) -> None:
    addr = access.addr % len(memory)
    weights.load(word, memory, addr)
    if access.kind == SPI_WRITE:
        _spi_write(memory, addr, field(r.spi_addr_out, WORD_ADDR.chunk), r.spi_data)


@kernel
def clock_winp(r: np.record, winp: np.ndarray, access: WeightAccess, prog: int) -> None:
    """Rising edge of CLK for the input weights. Their random numbers also advance if the SPI has the memory."""
    if access.kind == UPDATE:
        weights.update_inp(r, access.trace, winp, access.addr)
    elif access.kind == LOAD:
        weights.load(r.winp_data_o, winp, access.addr)
    elif access.kind != NONE:
        _clock_by_spi(r, winp, r.winp_data_o, access)
    if access.skips:
        weights.skip(r.lfsr_winp)
    if prog:
        seeds.program_winp(r, prog)


@kernel
def clock_wrec(r: np.record, wrec: np.ndarray, access: WeightAccess, prog: int) -> None:
    """Rising edge of CLK for the recurrent weights. Their random numbers also advance if the SPI has the memory."""
    if access.kind == UPDATE:
        weights.update_rec(r, access.trace, access.own, wrec, access.addr)
    elif access.kind == LOAD:
        weights.load(r.wrec_data_o, wrec, access.addr)
    elif access.kind != NONE:
        _clock_by_spi(r, wrec, r.wrec_data_o, access)
    if access.skips:
        weights.skip(r.lfsr_wrec)
    if prog:
        seeds.program_wrec(r, prog)


@kernel
def clock_wout(r: np.record, wout: np.ndarray, access: WeightAccess, prog: int) -> None:
    """Rising edge of CLK for the output weights. Their random numbers also advance if the SPI has the memory."""
    if access.kind == UPDATE:
        weights.update_out(r, access.trace, wout, access.addr)
    elif access.kind == LOAD:
        weights.load(r.wout_data_o, wout, access.addr)
    elif access.kind != NONE:
        _clock_by_spi(r, wout, r.wout_data_o, access)
    if access.skips:
        weights.skip_out(r.lfsr_wout)
    if prog:
        seeds.program_wout(r, prog)


# --- Readback ---------------------------------------------------------------------------------------------------


@kernel
def _chunk(word: np.ndarray, chunk: int) -> int:
    """Return 32 bits of a word of weights."""
    bits = 0
    for i in range(CHUNK):
        bits |= word[CHUNK * chunk + i] << (W_BITS * i)
    return bits


@outlined
def readback(r: np.record) -> int:
    """Return the 32 bits that the SPI reads, from the output registers before this edge."""
    read, addr = r.read_sync, r.spi_addr_out
    chunk = field(addr, WORD_ADDR.chunk)
    if field(read, READS.neur):
        return r.neur_data_o[chunk]
    if field(read, READS.oneur):
        return r.oneur_u[addr % N_OUT]
    if field(read, READS.winp):
        return _chunk(r.winp_data_o, chunk)
    if field(read, READS.wrec):
        return _chunk(r.wrec_data_o, chunk)
    if field(read, READS.wout):
        return _chunk(r.wout_data_o, chunk)
    return r.srnn_readback
