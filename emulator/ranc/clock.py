"""The two edges of a clock of the whole grid, and its outputs.

At a rise every block reads what the last fall wrote, and at a fall what the last rise wrote. So the order of the cores
has no effect, and within a core only registers of the same edge need care.

Source: RANCNetworkGrid.v, Core.v, OutputBus.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import position
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.ranc import core, router
from draupnir.emulator.ranc.layout import CHIP, CORE_PROBES, N_BUFFERS
from draupnir.emulator.ranc.state import Ranc

RST, TICK, EMPTY = (position(CHIP.input_word[name]) for name in ("rst", "tick", "input_buffer_empty"))
FIRST_PROBE, N_CORE_PROBES, N_ROUTER_PROBES = len(CHIP.outputs), len(CORE_PROBES), 2 + N_BUFFERS
PACKET_SHIFT = CHIP.input_word["packet_in"].lsb  # the packet has all bits from here on, in every size


@outlined
def begin(chip: Ranc) -> None:
    """Derive anew what the edges need to be fast, because the caller may have changed the state."""
    d = chip.derived
    for n in range(chip.sizes.n_routers):
        d.active[n] = router.is_active(chip.routers, n)
    d.fresh[:], d.changed_cores[:], d.changed_routers[:] = 0, 1, 1


# --- Edges ----------------------------------------------------------------------------------------------------------


@outlined
def rise(chip: Ranc) -> None:
    """Rising edge of clk. A router without a packet, and a core that is idle, are left out."""
    s, c, r, d = chip.sizes, chip.cores, chip.routers, chip.derived
    rst, tick = field(chip.inputs[0], RST), field(chip.inputs[0], TICK)
    for n in range(s.n_routers):
        k = n - int(n > s.output)
        spike, packet, full = 0, 0, False
        if n != s.output:
            spike, full = c.spike_out[k], router.is_full_at_core(r, s, n)
            packet = core.packet_of(c, chip.places, k) if spike else 0
        if rst | d.active[n] | spike:
            if rst:
                router.reset_buffers(r, n)
            else:
                router.rise(r, s, chip.wiring, n, spike, packet)
            d.active[n], d.changed_routers[n] = router.is_active(r, n), 1
        if n != s.output:
            if s.late_full:
                full = router.is_full_at_core(r, s, n)
            _rise_core(chip, k, n, rst, tick, full)


@kernel
def _rise_core(chip: Ranc, k: int, n: int, rst: int, tick: int, full: bool) -> None:
    """Rising edge of core ``k``, whose router is ``n``; full : a buffer behind the core is full"""
    s, c, r, d = chip.sizes, chip.cores, chip.routers, chip.derived
    state, error, clear = c.state[k], c.error[k], rst | c.scheduler_clr[k]
    if clear | tick | int(state != core.IDLE):
        core.rise(c, s, chip.places, k, rst, tick, full)
        if state != core.SPIKE_IN or c.state[k] != state or c.error[k] != error or rst:
            d.changed_cores[k] = 1
        if state in (core.SET, core.CHECK):
            d.fresh[k] = 0
    if clear | r.wen[n, router.LOCAL]:
        core.rise_sram(c, s, k, clear, r.wen[n, router.LOCAL], r.merge_dout[n, router.LOCAL])


@outlined
def fall(chip: Ranc) -> None:
    """Falling edge of clk. A router without a packet in it or beside it, and a core that is idle, are left out."""
    s, r, d = chip.sizes, chip.routers, chip.derived
    inputs = chip.inputs[0]
    rst, empty, packet_in = field(inputs, RST), field(inputs, EMPTY), inputs >> PACKET_SHIFT
    for n in range(s.n_routers):
        if n != s.output:
            _fall_core(chip, n - int(n > s.output))
        if rst:
            router.reset_merges(r, n)
        elif router.is_near_packet(d.active, chip.wiring, n, empty):
            router.fall(r, s, chip.wiring, n, empty, packet_in)
        else:
            continue
        d.active[n], d.changed_routers[n] = router.is_active(r, n), 1


@kernel
def _fall_core(chip: Ranc, k: int) -> None:
    """Falling edge of core ``k``."""
    c, d = chip.cores, chip.derived
    moves = c.neuron_reg_en[k] | c.scheduler_set[k] | (1 - d.fresh[k])
    if moves | c.csram_write[k] | c.row_count[k] | int(c.state[k] != core.IDLE):
        core.fall(c, chip.sizes, chip.places, k, d.fresh[k])
        d.fresh[k] = 1 - c.csram_write[k]
        d.changed_cores[k] |= moves


# --- Outputs --------------------------------------------------------------------------------------------------------


@kernel
def _show(row: np.ndarray, places: np.ndarray, i: int, content: int) -> int:
    """Write output pin or probe ``i`` into a row, and return the number of the next one."""
    word, shift = places[i, 0], places[i, 1]
    row[word] = row[word] & ~(places[i, 2] << shift) | content << shift
    return i + 1


@outlined
def outputs(chip: Ranc, places: np.ndarray) -> None:
    """Bring the row of output pins and probes up to date.

    places : (n, 3) int64, integer, shift and mask of each output pin and probe, in the order of the declaration
    """
    s, c, r, d, row = chip.sizes, chip.cores, chip.routers, chip.derived, chip.derived.row
    n_cores, n_changed, error = s.n_routers - 1, 0, 0
    for k in range(n_cores):
        error |= c.error[k]
        if d.changed_cores[k]:
            n_changed += 1
            d.changed_cores[k] = 0
            _show_core(chip, places, FIRST_PROBE + N_CORE_PROBES * k, k)
    for n in range(s.n_routers):
        if d.changed_routers[n]:
            n_changed += 1
            d.changed_routers[n] = 0
            i = FIRST_PROBE + N_CORE_PROBES * n_cores + N_ROUTER_PROBES * n
            i = _show(row, places, i, r.merge_dout[n, router.LOCAL])
            i = _show(row, places, i, r.wen[n, router.LOCAL])
            for buffer in range(router.N_ALL_BUFFERS):
                i = _show(row, places, i, r.status_counter[n, buffer])
    if n_changed:
        to_output = r.merge_dout[s.output, router.LOCAL] >> s.tick_width & ((1 << s.output_width) - 1)
        i = _show(row, places, 0, to_output)
        i = _show(row, places, i, r.wen[s.output, router.LOCAL])
        i = _show(row, places, i, r.read_en[0, router.EAST_ROUTING])
        _show(row, places, i, error)  # scheduler_error, the next pin, is always 0


@kernel
def _show_core(chip: Ranc, places: np.ndarray, i: int, k: int) -> None:
    """Write the probes of core ``k``, of which ``i`` is the first."""
    c, row = chip.cores, chip.derived.row
    i = _show(row, places, i, c.state[k])
    i = _show(row, places, i, c.csram_addr[k])
    i = _show(row, places, i, core.next_potential(c, chip.sizes, chip.places, k))
    i = _show(row, places, i, c.csram_write[k])
    i = _show(row, places, i, c.spike_out[k])
    i = _show(row, places, i, c.scheduler_clr[k])
    i = _show(row, places, i, c.read_address[k])
    _show(row, places, i, c.error[k])
