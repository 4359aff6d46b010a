"""The SPI slave: configuration registers, and access to the memories, in the SPI's own clock domains.

Source: ODIN doc v0.1, 2.1; spi_slave.v.
"""

from amaranth import Array, Cat, Module, Signal, Value
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from emulator.odin.layout import (
    CHIP,
    NEURONS,
    REGISTERS,
    SPI_ADDR,
    SPI_BITS,
    SPI_DATA,
    SPI_FRAME,
    SPI_NEURON_ADDR,
    SPI_SYNAPSE_ADDR,
    SYN,
    M,
    SpiCmd,
)
from rtl.lib.views import bits_of, layout_of
from rtl.odin.buses import CONFIG, SpiAccess

BYTE_BITS = SPI_DATA["byte"].width
SYN_SIGN = CHIP.register("SPI_SYN_SIGN")
BURST_TIMEREF = CHIP.register("SPI_BURST_TIMEREF")


class SpiSlave(wiring.Component):
    """A frame is 20 bits of address and 20 of data, most significant first; 40 falling edges end it, nothing else does.

    mosi, miso : taken at the rising edge, changed at the falling edge
    neur_state, synapses : the words last read from the memories
    access : what the memories are asked to do
    config : the registers; written at the rising edge of a frame's last bit, reset by nothing
    bursts_on : SPI_BURST_TIMEREF is not 0; a flip-flop, so that it can hold a reset without glitches
    pre, syn_sign : a neuron, and its bit of SPI_SYN_SIGN

    Clock domains: ``sck``, rising edge, without reset; ``sck_fall``, falling edge, with asynchronous reset.
    """

    mosi: In(1)
    miso: Out(1)
    neur_state: In(NEURONS.width)
    synapses: In(SYN.width)
    access: Out(SpiAccess())
    config: Out(CONFIG)
    bursts_on: Out(1)
    pre: In(M)
    syn_sign: Out(1)

    def __init__(self) -> None:
        super().__init__()
        self._spi_cnt = Signal(range(SPI_FRAME))  # falling edges so far in this frame
        self._spi_addr = Signal(layout_of(SPI_ADDR))  # the frame's address field
        self._received = Signal(SPI_BITS)  # the last 20 bits
        self._shift_out = Signal(SPI_BITS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sck += self._received.eq(Cat(self.mosi, self._received))
        with m.If(self._spi_cnt == SPI_FRAME - 1):
            m.d.sck_fall += self._spi_cnt.eq(0)
        with m.Else():
            m.d.sck_fall += self._spi_cnt.eq(self._spi_cnt + 1)
        with m.If(self._spi_cnt == SPI_BITS - 1):
            m.d.sck_fall += self._spi_addr.eq(self._received)
        m.d.comb += self.miso.eq(self._shift_out[-1])
        self._access_memories(m)
        self._configure(m)
        return m

    def _access_memories(self, m: Module) -> None:
        access, header = self.access, layout_of(SPI_ADDR)(self._received)
        m.d.sck_fall += [self._shift_out.eq(self._shift_out << 1), access.prog_event.eq(0)]
        header_ends = self._spi_cnt == SPI_BITS - 1
        with m.If(header_ends & (header.read | header.write)):
            m.d.sck_fall += [
                access.readback_event.eq(header.read & (header.cmd != SpiCmd.CONFIG)),
                access.addr.eq(header.addr),
                access.op_code.eq(header.cmd),
                access.prog_data.eq(0),
            ]
            with m.If(~header.read):
                m.d.sck_fall += self._shift_out.eq(0)
        with m.Elif(self._spi_addr.read & (self._spi_cnt == SPI_FRAME - BYTE_BITS - 1)):
            m.d.sck_fall += [access.readback_event.eq(0), access.prog_data.eq(0)]
            self._load_readback(m)
        with m.Elif(self._spi_addr.write & (self._spi_cnt == SPI_FRAME - 1)):
            m.d.sck_fall += [
                access.readback_event.eq(0),
                access.prog_event.eq(access.op_code != SpiCmd.CONFIG),
                access.prog_data.eq(self._received),
            ]

    def _load_readback(self, m: Module) -> None:
        """The byte that was asked for goes out next; beyond the end of a neuron, 0."""
        with m.Switch(self.access.op_code):
            for cmd, word, byte_field in (
                (SpiCmd.NEURONS, self.neur_state, SPI_NEURON_ADDR["byte"]),
                (SpiCmd.SYNAPSES, self.synapses, SPI_SYNAPSE_ADDR["byte"]),
            ):
                with m.Case(cmd):
                    m.d.sck_fall += self._shift_out.eq(0)
                    with m.Switch(bits_of(self.access.addr, byte_field)):
                        for i in range(len(word) // BYTE_BITS):
                            with m.Case(i):
                                byte = word.word_select(i, BYTE_BITS)
                                m.d.sck_fall += self._shift_out[-BYTE_BITS:].eq(byte)

    def _configure(self, m: Module) -> None:
        """Any frame with command 0 writes the register at its address, whatever its read and write bits say."""
        with_last_bit = Cat(self.mosi, self._received)
        writes = Signal()
        m.d.comb += writes.eq((self._spi_addr.cmd == SpiCmd.CONFIG) & (self._spi_cnt == SPI_FRAME - 1))
        with m.If(writes), m.Switch(self._spi_addr.addr):
            for register in REGISTERS:
                if register.n_addrs == 1:
                    with m.Case(register.addr):
                        m.d.sck += self.config[register.name.lower()].eq(with_last_bit)
        with m.If(writes & (self._spi_addr.addr == BURST_TIMEREF.addr)):
            m.d.sck += self.bursts_on.eq(with_last_bit[: BURST_TIMEREF.width] != 0)
        self._keep_syn_sign(m, writes, with_last_bit)

    def _keep_syn_sign(self, m: Module, writes: Value, with_last_bit: Value) -> None:
        m.submodules.spi_syn_sign = signs = memory.Memory(shape=SYN_SIGN.width, depth=SYN_SIGN.n_addrs, init=[])
        write = signs.write_port(domain="sck")
        read = signs.read_port(domain="comb")
        addr = self._spi_addr.addr
        bit_bits = exact_log2(SYN_SIGN.width)
        m.d.comb += [
            write.addr.eq(addr - SYN_SIGN.addr),
            write.data.eq(with_last_bit),
            write.en.eq(writes & (addr >= SYN_SIGN.addr) & (addr < SYN_SIGN.addr + SYN_SIGN.n_addrs)),
            read.addr.eq(self.pre[bit_bits:]),
            self.syn_sign.eq(Array(read.data)[self.pre[:bit_bits]]),
        ]
