"""The sweep of a spike over the recurrent neurons, as stretches run it: on potentials in the lanes."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, lfsr, lif, neuron_array, pair, srams
from draupnir.emulator.reckon.controller import CNT, SUPP, WAIT
from draupnir.emulator.reckon.layout import M
from draupnir.emulator.reckon.neuron_array import NOISE_LAG, NOISE_WIDTH
from draupnir.emulator.reckon.phases.lanes import short
from draupnir.emulator.reckon.srams import Mems

NEUR_MASK = (1 << M) - 1


@kernel
def read_potentials(r: np.record, m: Mems, first: int, end: int) -> None:
    """Copy the potentials of words first..end - 1, which are about to be written, to the lanes.

    A neuron that is not dirty has potential 0. The last word stays in the memory's output register.
    """
    srams.load_pair(r, m.neurons, end - 1)
    if not pair.are_dirty(r.neur_dirty, 2 * first, 2 * end):
        clean(r, m.neurons, first, end)
    pair.read_potentials(m.neurons, m.lanes[0].u, first, end)


@outlined
def clean(r: np.record, neurons: np.ndarray, first: int, end: int) -> None:
    """Write the zeros as which neurons that are not dirty count, and make them dirty."""
    for addr in range(first, end):
        even, odd = pair.half_at(neurons, addr, 0), pair.half_at(neurons, addr, 1)
        even = even if r.neur_dirty[2 * addr] else 0
        odd = odd if r.neur_dirty[2 * addr + 1] else 0
        pair.write_states(neurons, addr, even, odd)
        r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1


@kernel
def write_potentials(m: Mems, first: int, end: int) -> None:
    """Write the potentials of words first..end - 1 back to the neuron memory."""
    pair.write_potentials(m.neurons, m.lanes[0].u, first, end)


@kernel
def stimulate(r: np.record, lanes: np.record, i: int, w_inp: int, w_rec: int) -> None:
    """Add two weight bytes, and noise, to a potential in the lanes."""
    update = lif.synaptic_update(lif.scale(w_rec, r.spi_fp_loc_wrec), lif.scale(w_inp, r.spi_fp_loc_winp))
    lanes.u[i] = short(lif.integrate(wide(lanes.u[i]), update, lanes.noise[i] if r.spi_noise_en else 0))


@outlined
def draw_noise(r: np.record, m: Mems, first: int, end: int) -> None:
    """Draw the noise of the neurons of words first..end - 1 into the lanes."""
    for addr in range(first, end):
        m.lanes[0].noise[2 * addr], m.lanes[0].noise[2 * addr + 1] = neuron_array.noise(r, 0), neuron_array.noise(r, 1)
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)


@outlined
def own_traces(r: np.record, neurons: np.ndarray, n: int, inp_event: int, z: int) -> None:
    """Increase the traces of neuron n, which spikes."""
    even, odd = pair.half_at(neurons, n >> 1, 0), pair.half_at(neurons, n >> 1, 1)
    own = neuron_array.increase_traces(r, inp_event, z, odd if n & 1 else even)
    if n & 1:
        odd = odd & ~own.mask | own.state
    else:
        even = even & ~own.mask | own.state
    pair.write_states(neurons, n >> 1, even, odd)


@kernel
def end_sweep(r: np.record, n: int, inp_event: int) -> None:
    """End the sweep. The trace of an input neuron beyond the recurrent neurons may still have to be increased."""
    r.neur128x2_cnt = 0
    if inp_event and n > r.spi_num_rec_neur and controller.traces_on(r, 0):
        r.state_evt = SUPP  # the spikes are still needed
    else:
        end_event(r, n)


@kernel
def end_event(r: np.record, n: int) -> None:
    """End the event: go to the next neuron, or to state WAIT."""
    r.neur_z[n] = 0
    r.inp_events[n] = 0
    if n == controller.num_neur(r):
        r.state_evt = WAIT
    else:
        r.state_evt = CNT
        r.neur256_cnt = (n + 1) & NEUR_MASK
