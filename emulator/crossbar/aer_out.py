"""The output event bus: a spike raises AEROUT_REQ; while the transaction lasts, the controller's counters stand still.

This is all of tinyODIN's bus, and ODIN's in standard mode.

Source: ODIN doc v0.1, 2.2.2; tinyODIN doc v1.0, 2.2.2; aer_out.v of both.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.parts.handshake import Delays, Receiver, receive


@kernel
def send(r: np.record, event: bool, addr: int) -> None:
    """Rising edge, without the synchroniser; event : there is one to send, unless ACK is high; addr : its address.

    An event in mid-transaction takes the place of the one that is being sent.
    """
    if event and not r.aerout_ack_sync:
        r.aerout_addr = addr
        r.aerout_req = 1
        r.aerout_ctrl_busy = 1
    elif r.aerout_ack_sync:
        r.aerout_req = 0
        r.aerout_ctrl_busy = 1
    elif r.aerout_ack_sync_del:
        r.aerout_req = 0
        r.aerout_ctrl_busy = 0


@kernel
def synchronise(r: np.record, aerout_ack: int) -> None:
    """Rising edge of AEROUT_ACK's synchroniser."""
    r.aerout_ack_sync_del = r.aerout_ack_sync
    r.aerout_ack_sync = r.aerout_ack_sync_int
    r.aerout_ack_sync_int = aerout_ack


@kernel
def clock(r: np.record, event: bool, addr: int, aerout_ack: int) -> None:
    """Rising edge; see ``send``."""
    send(r, event, addr)
    synchronise(r, aerout_ack)


@kernel
def is_idle(r: np.record) -> bool:
    """No transaction is under way."""
    ack = r.aerout_ack_sync_int | r.aerout_ack_sync | r.aerout_ack_sync_del
    return (ack | r.aerout_req | r.aerout_ctrl_busy) == 0


@entry
def stall_clocks(r: np.record, delays: Delays) -> int:
    """Clocks for which one spike keeps the controller's counters still.

    r : a copy of the chip's registers with the bus idle, in which this is tried out
    """
    clock(r, True, 0, 0)
    receiver = Receiver(0, delays.ack_delay)
    clocks = 0
    while r.aerout_ctrl_busy:
        receiver = receive(receiver, delays, r.aerout_req)
        clock(r, False, 0, receiver.ack)
        clocks += 1
    return clocks
