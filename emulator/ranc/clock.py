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
from draupnir.emulator.ranc.layout import CHIP
from draupnir.emulator.ranc.state import Ranc

RST, TICK, EMPTY = (position(CHIP.input_word[name]) for name in ("rst", "tick", "input_buffer_empty"))
PACKET_SHIFT = CHIP.input_word["packet_in"].lsb  # the packet has all bits from here on, in every size


@outlined
def rise(chip: Ranc) -> None:
    """Rising edge of clk."""
    s, c, r = chip.sizes, chip.cores, chip.routers
    rst, tick = field(chip.inputs[0], RST), field(chip.inputs[0], TICK)
    for n in range(s.n_routers):
        k = n - int(n > s.output)
        spike, packet, full = 0, 0, False
        if n != s.output:
            spike, packet, full = c.spike_out[k], core.packet_of(c, chip.places, k), router.is_full_at_core(r, s, n)
        if rst:
            router.reset_buffers(r, n)
        else:
            router.rise(r, s, chip.wiring, n, spike, packet)
        if n != s.output:
            clear = rst | c.scheduler_clr[k]
            if s.late_full:
                full = router.is_full_at_core(r, s, n)
            core.rise(c, s, chip.places, k, rst, tick, full)
            core.rise_sram(c, s, k, clear, r.wen[n, router.LOCAL], r.merge_dout[n, router.LOCAL])


@outlined
def fall(chip: Ranc) -> None:
    """Falling edge of clk."""
    s, r = chip.sizes, chip.routers
    inputs = chip.inputs[0]
    rst, empty, packet_in = field(inputs, RST), field(inputs, EMPTY), inputs >> PACKET_SHIFT
    for n in range(s.n_routers):
        if n != s.output:
            core.fall(chip.cores, s, chip.places, n - int(n > s.output))
        if rst:
            router.reset_merges(r, n)
        else:
            router.fall(r, s, chip.wiring, n, empty, packet_in)


@kernel
def _show(row: np.ndarray, places: np.ndarray, i: int, content: int) -> int:
    """Write output pin or probe ``i`` into a row in which it is 0, and return the number of the next one."""
    row[places[i, 0]] |= content << places[i, 1]
    return i + 1


@outlined
def outputs(chip: Ranc, places: np.ndarray, row: np.ndarray) -> None:
    """Write the output pins and the probes into a row, in which all bits are 0 before.

    places : (n, 2) int64, integer and shift of each output pin and probe, in the order of the declaration
    """
    s, c, r = chip.sizes, chip.cores, chip.routers
    to_output = r.merge_dout[s.output, router.LOCAL] >> s.tick_width & ((1 << s.output_width) - 1)
    error = 0
    for k in range(s.n_routers - 1):
        error |= c.error[k]
    i = _show(row, places, 0, to_output)
    i = _show(row, places, i, r.wen[s.output, router.LOCAL])
    i = _show(row, places, i, r.read_en[0, router.EAST_ROUTING])
    i = _show(row, places, i, error) + 1  # scheduler_error is always 0
    for k in range(s.n_routers - 1):
        i = _show(row, places, i, c.state[k])
        i = _show(row, places, i, c.csram_addr[k])
        i = _show(row, places, i, core.next_potential(c, s, chip.places, k))
        i = _show(row, places, i, c.csram_write[k])
        i = _show(row, places, i, c.spike_out[k])
        i = _show(row, places, i, c.scheduler_clr[k])
        i = _show(row, places, i, c.read_address[k])
        i = _show(row, places, i, c.error[k])
    for n in range(s.n_routers):
        i = _show(row, places, i, r.merge_dout[n, router.LOCAL])
        i = _show(row, places, i, r.wen[n, router.LOCAL])
        for buffer in range(router.N_ALL_BUFFERS):
            i = _show(row, places, i, r.status_counter[n, buffer])
