"""The output event bus: a spike raises AEROUT_REQ; while the transaction lasts, the controller's counters stand still.

Source: tinyODIN doc v1.0, 2.2.2; aer_out.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.resets import resetter
from draupnir.emulator.tinyodin.layout import CHIP


@kernel
def clock(r: np.record, event: bool, addr: int, aerout_ack: int) -> None:
    """Rising edge; event : there is one to send, unless ACK is high; addr : its address.

    An event in mid-transaction takes the place of the one that is being sent.
    """
    ack = r.aerout_ack_sync
    if event and not ack:
        r.aerout_addr = addr
        r.aerout_req = 1
        r.aerout_ctrl_busy = 1
    elif ack:
        r.aerout_req = 0
        r.aerout_ctrl_busy = 1
    elif r.aerout_ack_sync_del:
        r.aerout_req = 0
        r.aerout_ctrl_busy = 0
    r.aerout_ack_sync_del = ack
    r.aerout_ack_sync = r.aerout_ack_sync_int
    r.aerout_ack_sync_int = aerout_ack


reset = resetter(CHIP.block("aer_out"))  # by RST, and for as long as the gate is closed
