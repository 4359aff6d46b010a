"""A router: its buffers, which act at the rise of clk, and its merges, which act at the fall.

A merge raises a read enable at a fall, the buffer shows the packet at the next rise, and at the next fall the merge
passes the packet on. So a merge takes a packet every second clock at most.

Source: Router.v, Buffer.v, Merge2.v, Merge3.v, FromLocal.v, ForwardEastWest.v, ForwardNorthSouth.v, LocalIn.v,
PathDecoder2Way.v, PathDecoder3Way.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import is_negative, wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.ranc.layout import SOURCES, Buffer, Merge
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.state import INPUT, Mesh

LOCAL_EAST, LOCAL_WEST = int(Buffer.LOCAL_EAST), int(Buffer.LOCAL_WEST)
EAST, WEST, NORTH, SOUTH, LOCAL = (int(merge) for merge in Merge)
N_ALL_BUFFERS, N_ALL_MERGES = len(Buffer), len(Merge)
EAST_ROUTING = int(Buffer.EAST_ROUTING)
FIRST = (*(int(sources[0]) for sources in SOURCES.values()), N_ALL_BUFFERS)  # the buffers from which a merge reads
# The buffers into which a merge writes: of the same direction, to the north, to the south, into the core.
ROUTING = (int(Buffer.EAST_ROUTING), int(Buffer.WEST_ROUTING), int(Buffer.NORTH_ROUTING), int(Buffer.SOUTH_ROUTING))
TO_NORTH = (int(Buffer.EAST_NORTH), int(Buffer.WEST_NORTH))
TO_SOUTH = (int(Buffer.EAST_SOUTH), int(Buffer.WEST_SOUTH))
TO_LOCAL = (int(Buffer.NORTH_LOCAL), int(Buffer.SOUTH_LOCAL))  # of the merges to the north and to the south
STEP = (-1, 1, -1, 1)  # the change of a distance on the way to the next router

# The same as masks, a bit for each buffer.
READS = tuple(sum(1 << int(buffer) for buffer in sources) for sources in SOURCES.values())
BESIDE = sum(1 << buffer for buffer in ROUTING)  # a merge reads these in the router beside it
WITHIN = (1 << N_ALL_BUFFERS) - 1 - BESIDE
WRITERS = (1 << LOCAL) - 1  # the local merge writes into no buffer
BEHIND_CORE = 1 << LOCAL_EAST | 1 << LOCAL_WEST
BEHIND = (
    *(1 << ROUTING[merge] | 1 << TO_NORTH[merge] | 1 << TO_SOUTH[merge] for merge in (EAST, WEST)),
    *(1 << ROUTING[merge] | 1 << TO_LOCAL[merge - NORTH] for merge in (NORTH, SOUTH)),
    0,  # the local merge writes into no buffer
)


@kernel
def mark(m: Mesh, n: int) -> None:
    """Derive the marks of a router from its registers."""
    r, marks = m.routers, m.marks
    marks.packets[n], marks.full[n], marks.reads[n], marks.writes[n] = 0, 0, 0, 0
    for buffer in range(N_ALL_BUFFERS):
        marks.packets[n] |= int(r.status_counter[n, buffer] != 0) << buffer
        marks.full[n] |= int(r.status_counter[n, buffer] == m.sizes.depth) << buffer
        marks.reads[n] |= r.read_en[n, buffer] << buffer
    for merge in range(N_ALL_MERGES):
        marks.writes[n] |= r.wen[n, merge] << merge


@kernel
def is_active(m: Mesh, n: int) -> bool:
    """Return True if a buffer has a packet, or a merge reads or writes; else no edge changes the router by itself."""
    return m.marks.packets[n] | m.marks.reads[n] | m.marks.writes[n] != 0


@kernel
def is_full_at_core(m: Mesh, n: int) -> bool:
    """Return the wire local_buffers_full: one of the two buffers behind the core is full."""
    return m.marks.full[n] & BEHIND_CORE != 0


# --- Rise -----------------------------------------------------------------------------------------------------------


@kernel
def reset_buffers(m: Mesh, n: int) -> None:
    """Reset all buffers of a router; of the entries only the first one becomes 0."""
    r = m.routers
    for buffer in range(N_ALL_BUFFERS):
        r.entries[n, buffer, 0] = 0
        r.read_pointer[n, buffer], r.write_pointer[n, buffer] = 0, 0
        r.status_counter[n, buffer], r.output_data[n, buffer] = 0, 0
    m.marks.packets[n], m.marks.full[n] = 0, 0


@kernel
def _decoded(s: Sizes, merge: int, packet: int) -> tuple[int, int]:
    """Return the buffer into which a merge writes a packet, and the packet as it is then."""
    lsb, width = (s.dx_lsb, s.dx_width) if merge < NORTH else (s.dy_lsb, s.dy_width)
    distance, rest = packet >> lsb, packet & ((1 << lsb) - 1)
    if distance != 0:
        return ROUTING[merge], wrap(distance + STEP[merge], width) << lsb | rest
    if merge >= NORTH:
        return TO_LOCAL[merge - NORTH], rest
    return (TO_SOUTH[merge] if is_negative(rest >> s.dy_lsb, s.dy_width) else TO_NORTH[merge]), rest


@kernel
def rise(m: Mesh, n: int, spike: int, own_packet: int) -> None:
    """Rising edge of a router's buffers. A write and a read in one clock both look at the count from before.

    spike : 1 if the core sends a packet; own_packet : this packet
    """
    reads, writes = _reads_of(m, n), m.marks.writes[n]
    if writes & WRITERS:
        for merge in range(LOCAL):
            if writes >> merge & 1:
                buffer, packet = _decoded(m.sizes, merge, m.routers.merge_dout[n, merge])
                _write(m, n, buffer, packet)
    if spike:
        is_west = is_negative(own_packet >> m.sizes.dx_lsb, m.sizes.dx_width)
        _write(m, n, LOCAL_WEST if is_west else LOCAL_EAST, own_packet)
    buffer = 0
    while reads >> buffer:
        if reads >> buffer & 1:
            _read(m, n, buffer)
        buffer += 1


@kernel
def _reads_of(m: Mesh, n: int) -> int:
    """Return the buffers of a router that have a packet, and whose merge reads it, a bit each."""
    packets = m.marks.packets[n]
    reads: int = packets & m.marks.reads[n] & WITHIN
    if packets & BESIDE:
        for buffer in ROUTING:
            reader = m.wiring.readers[n, buffer]
            if reader >= 0:
                reads |= packets & m.marks.reads[reader] & 1 << buffer
    return reads


@kernel
def _write(m: Mesh, n: int, buffer: int, packet: int) -> None:
    """Write a packet into a buffer; one that is full loses it."""
    r = m.routers
    if not m.marks.full[n] >> buffer & 1:
        pointer = r.write_pointer[n, buffer]
        r.entries[n, buffer, pointer] = packet
        r.write_pointer[n, buffer] = (pointer + 1) & (m.sizes.depth - 1)
        _count(m, n, buffer, 1)


@kernel
def _read(m: Mesh, n: int, buffer: int) -> None:
    """Show the next packet of a buffer, and take it out."""
    r = m.routers
    pointer = r.read_pointer[n, buffer]
    r.output_data[n, buffer] = r.entries[n, buffer, pointer]
    r.read_pointer[n, buffer] = (pointer + 1) & (m.sizes.depth - 1)
    _count(m, n, buffer, -1)


@kernel
def _count(m: Mesh, n: int, buffer: int, change: int) -> None:
    """Let a buffer have one packet more or less."""
    marks, others = m.marks, ~(1 << buffer)
    count = m.routers.status_counter[n, buffer] + change
    m.routers.status_counter[n, buffer] = count
    marks.packets[n] = marks.packets[n] & others | int(count != 0) << buffer
    marks.full[n] = marks.full[n] & others | int(count == m.sizes.depth) << buffer


# --- Fall -----------------------------------------------------------------------------------------------------------


@kernel
def reset_merges(m: Mesh, n: int) -> None:
    """Reset all merges of a router."""
    r = m.routers
    for merge in range(N_ALL_MERGES):
        r.merge_dout[n, merge], r.wen[n, merge] = 0, 0
    for buffer in range(N_ALL_BUFFERS):
        r.read_en[n, buffer] = 0
    m.marks.reads[n], m.marks.writes[n] = 0, 0


@kernel
def _offers(m: Mesh, n: int, input_empty: int) -> int:
    """Return the buffers from which the merges of a router can read, a bit each."""
    offers: int = m.marks.packets[n] & WITHIN
    for buffer in ROUTING:
        source = m.wiring.sources[n, buffer]
        if source >= 0:
            offers |= m.marks.packets[source] & 1 << buffer
        elif source == INPUT and not input_empty:
            offers |= 1 << buffer
    return offers


@kernel
def fall(m: Mesh, n: int, input_empty: int, packet_in: int) -> bool:
    """Falling edge of a router's merges, which read buffers. A merge stands still while a buffer behind it is full.

    Returns True if there is a packet in the router, or offered to it; else nothing changes.
    """
    offers = _offers(m, n, input_empty)
    reads, writes, full = m.marks.reads[n], m.marks.writes[n], m.marks.full[n]
    if offers | reads | writes == 0:
        return False
    for merge in range(N_ALL_MERGES):
        if full & BEHIND[merge] or (reads | offers) & READS[merge] | writes >> merge & 1 == 0:
            continue
        if reads & READS[merge]:
            _take(m, n, merge, packet_in)
        else:
            if writes >> merge & 1:
                m.routers.wen[n, merge] = 0
                m.marks.writes[n] &= ~(1 << merge)
            if offers & READS[merge]:
                buffer = _first(offers, merge)
                m.routers.read_en[n, buffer] = 1
                m.marks.reads[n] |= 1 << buffer
    return True


@kernel
def _first(buffers: int, merge: int) -> int:
    """Return the first of these buffers, a bit each, from which a merge reads; there must be one."""
    buffer = FIRST[merge]
    while not buffers >> buffer & 1:
        buffer += 1
    return buffer


@kernel
def _take(m: Mesh, n: int, merge: int, packet_in: int) -> None:
    """Let a merge take the packet that a buffer shows, and write it in the next clock."""
    r, reads = m.routers, m.marks.reads[n]
    buffer = _first(reads, merge)
    source = m.wiring.sources[n, buffer]
    r.wen[n, merge] = 1
    r.merge_dout[n, merge] = packet_in if source == INPUT else r.output_data[source, buffer] if source >= 0 else 0
    cleared = 1 << buffer
    if merge not in (NORTH, SOUTH):  # a merge of two clears both of its read enables
        cleared = READS[merge]
    for i in range(FIRST[merge], FIRST[merge + 1]):
        if cleared >> i & 1:
            r.read_en[n, i] = 0
    m.marks.reads[n] = reads & ~cleared
    m.marks.writes[n] |= 1 << merge
