"""The output event bus: a spike raises AEROUT_REQ; while the transaction lasts, the controller's counters stand still.

This is all of tinyODIN's bus, and ODIN's in standard mode.

Source: ODIN doc v0.1, 2.2.2; tinyODIN doc v1.0, 2.2.2; aer_out.v of both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.crossbar.layout import AER_OUT
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.handshake import Delays, Receiver, receive
from draupnir.emulator.resets import resetter


class OutputEvent(NamedTuple):
    """An event that may go out in this clock: whether there is one, and the neuron that is its address."""

    event: bool
    addr: int


NO_EVENT = OutputEvent(False, 0)


@kernel
def output_event(r: np.record, spikes: bool, neur: int, processed: bool, pre: int) -> OutputEvent:
    """The neuron's spike as it is written, or, with SPI_AER_SRC_CTRL_nNEUR, as the controller has processed it.

    spikes : the neuron that is written, ``neur``, spikes; processed : the controller pops the spike of neuron ``pre``
    """
    return OutputEvent(processed, pre) if r.spi_aer_src_ctrl_nneur else OutputEvent(spikes, neur)


@kernel
def send(r: np.record, out: OutputEvent) -> None:
    """Rising edge, without the synchroniser; an event is lost while ACK is high.

    One in mid-transaction takes the place of the one that is being sent.
    """
    if out.event and not r.aerout_ack_sync:
        r.aerout_addr = out.addr
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
def clock(r: np.record, out: OutputEvent, aerout_ack: int) -> None:
    """Rising edge; see ``send``."""
    send(r, out)
    synchronise(r, aerout_ack)


reset = resetter(AER_OUT)  # by RST, and for as long as the gate is closed


@kernel
def is_idle(r: np.record) -> bool:
    """No transaction is under way."""
    ack = r.aerout_ack_sync_int | r.aerout_ack_sync | r.aerout_ack_sync_del
    return (ack | r.aerout_req | r.aerout_ctrl_busy) == 0


@kernel
def stall_clocks(r: np.record, delays: Delays) -> int:
    """Clocks for which one spike keeps the controller's counters still.

    r : registers with the bus idle, in which this is tried out
    """
    clock(r, OutputEvent(True, 0), 0)
    receiver = Receiver(0, delays.ack_delay)
    clocks = 0
    while r.aerout_ctrl_busy:
        receiver = receive(receiver, delays, r.aerout_req)
        clock(r, NO_EVENT, receiver.ack)
        clocks += 1
    return clocks
