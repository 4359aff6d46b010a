"""The states of the controllers of SNE's engine, with the names that they have in its SystemVerilog.

Source: the modules that emulator/sne/layout.py names beside the registers of these states.
"""

from __future__ import annotations

from enum import IntEnum


class PacketState(IntEnum):
    """The states of the router of packets."""

    RESET = 0
    OPEN_PKT = 1
    VERIFY_HEADER = 2
    ROUTE = 3
    CLOSE_PKT = 4
    ERROR = 5


class EntryState(IntEnum):
    """The states of the entry of weights."""

    INIT = 0
    RESUME = 1
    RUN = 2


class RouterState(IntEnum):
    """The states of the router of events."""

    RESET = 0
    FETCH_EVT = 1
    PROCESS_SPIKE = 2
    UPDATE_TIME = 3
    DONE = 4
    ERROR = 5


class RefreshState(IntEnum):
    """The states of the insertion of updates."""

    INIT = 0
    REFRESH_INSERT = 1
    ALLOW_NEW_EVT = 2


class SeqState(IntEnum):
    """The states of the sequence of all neurons."""

    INIT = 0
    RESUME = 1
    WAIT = 2
    RUN = 3
    STOP = 4


class OptState(IntEnum):
    """The states of the sequence around a spike."""

    INIT = 0
    WAIT = 1
    RUN = 2
    STOP = 3


class FcState(IntEnum):
    """The states of the sequence with weights."""

    INIT = 0
    RESUME = 1
    RUN = 2
    STOP = 3
    WAIT = 4


class KernelState(IntEnum):
    """The states of the side that writes kernels."""

    INIT = 0
    RUN = 1


class PassState(IntEnum):
    """The states of the way to the FIFOs: spikes pass at once, wait, or have just waited."""

    RUN = 0
    PAUSE = 1
    RESUME = 2


class MapperState(IntEnum):
    """The states of the mapper: it gives spikes to the FIFOs, nothing, or a timestep."""

    INIT = 0
    RUN = 1
    EXECUTE = 2
