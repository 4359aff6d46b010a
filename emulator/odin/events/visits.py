"""The neurons that an event of ODIN visits: their row of synapses, themselves, and who spikes.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.crossbar.fire import firer
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.layout import N
from draupnir.emulator.odin.planes import izh, lif, memories, record, sweep
from draupnir.emulator.odin.spi import SYN_SIGN_BITS
from draupnir.emulator.odin.visit import is_undisturbed
from draupnir.emulator.parts.handshake import Delays, Receiver

EVENT_CLOCKS = 2 * N  # of an event that visits all neurons

# --- When -------------------------------------------------------------------------------------------------------


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does and the turn's moving on."""
    if receiver.ack == 1 or receiver.wait != delays.ack_delay:
        return False
    return is_undisturbed(r) and scheduler.is_orderly(r)


# --- Row and neurons --------------------------------------------------------------------------------------------


@kernel
def row(ws: Workspace, synapses: np.ndarray, pre: int) -> None:
    """Have the row in its planes; the synapse memory's output register will show its last word as it is read."""
    if ws.cells.row_here[pre] == 0:
        memories.load_row(ws.cells, synapses, pre)
    memories.keep_last_synapses(ws.cells, pre)


@kernel
def stimulate(r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, pre: int) -> None:
    """A spike event's row of synapses, and all neurons."""
    p = ws.cells
    syn_sign = bit(r.spi_syn_sign[pre // SYN_SIGN_BITS], pre % SYN_SIGN_BITS)
    memories.keep_last_neuron(p, neurons)
    sweep.plastic_row(p, pre, r.spi_propagate_unmapped_syn, r.spi_update_unmapped_syn)
    if p.any_lif:
        lif.stimulate_lif(p, syn_sign)
    if p.any_izh:
        izh.stimulate_izh(p, syn_sign)


fire = firer(scheduler, record)
