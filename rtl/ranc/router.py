"""A router: five merges, and the twelve buffers between them.

A packet goes east or west until its distance in this direction is 0, then north or south, and then into the core.

Source: Router.v, FromLocal.v, ForwardEastWest.v, ForwardNorthSouth.v, LocalIn.v, PathDecoder2Way.v, PathDecoder3Way.v.
"""

from typing import NamedTuple

from amaranth import Cat, Module
from amaranth.hdl import Value, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from draupnir.emulator.ranc.layout import SOURCES, Buffer, Merge
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.rtl.ranc import buffer, merge
from draupnir.rtl.ranc.buffer import Pull


class Direction(NamedTuple):
    """A direction in which packets leave a router.

    merge : the merge whose packets go there
    routing : the buffer from which the next router takes them
    step : the change of the distance, by which it comes nearer to 0
    """

    merge: Merge
    routing: Buffer
    step: int


DIRECTIONS = {
    "east": Direction(Merge.EAST, Buffer.EAST_ROUTING, -1),
    "west": Direction(Merge.WEST, Buffer.WEST_ROUTING, 1),
    "north": Direction(Merge.NORTH, Buffer.NORTH_ROUTING, -1),
    "south": Direction(Merge.SOUTH, Buffer.SOUTH_ROUTING, 1),
}
# The buffers of packets that turn: those with a distance of 0 or more to the north, and those with less.
TURNS = {Merge.EAST: (Buffer.EAST_NORTH, Buffer.EAST_SOUTH), Merge.WEST: (Buffer.WEST_NORTH, Buffer.WEST_SOUTH)}
ARRIVALS = {Merge.NORTH: Buffer.NORTH_LOCAL, Merge.SOUTH: Buffer.SOUTH_LOCAL}


def packet_width(s: Sizes, reader: Merge) -> int:
    """Return the bits of the packets that a merge takes: the distances that are 0 by then are left out."""
    widths = {Merge.EAST: s.packet_width, Merge.WEST: s.packet_width, Merge.LOCAL: s.dy_lsb}
    return widths.get(reader, s.dx_lsb)


READERS = {source: reader for reader, sources in SOURCES.items() for source in sources}


class Router(wiring.Component):
    """A router of a grid with these sizes.

    from_core, from_core_valid : a packet of the core
    core_full : 1 if the core must not send a packet
    i_east ... : packets that go east, from the router in the west; likewise for the other directions
    o_east ... : packets that go east, for the router in the east
    packet, valid : a packet for the core, and 1 while it is new
    packet_next, reading : the packet of after the next fall, if ``reading`` is 1
    """

    def __init__(self, s: Sizes) -> None:
        self._sizes = s
        packets = {name: Pull(packet_width(s, direction.merge)) for name, direction in DIRECTIONS.items()}
        super().__init__(
            {
                "from_core": In(s.packet_width),
                "from_core_valid": In(1),
                "core_full": Out(1),
                **{f"i_{name}": In(pull) for name, pull in packets.items()},
                **{f"o_{name}": Out(pull) for name, pull in packets.items()},
                "packet": Out(s.dy_lsb),
                "valid": Out(1),
                "packet_next": Out(s.dy_lsb),
                "reading": Out(1),
            }
        )
        self.buffers = {one: buffer.Buffer(packet_width(s, READERS[one]), s.depth) for one in Buffer}
        self.merges = {one: merge.Merge(packet_width(s, one), len(SOURCES[one])) for one in Merge}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for one, component in (*self.buffers.items(), *self.merges.items()):
            m.submodules[f"{one.name.lower()}_merge" if isinstance(one, Merge) else one.name.lower()] = component
        self._connect_merges(m)
        for name, direction in DIRECTIONS.items():
            connect(m, flipped(getattr(self, f"o_{name}")), self.buffers[direction.routing].o)
            self._forward(m, direction)
        self._from_core(m)
        local = self.merges[Merge.LOCAL]
        m.d.comb += [
            self.packet.eq(local.dout),
            self.valid.eq(local.wen),
            self.packet_next.eq(local.dout_next),
            self.reading.eq(local.reading),
        ]
        return m

    def _connect_merges(self, m: Module) -> None:
        """Connect each merge with the buffers that it reads; the routing buffers are those of the routers around."""
        neighbours = {direction.routing: getattr(self, f"i_{name}") for name, direction in DIRECTIONS.items()}
        for one, component in self.merges.items():
            for source, i in zip(SOURCES[one], component.i, strict=True):
                connect(m, flipped(neighbours[source]) if source in neighbours else self.buffers[source].o, i)

    def _forward(self, m: Module, direction: Direction) -> None:
        """Put the packets of a merge into the buffers behind it."""
        s, source = self._sizes, self.merges[direction.merge]
        is_across = direction.merge in TURNS
        lsb, width = (s.dx_lsb, s.dx_width) if is_across else (s.dy_lsb, s.dy_width)
        distance, rest = source.dout[lsb : lsb + width], source.dout[:lsb]
        is_there = distance == 0
        onward = Cat(rest, (distance + direction.step)[:width])
        ways: list[tuple[Buffer, ValueLike, Value]] = [(direction.routing, onward, ~is_there)]
        if is_across:
            to_north, to_south = TURNS[direction.merge]
            is_south = rest[s.dy_lsb : s.dy_lsb + s.dy_width].as_signed() < 0
            ways += [(to_north, rest, is_there & ~is_south), (to_south, rest, is_there & is_south)]
        else:
            ways += [(ARRIVALS[direction.merge], rest, is_there)]
        for target, packet, is_chosen in ways:
            m.d.comb += self.buffers[target].din.eq(packet)
            m.d.comb += self.buffers[target].din_valid.eq(source.wen & is_chosen)
        m.d.comb += source.stop.eq(Cat(self.buffers[target].full for target, _, _ in ways).any())

    def _from_core(self, m: Module) -> None:
        """Put the packets of the core into the buffers to the east, which also has those for its column, or west."""
        s = self._sizes
        is_west = self.from_core[s.dx_lsb : s.dx_lsb + s.dx_width].as_signed() < 0
        ways = {Buffer.LOCAL_EAST: ~is_west, Buffer.LOCAL_WEST: is_west}
        for target, is_chosen in ways.items():
            m.d.comb += self.buffers[target].din.eq(self.from_core)
            m.d.comb += self.buffers[target].din_valid.eq(self.from_core_valid & is_chosen)
        levels = [self.buffers[one].full_next if s.late_full else self.buffers[one].full for one in ways]
        m.d.comb += self.core_full.eq(Cat(levels).any())
