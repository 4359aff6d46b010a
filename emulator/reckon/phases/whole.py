"""The spikes of a timestep whose sweeps begin and end in one stretch, one after the other.

Nothing else reads the potentials and the output registers of the memories until the last sweep ends. So the potentials
stay in the lanes, and the registers take only what they show then.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, output_neurons, srams
from draupnir.emulator.reckon.controller import CNT, WAIT
from draupnir.emulator.reckon.layout import N_WEIGHTS
from draupnir.emulator.reckon.learning import weights
from draupnir.emulator.reckon.phases import sweep
from draupnir.emulator.reckon.phases.lanes import add_row, add_rows
from draupnir.emulator.reckon.srams import Mems

NOBODY = -1


@outlined
def whole_events(r: np.record, m: Mems, clocks: int) -> int:
    """Run the search from state CNT with all sweeps that fit into ``clocks`` clocks, and return their number."""
    begin, last = r.neur256_cnt, controller.num_neur(r)
    if begin > last:
        return 0
    n_spikes = _list_spikes(r, m.lanes[0].neurs, begin, last + 1)
    n_fit = _n_fit(r, m.lanes[0].neurs, n_spikes, clocks)
    n_clocks = 0
    if n_fit:
        n = m.lanes[0].neurs[n_fit - 1]
        n_clocks = n - begin + 1 + n_fit * _sweep_clocks(r)
        _sweeps(r, m, n_fit)
        r.neur256_cnt = n
        sweep.end_sweep(r, n, r.inp_events[n])
    if n_fit == n_spikes and r.state_evt == CNT:
        n_clocks += _search_rest(r, last, clocks - n_clocks)
    if n_clocks:
        r.supp_cycle = 0
    return n_clocks


@kernel
def _sweep_clocks(r: np.record) -> int:
    return 2 * ((r.spi_num_rec_neur >> 1) + 1)


@outlined
def _list_spikes(r: np.record, neurs: np.ndarray, begin: int, end: int) -> int:
    """List which of the neurons begin..end - 1 spike. Return their number."""
    n_spikes = 0
    for n in range(begin, end):
        neurs[n_spikes] = n
        n_spikes += r.neur_z[n] | r.inp_events[n]
    return n_spikes


@kernel
def _n_fit(r: np.record, neurs: np.ndarray, n_spikes: int, clocks: int) -> int:
    """Return for how many of the spikes there are enough clocks, up to one that needs state SUPP."""
    n_fit, begin, n_sweep = 0, r.neur256_cnt, _sweep_clocks(r)
    supplements = controller.traces_on(r, 0)
    while n_fit < n_spikes and neurs[n_fit] - begin + 1 + (n_fit + 1) * n_sweep <= clocks:
        n = neurs[n_fit]
        n_fit += 1
        if supplements and n > r.spi_num_rec_neur and r.inp_events[n]:
            break
    return n_fit


@kernel
def _search_rest(r: np.record, last: int, clocks: int) -> int:
    """Look at the neurons up to the last, none of which spikes. Return the clocks."""
    n_left: int = last - r.neur256_cnt + 1
    n_clocks = min(clocks, n_left)
    r.neur256_cnt = min(r.neur256_cnt + n_clocks, last)
    r.state_evt = WAIT if n_clocks == n_left else CNT
    return n_clocks


@kernel
def _sweeps(r: np.record, m: Mems, n_spikes: int) -> None:
    """Run the sweeps of the first spikes that are listed."""
    n_words = (r.spi_num_rec_neur >> 1) + 1
    last_inp, last_rec = NOBODY, NOBODY
    traces = controller.traces_on(r, 0) or controller.traces_on(r, 1) or controller.traces_on(r, 2)
    sweep.read_potentials(r, m, 0, n_words)
    for k in range(n_spikes):
        if k == n_spikes - 1 and k > 0:
            sweep.write_potentials(m, n_words - 1, n_words)
            srams.load_pair(r, m.neurons, n_words - 1)
        n = m.lanes[0].neurs[k]
        inp_event, z = r.inp_events[n], r.neur_z[n]
        r.n_synaptic_operations += 2 * n_words * (inp_event + z)
        last_inp = n if inp_event else last_inp
        if z:
            last_rec = n
            output_neurons.add_word(r, m.wout, n)
            r.n_synaptic_operations += r.spi_num_out_neur + 1
        _stimulate(r, m, n, 2 * n_words, inp_event, z)
        if traces and n >> 1 < n_words:
            sweep.own_traces(r, m.neurons, n, inp_event, z)
        if k < n_spikes - 1:
            r.neur_z[n], r.inp_events[n] = 0, 0
    sweep.write_potentials(m, 0, n_words)
    group = (n_words - 1) // (N_WEIGHTS // 2)
    if last_inp != NOBODY:
        weights.load(r.winp_data_o, m.winp, last_inp << 4 | group)
    if last_rec != NOBODY:
        weights.load(r.wrec_data_o, m.wrec, last_rec << 4 | group)
        weights.load(r.wout_data_o, m.wout, last_rec)


@kernel
def _stimulate(r: np.record, m: Mems, n: int, n_neurs: int, inp_event: int, z: int) -> None:
    """Add the weights of neuron n to the first potentials."""
    lanes = m.lanes[0]
    if r.spi_noise_en:
        _stimulate_with_noise(r, m, n, n_neurs, inp_event, z)
    elif inp_event and z:
        add_rows(lanes.u, m.inp_rows[n], m.rec_rows[n], r.spi_fp_loc_winp, r.spi_fp_loc_wrec, 0, n_neurs)
    elif inp_event:
        add_row(lanes.u, m.inp_rows[n], r.spi_fp_loc_winp, 0, n_neurs)
    else:
        add_row(lanes.u, m.rec_rows[n], r.spi_fp_loc_wrec, 0, n_neurs)


@outlined
def _stimulate_with_noise(r: np.record, m: Mems, n: int, n_neurs: int, inp_event: int, z: int) -> None:
    sweep.draw_noise(r, m, 0, n_neurs >> 1)
    for i in range(n_neurs):
        w_inp = wide(m.inp_rows[n, i]) & weights.BYTE_MASK if inp_event else 0
        w_rec = wide(m.rec_rows[n, i]) & weights.BYTE_MASK if z else 0
        sweep.stimulate(r, m.lanes[0], i, w_inp, w_rec)
