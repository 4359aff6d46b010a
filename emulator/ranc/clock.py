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
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.state import Ranc

RST, TICK, EMPTY = (position(CHIP.input_word[name]) for name in ("rst", "tick", "input_buffer_empty"))
FIRST_PROBE, N_CORE_PROBES, N_ROUTER_PROBES = len(CHIP.outputs), len(CORE_PROBES), 2 + N_BUFFERS
PACKET_OUT, VALID, REN, ERROR = (
    [pin.name for pin in CHIP.outputs].index(name)
    for name in ("packet_out", "packet_out_valid", "ren_to_input_buffer", "token_controller_error")
)
PACKET_SHIFT = CHIP.input_word["packet_in"].lsb  # the packet has all bits from here on, in every size


@outlined
def begin(chip: Ranc) -> None:
    """Derive anew what the edges need to be fast, because the caller may have changed the state."""
    d = chip.derived
    for n in range(chip.sizes.n_routers):
        router.mark(chip.mesh, n)
    d.fresh[:], d.changed_cores[:], d.changed_routers[:] = 0, 1, 1


# --- Edges ----------------------------------------------------------------------------------------------------------


@outlined
def rise(chip: Ranc) -> None:
    """Rising edge of clk. A router without a packet, and a core that is idle, are left out."""
    rst, tick = field(chip.inputs[0], RST), field(chip.inputs[0], TICK)
    for n in range(chip.sizes.n_routers):
        rise_place(chip, n, rst, tick, n != chip.sizes.output)


@kernel
def rise_place(chip: Ranc, n: int, rst: int, tick: int, has_core: bool) -> None:
    """Rising edge of router ``n``, and of its core if it has one that takes part."""
    if not has_core:
        rise_router(chip, n, rst, 0, 0)
        return
    k = core_of(chip.sizes, n)
    spike = chip.cores.spike_out[k]
    packet = core.packet_of(chip.cores, chip.places, k) if spike else 0
    full = rise_behind_core(chip, n, rst, spike, packet)
    rise_core(chip, k, n, rst, tick, full)


@kernel
def rise_behind_core(chip: Ranc, n: int, rst: int, spike: int, packet: int) -> bool:
    """Rising edge of the router of a core. Returns True if a buffer behind the core is full when the core looks."""
    full = router.is_full_at_core(chip.mesh, n)
    rise_router(chip, n, rst, spike, packet)
    return router.is_full_at_core(chip.mesh, n) if chip.sizes.late_full else full


@kernel
def core_of(s: Sizes, n: int) -> int:
    """Return the number of the core at router ``n``, which is not the output bus."""
    return n - int(n > s.output)


@kernel
def router_of(s: Sizes, k: int) -> int:
    """Return the number of the router of core ``k``."""
    return k + int(k >= s.output)


@kernel
def rise_router(chip: Ranc, n: int, rst: int, spike: int, packet: int) -> None:
    """Rising edge of router ``n``; spike : 1 if its core sends this packet"""
    if rst or spike or router.is_active(chip.mesh, n):
        if rst:
            router.reset_buffers(chip.mesh, n)
        else:
            router.rise(chip.mesh, n, spike, packet)
        chip.derived.changed_routers[n] = 1


@kernel
def rise_core(chip: Ranc, k: int, n: int, rst: int, tick: int, full: bool) -> None:
    """Rising edge of core ``k``, whose router is ``n``; full : a buffer behind the core is full"""
    s, c, r, d = chip.sizes, chip.cores, chip.mesh.routers, chip.derived
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
    s = chip.sizes
    for n in range(s.n_routers):
        if n != s.output:
            fall_core(chip, core_of(s, n))
        fall_router(chip, n)


@kernel
def fall_router(chip: Ranc, n: int) -> None:
    """Falling edge of router ``n``."""
    inputs, changes = chip.inputs[0], chip.derived.changed_routers
    if field(inputs, RST):
        router.reset_merges(chip.mesh, n)
        changes[n] = 1
    elif router.fall(chip.mesh, n, field(inputs, EMPTY), inputs >> PACKET_SHIFT):
        changes[n] = 1


@kernel
def fall_core(chip: Ranc, k: int) -> None:
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
    s, r, d, row = chip.sizes, chip.mesh.routers, chip.derived, chip.derived.row
    n_cores, n_changed = s.n_routers - 1, 0
    for k in range(n_cores):
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
        row[0] = row[0] & ~pins_mask(places) | pins_of(chip, places)


@kernel
def pins_mask(places: np.ndarray) -> int:
    """Return the mask of the output pins in the first integer of a row, without the probes."""
    mask: int = (1 << places[FIRST_PROBE, 1]) - 1
    return mask


@kernel
def pins_of(chip: Ranc, places: np.ndarray) -> int:
    """Return the output pins, which are the lowest bits of a row; scheduler_error, the last one, is always 0."""
    s, c, r = chip.sizes, chip.cores, chip.mesh.routers
    error = 0
    for k in range(s.n_routers - 1):
        error |= c.error[k]
    to_output = r.merge_dout[s.output, router.LOCAL] >> s.tick_width & places[PACKET_OUT, 2]
    pins: int = to_output << places[PACKET_OUT, 1] | r.wen[s.output, router.LOCAL] << places[VALID, 1]
    return pins | r.read_en[0, router.EAST_ROUTING] << places[REN, 1] | error << places[ERROR, 1]


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
