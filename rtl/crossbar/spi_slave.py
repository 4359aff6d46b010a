"""The common part of ODIN's and tinyODIN's SPI slaves.

Source: ODIN doc v0.1, 2.1; tinyODIN doc v1.0, 2.1; spi_slave.v of both.
"""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out

from draupnir.emulator.crossbar.layout import (
    N_SYN,
    SPI_ADDR,
    SPI_BITS,
    SPI_DATA,
    SPI_FRAME,
    SPI_NEURON_ADDR,
    SPI_SYNAPSE_ADDR,
    SYN_BITS,
    SpiCmd,
)
from draupnir.emulator.declare import Field
from draupnir.rtl.crossbar.buses import Formats
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.views import bits_of, layout_of, packed_fields

BYTE_BITS = SPI_DATA["byte"].width
PROG_DATA = packed_fields(SPI_DATA)
SYN_WORD_BITS = N_SYN * SYN_BITS


class SpiAccess(wiring.Signature):
    """A request of the SPI for a memory access, in the SPI's clock domain: levels, which the core synchronises.

    readback_event, prog_event : 1 for a request to read, or to write; at most one is 1
    addr : 16 bits: ``op_code`` (SpiCmd) says whether they are a neuron's address or SPI_SYNAPSE_ADDR
    prog_data : the byte to write, and the mask of the bits to keep
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "readback_event": Out(1),
                "prog_event": Out(1),
                "addr": Out(SPI_ADDR["addr"].width),
                "op_code": Out(SPI_ADDR["cmd"].width),
                "prog_data": Out(PROG_DATA),
            }
        )


class SpiFrames(wiring.Component):
    """Receive frames of 20 bits of address and 20 of data, most significant first. Only 40 falling edges end a frame.

    mosi, miso : the slave samples MOSI at the rising edge of SCK, and changes MISO at the falling edge
    neurons, synapses : the words last read from the memories
    access : the requests to the memories
    configures : 1 if the next rising edge brings the last bit of a frame with command 0, with any read and write bits;
        ``config_data`` then goes to the register at ``config_addr``

    neuron_bits : the width of a neuron's word; byte_field : the field of its address that selects a byte
    others : ports that only one of the chips has

    Clock domains: ``sck``, rising edge, without reset; ``sck_fall``, falling edge, with asynchronous reset.
    """

    def __init__(
        self, neuron_bits: int, synapses_bits: int, byte_field: Field, others: dict[str, Member] | None = None
    ) -> None:
        super().__init__(
            {
                "mosi": In(1),
                "miso": Out(1),
                "neurons": In(neuron_bits),
                "synapses": In(synapses_bits),
                "access": Out(SpiAccess()),
                "configures": Out(1),
                "config_addr": Out(SPI_ADDR["addr"].width),
                "config_data": Out(SPI_BITS),
                **(others or {}),
            }
        )
        self._byte_field = byte_field
        self._spi_cnt = Signal(range(SPI_FRAME))  # the number of falling edges so far in this frame
        self._spi_addr = Signal(layout_of(SPI_ADDR))  # the frame's address field
        self._shift_in = Signal(SPI_BITS)  # the last 20 bits
        self._shift_out = Signal(SPI_BITS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with_last_bit = Cat(self.mosi, self._shift_in)[:SPI_BITS]
        last = self._spi_cnt == SPI_FRAME - 1
        m.d.sck += self._shift_in.eq(with_last_bit)
        with m.If(last):
            m.d.sck_fall += self._spi_cnt.eq(0)
        with m.Else():
            m.d.sck_fall += self._spi_cnt.eq(self._spi_cnt + 1)
        with m.If(self._spi_cnt == SPI_BITS - 1):
            m.d.sck_fall += self._spi_addr.eq(self._shift_in)
        m.d.comb += [
            self.miso.eq(self._shift_out[-1]),
            self.configures.eq((self._spi_addr.cmd == SpiCmd.CONFIG) & last),
            self.config_addr.eq(self._spi_addr.addr),
            self.config_data.eq(with_last_bit),
        ]
        self._access_memories(m, last)
        return m

    def _access_memories(self, m: Module, last: Value) -> None:
        access, header = self.access, layout_of(SPI_ADDR)(self._shift_in)
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
        with m.Elif(self._spi_addr.write & last):
            m.d.sck_fall += [
                access.readback_event.eq(0),
                access.prog_event.eq(access.op_code != SpiCmd.CONFIG),
                access.prog_data.eq(self._shift_in),
            ]

    def _load_readback(self, m: Module) -> None:
        """Load the requested byte, which goes out next; beyond the end of a neuron it is 0."""
        with m.Switch(self.access.op_code):
            with m.Case(SpiCmd.NEURONS):
                self._load_byte(m, self.neurons, self._byte_field)
            with m.Case(SpiCmd.SYNAPSES):
                self._load_byte(m, self.synapses, SPI_SYNAPSE_ADDR["byte"])

    def _load_byte(self, m: Module, word: Value, byte_field: Field) -> None:
        m.d.sck_fall += self._shift_out.eq(0)
        with m.Switch(bits_of(self.access.addr, byte_field)):
            for i in range(len(word) // BYTE_BITS):
                with m.Case(i):
                    m.d.sck_fall += self._shift_out[-BYTE_BITS:].eq(word.word_select(i, BYTE_BITS))


class CrossbarSpiSlave(wiring.Component):
    """A chip's SPI slave: ``SpiFrames``, and the configuration registers that have one address each.

    neur_state, synapses : the words last read from the memories
    config : the registers, which are written at the rising edge of a frame's last bit; they have no reset

    others : ports that only one of the chips has
    """

    def __init__(self, formats: Formats, others: dict[str, Member] | None = None) -> None:
        super().__init__(
            {
                "mosi": In(1),
                "miso": Out(1),
                "access": Out(SpiAccess()),
                "neur_state": In(formats.neuron_bits),
                "synapses": In(SYN_WORD_BITS),
                "config": Out(formats.config),
                **(others or {}),
            }
        )
        self._registers = [register for register in formats.chip.registers if register.n_addrs == 1]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.frames = frames = self._make_frames(len(self.neur_state), SPI_NEURON_ADDR["byte"])
        forward(m, frames.access, self.access)
        m.d.comb += [
            frames.mosi.eq(self.mosi),
            frames.neurons.eq(self.neur_state),
            frames.synapses.eq(self.synapses),
            self.miso.eq(frames.miso),
        ]
        with m.If(frames.configures), m.Switch(frames.config_addr):
            for register in self._registers:
                with m.Case(register.addr):
                    m.d.sck += self.config[register.name.lower()].eq(frames.config_data)
        self._keep_others(m, frames)
        return m

    def _make_frames(self, neuron_bits: int, byte_field: Field) -> SpiFrames:
        """Make the component that receives frames."""
        return SpiFrames(neuron_bits, SYN_WORD_BITS, byte_field)

    def _keep_others(self, m: Module, frames: SpiFrames) -> None:
        """Keep the registers that only one of the chips has."""
