"""The SPI slave: configuration registers, and requests to the core, in the SPI's own clock domains.

Source: ReckOn doc v1.0, 2.1; spi_slave.v.
"""

from amaranth import Cat, Module, ResetSignal, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import PROG, READ, REGISTERS, SPI_BITS, SPI_CNT_BITS, SPI_HEADER, SpiCode
from draupnir.rtl.lib.power_up import reset_signal
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.buses import PROG_LAYOUT, READ_LAYOUT, Config, SramAccess

HEADER = layout_of(SPI_HEADER)
IN_FIELD_BITS = SPI_BITS.bit_length() - 1  # the bits of spi_cnt that count within a field
SEED_REGISTERS = {f"seed_{r.name.removeprefix('SPI_SEED_').lower()}": r for r in REGISTERS if "SEED" in r.name}


class SpiSlave(wiring.Component):
    """Receive transactions: a header of 32 bits, and as many fields of 32 bits as it says, most significant bit first.

    mosi, miso : the slave samples MOSI at the rising edge of SCK, and changes MISO at the falling edge
    srnn_readback : the word last read
    access : the requests to the core
    config : the registers; they are written at the rising edge of a field's last bit

    Clock domains: ``sck``, rising edge, and ``sck_fall``, falling edge, both with asynchronous reset.
    """

    mosi: In(1)
    miso: Out(1)
    srnn_readback: In(SPI_BITS)
    access: Out(SramAccess())
    config: Out(Config())

    def __init__(self) -> None:
        super().__init__()
        self._spi_cnt = Signal(SPI_CNT_BITS)  # the number of falling edges so far in this transaction
        self._spi_addr = Signal(HEADER)  # the transaction's header, when all of its bits are there
        self._shift_in = Signal(SPI_BITS, reset_less=True)  # the last 32 bits
        self._shift_out = Signal(SPI_BITS)
        self._header_ends = Signal()
        self._field_ends = Signal()  # The field is not the header.
        self._field_begins = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        in_field, field = self._spi_cnt[:IN_FIELD_BITS], self._spi_cnt[IN_FIELD_BITS:]
        m.d.comb += [
            self._header_ends.eq(in_field.all() & (field == 0)),
            self._field_ends.eq(in_field.all() & (field != 0)),
            self._field_begins.eq((in_field == 0) & (field != 0)),
        ]
        header = HEADER(self._shift_in)
        m.d.sck += self._shift_in.eq(Cat(self.mosi, self._shift_in))
        m.d.sck_fall += self._spi_cnt.eq(self._spi_cnt + 1)
        with m.If(self._header_ends):
            m.d.sck_fall += self._spi_addr.eq(header)
            with m.If(header.num_write == 0):
                m.d.sck_fall += self._spi_cnt.eq(0)
        with m.If(self._field_ends & (field >= self._spi_addr.num_write)):
            m.d.sck_fall += self._spi_cnt.eq(0)
        self._ask_core(m, header, field)
        self._shift(m)
        self._configure(m)
        return m

    def _ask_core(self, m: Module, header: data.View, field: Value) -> None:
        """Request a write at the end of a field, until the next one begins, and a read one field ahead."""
        access, spi_addr = self.access, self._spi_addr
        prog, read = Signal(PROG_LAYOUT), Signal(READ_LAYOUT, name="read")
        m.d.sck_fall += [access.prog.eq(prog), access.read.eq(read)]
        m.d.comb += [prog.eq(access.prog), read.eq(access.read)]
        # A reset does not change the original's address and payload, and they do not move while it is active.
        addr, payload = self._keep(m, "addr"), self._keep(m, "payload")
        reads_on = spi_addr.read & self._field_ends & (field < spi_addr.num_write)
        with m.If(~spi_addr.read & self._field_ends):
            self._decode_prog(m, prog)
            self._take(m, addr, spi_addr.addr + field - 1)
            self._take(m, payload, self._shift_in)
        with m.Elif(self._header_ends & header.read):
            self._decode_read(m, read, header.code)
            self._take(m, addr, header.addr)
        with m.Elif(reads_on):
            self._decode_read(m, read, spi_addr.code)
            self._take(m, addr, spi_addr.addr + field)
        with m.Elif(self._spi_cnt[:IN_FIELD_BITS] == 0):
            m.d.comb += prog.eq(0)
            with m.If(spi_addr.read & (field != 0)):
                m.d.comb += read.eq(0)

    def _keep(self, m: Module, name: str) -> Signal:
        register = Signal.like(getattr(self.access, name), reset_less=True)
        m.d.comb += getattr(self.access, name).eq(register)
        return register

    def _take(self, m: Module, register: Signal, content: Value) -> None:
        with m.If(~ResetSignal("sck_fall")):
            m.d.sck_fall += register.eq(content)

    def _decode_prog(self, m: Module, prog: Signal) -> None:
        spi_addr = self._spi_addr
        for name in (f.name for f in PROG):
            if name in SEED_REGISTERS:
                is_addressed = (spi_addr.code == SpiCode.CONFIG) & (spi_addr.addr == SEED_REGISTERS[name].addr)
            else:
                is_addressed = spi_addr.code == SpiCode[name.upper()]
            m.d.comb += prog[name].eq(is_addressed)

    def _decode_read(self, m: Module, read: Signal, code: Value) -> None:
        m.d.comb += [read[f.name].eq(code == SpiCode[f.name.upper()]) for f in READ]

    def _shift(self, m: Module) -> None:
        """Shift out a word that was read. Its first bit is on MISO before the word is in the shift register."""
        spi_addr = self._spi_addr
        shows_first = spi_addr.read & self._field_begins
        m.d.comb += self.miso.eq(self._shift_out[-1])
        with m.If(~spi_addr.read & self._field_ends):
            m.d.sck_fall += self._shift_out.eq(0)
        with m.Elif(shows_first):
            m.d.comb += self.miso.eq(self.srnn_readback[-1])
            m.d.sck_fall += self._shift_out.eq(self.srnn_readback << 1)
        with m.Elif(self._spi_cnt[:IN_FIELD_BITS] != 0):
            m.d.sck_fall += self._shift_out.eq(self._shift_out << 1)

    def _configure(self, m: Module) -> None:
        """Write the fields of a transaction to the register that its header addresses; all go to the same one."""
        with_last_bit = Cat(self.mosi, self._shift_in)
        spi_addr = self._spi_addr
        writes = Signal()
        m.d.comb += writes.eq(~spi_addr.read & (spi_addr.code == SpiCode.CONFIG) & self._field_ends)
        for register in REGISTERS:
            name, reset = register.name.lower(), register.reset
            parts = []
            for i in range(register.n_addrs):
                part_name = f"{name}_{i}"
                if reset is None:
                    part = Signal(register.width, name=part_name, reset_less=True)
                else:
                    part = reset_signal(register.width, reset, part_name)
                with m.If(writes & (spi_addr.addr == register.addr + i)):
                    m.d.sck += part.eq(with_last_bit)
                parts.append(part)
            m.d.comb += getattr(self.config, name).eq(Cat(parts))
