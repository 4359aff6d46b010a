"""A router: its buffers, which act at the rise of clk, and its merges, which act at the fall.

A merge raises a read enable at a fall, the buffer shows the packet at the next rise, and at the next fall the merge
passes the packet on. So a merge takes a packet every second clock at most.

Source: Router.v, Buffer.v, Merge2.v, Merge3.v, FromLocal.v, ForwardEastWest.v, ForwardNorthSouth.v, LocalIn.v,
PathDecoder2Way.v, PathDecoder3Way.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import is_negative, wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.ranc.layout import SOURCES, Buffer, Merge
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.state import INPUT, Routers, Wiring

LOCAL_EAST, LOCAL_WEST = int(Buffer.LOCAL_EAST), int(Buffer.LOCAL_WEST)
EAST, WEST, NORTH, SOUTH, LOCAL = (int(merge) for merge in Merge)
N_ALL_BUFFERS, N_ALL_MERGES = len(Buffer), len(Merge)
EAST_ROUTING = int(Buffer.EAST_ROUTING)
FIRST = (*(int(sources[0]) for sources in SOURCES.values()), N_ALL_BUFFERS)  # the buffers from which a merge reads
NONE = -1
# The buffers into which a merge writes: of the same direction, to the north, to the south, into the core.
ROUTING = (int(Buffer.EAST_ROUTING), int(Buffer.WEST_ROUTING), int(Buffer.NORTH_ROUTING), int(Buffer.SOUTH_ROUTING))
TO_NORTH = (int(Buffer.EAST_NORTH), int(Buffer.WEST_NORTH))
TO_SOUTH = (int(Buffer.EAST_SOUTH), int(Buffer.WEST_SOUTH))
TO_LOCAL = (NONE, NONE, int(Buffer.NORTH_LOCAL), int(Buffer.SOUTH_LOCAL))
STEP = (-1, 1, -1, 1)  # the change of a distance on the way to the next router


@kernel
def is_empty(r: Routers, n: int, buffer: int) -> bool:
    """Return the wire ``empty`` of a buffer."""
    return r.status_counter[n, buffer] == 0


@kernel
def is_full(r: Routers, s: Sizes, n: int, buffer: int) -> bool:
    """Return the wire ``full`` of a buffer."""
    return r.status_counter[n, buffer] == s.depth


@kernel
def is_active(r: Routers, n: int) -> int:
    """Return 1 if a buffer has a packet, or a merge reads or writes; else 0, and then no edge changes the router."""
    activity = 0
    for buffer in range(N_ALL_BUFFERS):
        activity |= r.status_counter[n, buffer] | r.read_en[n, buffer]
    for merge in range(N_ALL_MERGES):
        activity |= r.wen[n, merge]
    return int(activity != 0)


@kernel
def is_near_packet(active: np.ndarray, w: Wiring, n: int, input_empty: int) -> bool:
    """Return True if there is a packet in a router, in one beside it, or at its input.

    active : (n_routers,) int64, of ``is_active``
    """
    if active[n]:
        return True
    for buffer in ROUTING:  # each comes from another side
        source = w.sources[n, buffer]
        if (source >= 0 and active[source]) or (source == INPUT and not input_empty):
            return True
    return False


@kernel
def is_full_at_core(r: Routers, s: Sizes, n: int) -> bool:
    """Return the wire local_buffers_full: one of the two buffers behind the core is full."""
    return is_full(r, s, n, LOCAL_EAST) or is_full(r, s, n, LOCAL_WEST)


@kernel
def is_full_behind(r: Routers, s: Sizes, n: int, merge: int) -> bool:
    """Return True if one of the buffers into which a merge writes is full; the local merge writes into none."""
    if merge == LOCAL:
        return False
    if is_full(r, s, n, ROUTING[merge]):
        return True
    if merge >= NORTH:
        return is_full(r, s, n, TO_LOCAL[merge])
    return is_full(r, s, n, TO_NORTH[merge]) or is_full(r, s, n, TO_SOUTH[merge])


# --- Rise -----------------------------------------------------------------------------------------------------------


@kernel
def reset_buffers(r: Routers, n: int) -> None:
    """Reset all buffers of a router; of the entries only the first one becomes 0."""
    for buffer in range(N_ALL_BUFFERS):
        r.entries[n, buffer, 0] = 0
        r.read_pointer[n, buffer], r.write_pointer[n, buffer] = 0, 0
        r.status_counter[n, buffer], r.output_data[n, buffer] = 0, 0


@kernel
def _decoded(s: Sizes, merge: int, packet: int) -> tuple[int, int]:
    """Return the buffer into which a merge writes a packet, and the packet as it is then."""
    lsb, width = (s.dx_lsb, s.dx_width) if merge < NORTH else (s.dy_lsb, s.dy_width)
    distance, rest = packet >> lsb, packet & ((1 << lsb) - 1)
    if distance != 0:
        return ROUTING[merge], wrap(distance + STEP[merge], width) << lsb | rest
    if merge >= NORTH:
        return TO_LOCAL[merge], rest
    return (TO_SOUTH[merge] if is_negative(rest >> s.dy_lsb, s.dy_width) else TO_NORTH[merge]), rest


@kernel
def rise(r: Routers, s: Sizes, w: Wiring, n: int, spike: int, own_packet: int) -> None:
    """Rising edge of a router's buffers. A write and a read in one clock both look at the count from before.

    spike : 1 if the core sends a packet; own_packet : this packet
    """
    pushes = 0
    for writer in range(LOCAL + 1):  # the last one is the core, since the local merge writes into no buffer
        if not (spike if writer == LOCAL else r.wen[n, writer]):
            continue
        if writer == LOCAL:
            packet = own_packet
            buffer = LOCAL_WEST if is_negative(own_packet >> s.dx_lsb, s.dx_width) else LOCAL_EAST
        else:
            buffer, packet = _decoded(s, writer, r.merge_dout[n, writer])
        if not is_full(r, s, n, buffer):
            pointer = r.write_pointer[n, buffer]
            r.entries[n, buffer, pointer] = packet
            r.write_pointer[n, buffer] = (pointer + 1) & (s.depth - 1)
            r.status_counter[n, buffer] += 1
            pushes |= 1 << buffer
    for buffer in range(N_ALL_BUFFERS):
        if r.status_counter[n, buffer] == pushes >> buffer & 1:
            continue
        reader = w.readers[n, buffer]
        if reader >= 0 and r.read_en[reader, buffer]:
            pointer = r.read_pointer[n, buffer]
            r.output_data[n, buffer] = r.entries[n, buffer, pointer]
            r.read_pointer[n, buffer] = (pointer + 1) & (s.depth - 1)
            r.status_counter[n, buffer] -= 1


# --- Fall -----------------------------------------------------------------------------------------------------------


@kernel
def reset_merges(r: Routers, n: int) -> None:
    """Reset all merges of a router."""
    for merge in range(N_ALL_MERGES):
        r.merge_dout[n, merge], r.wen[n, merge] = 0, 0
    for buffer in range(N_ALL_BUFFERS):
        r.read_en[n, buffer] = 0


@kernel
def _reading(r: Routers, n: int, merge: int) -> int:
    """Return the first buffer that a merge reads at present, or NONE."""
    for buffer in range(FIRST[merge], FIRST[merge + 1]):
        if r.read_en[n, buffer]:
            return buffer
    return NONE


@kernel
def _offered(r: Routers, w: Wiring, n: int, merge: int, input_empty: int) -> int:
    """Return the first buffer from which a merge can read, or NONE."""
    for buffer in range(FIRST[merge], FIRST[merge + 1]):
        source = w.sources[n, buffer]
        if (source >= 0 and not is_empty(r, source, buffer)) or (source == INPUT and not input_empty):
            return buffer
    return NONE


@kernel
def fall(r: Routers, s: Sizes, w: Wiring, n: int, input_empty: int, packet_in: int) -> None:
    """Falling edge of a router's merges, which read buffers. A merge stands still while a buffer behind it is full."""
    for merge in range(N_ALL_MERGES):
        if is_full_behind(r, s, n, merge):
            continue
        buffer = _reading(r, n, merge)
        if buffer == NONE:
            r.wen[n, merge] = 0
            buffer = _offered(r, w, n, merge, input_empty)
            if buffer != NONE:
                r.read_en[n, buffer] = 1
            continue
        source = w.sources[n, buffer]
        r.wen[n, merge] = 1
        r.merge_dout[n, merge] = packet_in if source == INPUT else r.output_data[source, buffer] if source >= 0 else 0
        r.read_en[n, buffer] = 0
        if merge not in (NORTH, SOUTH):  # a merge of two clears both of its read enables
            r.read_en[n, FIRST[merge]], r.read_en[n, FIRST[merge] + 1] = 0, 0
