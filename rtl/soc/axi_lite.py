"""AXI4-Lite in front of a peripheral.

Source: Arm IHI 0022, AMBA AXI and ACE Protocol Specification, part B (AXI4-Lite).
"""

from amaranth import Module, Signal
from amaranth.lib import wiring

from draupnir.emulator.declare import Pin
from draupnir.rtl.soc.executor import front_ports
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES

SLVERR = 0b10
RESPONSE_BITS, PROTECTION_BITS = 2, 3


def axi_lite_pins(addr_bits: int) -> tuple[Pin, ...]:
    """Return the pins of the bus, with the names that tools for AXI look for. addr_bits : bits of an address"""
    channels = (
        ("aw", True, (("addr", addr_bits), ("prot", PROTECTION_BITS))),
        ("w", True, (("data", BUS_BITS), ("strb", BUS_BYTES))),
        ("b", False, (("resp", RESPONSE_BITS),)),
        ("ar", True, (("addr", addr_bits), ("prot", PROTECTION_BITS))),
        ("r", False, (("data", BUS_BITS), ("resp", RESPONSE_BITS))),
    )
    pins: list[Pin] = []
    for channel, is_input, payload in channels:
        pins += [_pin(f"{channel}{name}", is_input, width) for name, width in payload]
        pins += [_pin(f"{channel}valid", is_input), _pin(f"{channel}ready", not is_input)]
    return tuple(pins)


def _pin(name: str, is_input: bool, width: int = 1) -> Pin:
    if is_input:
        return Pin(f"s_axi_{name}", "in", width, "control", "AXI4-Lite.")
    return Pin(f"s_axi_{name}", "out", width, "status", "AXI4-Lite.")


class AxiLite(wiring.Component):
    """Accept addresses and data in any order, and carry out one access at a time; reads and writes take turns.

    request, response : to and from the executor
    The other ports are those of ``axi_lite_pins``. The protection bits do not matter. An error is SLVERR.
    """

    def __init__(self, addr_bits: int) -> None:
        super().__init__(front_ports(addr_bits, axi_lite_pins(addr_bits)))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response = self.request.payload, self.response.payload
        write, read = Signal.like(request), Signal.like(request, name="read")
        has_addr, has_content, has_read = Signal(), Signal(), Signal(name="has_read")
        busy, turn = Signal(), Signal(name="turn")  # an access is under way; the present or last access was a write
        m.d.comb += [
            self.s_axi_awready.eq(~has_addr),
            self.s_axi_wready.eq(~has_content),
            self.s_axi_arready.eq(~has_read),
        ]
        with m.If(self.s_axi_awvalid & self.s_axi_awready):
            m.d.sync += [write.addr.eq(self.s_axi_awaddr), has_addr.eq(1)]
        with m.If(self.s_axi_wvalid & self.s_axi_wready):
            m.d.sync += [write.content.eq(self.s_axi_wdata), write.strb.eq(self.s_axi_wstrb), has_content.eq(1)]
        with m.If(self.s_axi_arvalid & self.s_axi_arready):
            m.d.sync += [read.addr.eq(self.s_axi_araddr), has_read.eq(1)]

        may_write = has_addr & has_content & ~self.s_axi_bvalid
        may_read = has_read & ~self.s_axi_rvalid
        writes = may_write & ~(may_read & turn)
        m.d.comb += self.request.valid.eq(~busy & (may_write | may_read))
        with m.If(writes):
            m.d.comb += [request.eq(write), request.write.eq(1)]
        with m.Else():
            m.d.comb += request.eq(read)
        with m.If(self.request.valid & self.request.ready):
            m.d.sync += [busy.eq(1), turn.eq(writes)]

        with m.If(self.s_axi_bvalid & self.s_axi_bready):
            m.d.sync += self.s_axi_bvalid.eq(0)
        with m.If(self.s_axi_rvalid & self.s_axi_rready):
            m.d.sync += self.s_axi_rvalid.eq(0)
        code = Signal(RESPONSE_BITS)
        with m.If(response.error):
            m.d.comb += code.eq(SLVERR)
        m.d.comb += self.response.ready.eq(busy)
        with m.If(self.response.valid & self.response.ready):
            m.d.sync += busy.eq(0)
            with m.If(turn):
                m.d.sync += [self.s_axi_bvalid.eq(1), self.s_axi_bresp.eq(code), has_addr.eq(0), has_content.eq(0)]
            with m.Else():
                m.d.sync += [
                    self.s_axi_rvalid.eq(1),
                    self.s_axi_rresp.eq(code),
                    self.s_axi_rdata.eq(response.content),
                    has_read.eq(0),
                ]
        return m
