"""One clock of wrapped_snn_network: the three layers, each of which sees the spikes from before the edge.

Source: snn_network.v, spk_counter.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, field, set_row_field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.resets import resetter
from draupnir.emulator.wrapped_snn_network.layout import CHIP, N_HIDDEN, N_IN, N_OUT, Repair
from draupnir.emulator.wrapped_snn_network.neuron import current, potential, threshold

IN, OUT = positions(CHIP.input_word), positions(CHIP.output_word)
CUR_OF_IN = tuple(getattr(OUT, f"in{n}_cur") for n in range(N_IN))
MEM_OF_IN = tuple(getattr(OUT, f"in{n}_mem") for n in range(N_IN))
THR_OF_IN = tuple(getattr(OUT, f"in{n}_thr") for n in range(N_IN))
_reset_inputs = resetter(CHIP.block("input_neuron"))
_reset_hidden = resetter(CHIP.block("hidden_neuron"))
_reset_outputs = resetter(CHIP.block("output_neuron"))


@kernel
def apply_inputs(r: np.record, inputs: int) -> None:
    """Set all input pins at once. Nothing acts on them before the next clock."""
    r.inputs = inputs


@kernel
def outputs(r: np.record, row: np.ndarray) -> None:
    """Write the output pins and the probes into a row, in which all bits are 0 before. ``io_oeb`` is always 0."""
    set_row_field(row, OUT.out_spk, _side_by_side(r.out_spk, 0, N_OUT))
    set_row_field(row, OUT.inp_spk, _side_by_side(r.in_spk, 0, N_IN))
    set_row_field(row, OUT.hid_spk[0], _side_by_side(r.hid_spk, 0, N_HIDDEN // 2))
    set_row_field(row, OUT.hid_spk[1], _side_by_side(r.hid_spk, N_HIDDEN // 2, N_HIDDEN))
    for n in range(N_IN):
        set_row_field(row, CUR_OF_IN[n], r.in_cur[n])
        set_row_field(row, MEM_OF_IN[n], r.in_mem[n])
        set_row_field(row, THR_OF_IN[n], r.in_thr[n])
    set_row_field(row, OUT.hid0_cur, r.hid_cur[0])
    set_row_field(row, OUT.hid0_mem, r.hid_mem[0])
    set_row_field(row, OUT.hid0_thr, r.hid_thr[0])
    set_row_field(row, OUT.out0_cur, r.out_cur[0])
    set_row_field(row, OUT.out0_mem, r.out_mem[0])
    set_row_field(row, OUT.out0_thr, r.out_thr[0])


@kernel
def _side_by_side(spikes: np.ndarray, first: int, end: int) -> int:
    """Return the spikes of the neurons ``first``..``end`` - 1, the first neuron in the lowest bit."""
    word = 0
    for n in range(first, end):
        word |= spikes[n] << n - first
    return word


@outlined
def clock(r: np.record, repaired: int = Repair.NONE) -> None:
    """Rising edge of clk; repaired : see ``Repair``"""
    r.cycle += 1
    if field(r.inputs, IN.reset):
        _reset_inputs(r)
        _reset_hidden(r)
        _reset_outputs(r)
    else:
        n_in, n_hidden = _count(r.in_spk, N_IN), _count(r.hid_spk, N_HIDDEN)
        in_signal = field(r.inputs, IN.in_signal)
        for n in range(N_IN):
            _step(r.in_cur, r.in_mem, r.in_thr, r.in_spk, n, bit(in_signal, n), repaired)
        for n in range(N_HIDDEN):
            _step(r.hid_cur, r.hid_mem, r.hid_thr, r.hid_spk, n, n_in + n_hidden, repaired)
        for n in range(N_OUT):
            _step(r.out_cur, r.out_mem, r.out_thr, r.out_spk, n, n_hidden, repaired)


@kernel
def _count(spikes: np.ndarray, n: int) -> int:
    """Return the number of spikes of ``n`` neurons."""
    total = 0
    for i in range(n):
        total += spikes[i]
    return total


@kernel
def _step(cur: np.ndarray, mem: np.ndarray, thr: np.ndarray, spk: np.ndarray, n: int, syn: int, repaired: int) -> None:
    """Let neuron ``n`` of a layer take its edge; syn : the number of spikes that reach it."""
    old_cur, old_mem, old_thr, old_spk = cur[n], mem[n], thr[n], spk[n]
    cur[n] = current(syn, old_cur, repaired)
    mem[n] = potential(old_cur, old_mem, old_spk, repaired)
    thr[n] = threshold(old_thr, old_spk, repaired)
    spk[n] = int(old_mem >= old_thr)
