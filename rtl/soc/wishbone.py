"""Wishbone in front of a peripheral: classic cycles, pipelined ones are not there.

Source: OpenCores, WISHBONE System-on-Chip Interconnection Architecture, revision B.4, 3.2.
"""

from amaranth import Module, Signal
from amaranth.lib import wiring

from draupnir.emulator.declare import Pin
from draupnir.rtl.soc.executor import front_ports
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES

BYTE_BITS = BUS_BYTES.bit_length() - 1  # bits of an address below those of a word


def wishbone_pins(addr_bits: int) -> tuple[Pin, ...]:
    """Return the pins of the bus. addr_bits : bits of an address in bytes; the bus has words"""
    return (
        Pin("wb_cyc_i", "in", 1, "control", "A bus cycle is under way."),
        Pin("wb_stb_i", "in", 1, "control", "An access is asked for."),
        Pin("wb_we_i", "in", 1, "control", "1 writes, 0 reads."),
        Pin("wb_adr_i", "in", addr_bits - BYTE_BITS, "control", "Address of a word: bytes / 4."),
        Pin("wb_sel_i", "in", BUS_BYTES, "control", "The bytes to write."),
        Pin("wb_dat_i", "in", BUS_BITS, "control", "Content to write."),
        Pin("wb_dat_o", "out", BUS_BITS, "status", "Content that was read."),
        Pin("wb_ack_o", "out", 1, "status", "The access is done."),
        Pin("wb_err_o", "out", 1, "status", "The access was in error, and did nothing."),
    )


class WishboneClassic(wiring.Component):
    """Carry out one access at a time. If the master ends its cycle early, the access is carried out without an answer.

    request, response : to and from the executor
    The other ports are those of ``wishbone_pins``. ACK or ERR is 1 for one clock.
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__(front_ports(addr_bits, wishbone_pins(addr_bits)))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        busy, abandoned = Signal(), Signal(name="abandoned")
        asks = self.wb_cyc_i & self.wb_stb_i
        request, response = self.request.payload, self.response.payload
        m.d.comb += [
            request.addr.eq(self.wb_adr_i << BYTE_BITS),
            request.write.eq(self.wb_we_i),
            request.content.eq(self.wb_dat_i),
            request.strb.eq(self.wb_sel_i),
            self.request.valid.eq(asks & ~busy & ~self.wb_ack_o & ~self.wb_err_o),
            self.response.ready.eq(1),
        ]
        m.d.sync += [self.wb_ack_o.eq(0), self.wb_err_o.eq(0)]
        with m.If(self.request.valid & self.request.ready):
            m.d.sync += [busy.eq(1), abandoned.eq(0)]
        with m.If(busy & ~asks):
            m.d.sync += abandoned.eq(1)
        with m.If(self.response.valid):
            m.d.sync += [busy.eq(0), self.wb_dat_o.eq(response.content)]
            with m.If(asks & ~abandoned):
                m.d.sync += [self.wb_ack_o.eq(~response.error), self.wb_err_o.eq(response.error)]
        return m
