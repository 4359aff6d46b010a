"""The synchronisers that bring the SPI's requests into the core's clock domain.

Source: srnn.v, Sync barriers.
"""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.reckon.buses import PROG_LAYOUT, READ_LAYOUT, SramAccess


class SpiSync(wiring.Component):
    """Synchronise requests. A write becomes a pulse three clocks after its request, a read a level two clocks after.

    spi_en_conf : with 0 everything stands still here; a pulse then lasts

    ``addr`` and ``payload`` need no synchroniser, because they are stable when the request arrives.
    """

    spi_en_conf: In(1)
    spi: In(SramAccess())
    core: Out(SramAccess())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        prog_sync_int, prog_sync, prog_del = (
            Signal(PROG_LAYOUT, name=f"prog_{i}") for i in ("sync_int", "sync", "del")
        )
        read_sync_int, read_sync = (Signal(READ_LAYOUT, name=f"read_{i}") for i in ("sync_int", "sync"))
        with m.If(self.spi_en_conf):
            m.d.sync += [
                prog_sync_int.eq(self.spi.prog),
                prog_sync.eq(prog_sync_int),
                prog_del.eq(prog_sync),
                read_sync_int.eq(self.spi.read),
                read_sync.eq(read_sync_int),
            ]
        m.d.comb += [
            self.core.prog.eq(prog_sync.as_value() & ~prog_del.as_value()),
            self.core.read.eq(read_sync),
            self.core.addr.eq(self.spi.addr),
            self.core.payload.eq(self.spi.payload),
        ]
        return m
