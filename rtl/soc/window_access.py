"""An access of the bus to a register or a memory of the chip, as transactions of the chip's SPI."""

from functools import reduce
from operator import xor

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.spi.port import Port
from draupnir.rtl.bridge.protocol import READ_HALF, WRITE_HALF
from draupnir.rtl.bridge.spi_master import HALF_BITS
from draupnir.rtl.soc.address_map import AddressMap
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES
from draupnir.rtl.soc.windows import Coding, MemoryWindow, RegisterWindow, answer_coding

SPI_BYTE = 8


def coded(coding: Coding, bits: Value, width: int) -> Value:
    """Return the output of a coding, ``width`` bits, for a value of as many bits as the coding has columns."""
    outputs = []
    for k in range(width):
        inputs = [bits[i] for i, column in enumerate(coding.columns) if column >> k & 1]
        outputs.append(reduce(xor, inputs, Const(coding.constant >> k & 1, 1)))
    return Cat(*outputs)


class WindowAccess(wiring.Component):
    """Carry out an access through one of the chip's windows.

    start : 1 begins the access, whose fields stay until ``done``
    addr, write, content, strb : as for ``executor.BusRequest``
    in_reset : 1 while a reset of the chip is active
    done : 1 for one clock; then ``error`` and ``answer``, 0 after a write, are valid
    error : 1 if nothing was done: there is no such address, a reset of the chip is active, the chip's gate to its
        memories is not open, a register is read or not written whole, or a chunk is not written whole
    spi, spi_half, spi_busy, spi_received : to and from the SPI master
    """

    def __init__(self, address_map: AddressMap) -> None:
        self._map = address_map
        registers = address_map.chip_registers
        assert registers is not None
        self._registers: RegisterWindow = registers
        self._port: Port = registers.port
        super().__init__(
            {
                "start": In(1),
                "addr": In(address_map.addr_bits),
                "write": In(1),
                "content": In(BUS_BITS),
                "strb": In(BUS_BYTES),
                "in_reset": In(1),
                "done": Out(1),
                "error": Out(1),
                "answer": Out(BUS_BITS),
                "spi": Out(stream.Signature(SPI_BYTE)),
                "spi_half": Out(HALF_BITS),
                "spi_busy": In(1),
                "spi_received": In(SPI_BYTE),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self._port.chunk_bits
        n_chunks = BUS_BITS // width
        self._chunk = Signal(range(n_chunks))
        self._allowed, self._exists = Signal(), Signal()  # the access, and the present chunk of the word
        self._transaction = Signal(self._port.bits)
        self._is_register, self._opens_gate = Signal(), Signal()
        self._gate = Signal(init=self._gate_reset)
        groups = [self.strb.word_select(k, width // 8) for k in range(n_chunks)]
        self._whole_chunks = Cat(group.all() for group in groups)
        self._is_whole = Cat(group.all() | ~group.any() for group in groups).all()
        self._decode_registers(m)
        for window in self._map.memories:
            self._decode_memory(m, window)
        self._track_gate(m)
        self._run(m)
        return m

    @property
    def _gate_reset(self) -> int:
        return self._map.chip.register(self._port.gate).reset or 0

    def _decode_registers(self, m: Module) -> None:
        with m.Switch(self.addr[BUS_BYTES.bit_length() - 1 :]):
            for offset, register, i in self._registers.rows:
                coding = self._registers.coding(register, i)
                with m.Case(offset // BUS_BYTES):
                    m.d.comb += [
                        self._transaction.eq(coded(coding, self.content[: register.width], self._port.bits)),
                        self._allowed.eq(self.write & (self.strb.all() | ~self.strb.any())),
                        self._exists.eq(1),
                        self._is_register.eq(1),
                        self._opens_gate.eq(register.name == self._port.gate),
                    ]

    def _decode_memory(self, m: Module, window: MemoryWindow) -> None:
        width = self._port.chunk_bits
        inside = (window.stride - 1).bit_length()
        limb = self.addr[BUS_BYTES.bit_length() - 1 : inside]
        word = self.addr[inside : inside + window.word_bits]
        chunk = Signal(window.chunk_addr_bits, name=f"{window.name}_chunk")
        last = window.base + window.n_bytes - 1
        m.d.comb += chunk.eq(limb * (BUS_BITS // width) + self._chunk)
        place = Cat(chunk, word)
        content = self.content.word_select(self._chunk, width)
        with m.If((self.addr >= window.base) & (self.addr <= last)):
            m.d.comb += [
                self._transaction.eq(
                    Mux(
                        self.write,
                        coded(window.write_coding, Cat(content, place), self._port.bits),
                        coded(window.read_coding, place, self._port.bits),
                    )
                ),
                self._allowed.eq(self._gate & (limb < window.memory.n_limbs) & (~self.write | self._is_whole)),
                self._exists.eq(chunk < window.n_chunks),
            ]

    def _track_gate(self, m: Module) -> None:
        """Know whether the gate register lets the SPI reach the memories; the chip cannot be asked."""
        with m.If(self.done & ~self.error & self.strb.all() & self._opens_gate):
            m.d.sync += self._gate.eq(self.content[0])
        if self._map.chip.register(self._port.gate).reset is not None:
            with m.If(self.in_reset):
                m.d.sync += self._gate.eq(self._gate_reset)

    def _run(self, m: Module) -> None:
        shift, miso_bits = Signal(self._port.bits), Signal(self._port.bits, name="miso_bits")
        n_left = Signal(range(self._port.bits // SPI_BYTE + 1))
        m.d.comb += [
            self.spi.payload.eq(shift[-SPI_BYTE:]),
            self.spi_half.eq(Mux(self.write, WRITE_HALF, READ_HALF)),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [self._chunk.eq(0), self.error.eq(0)]
                with m.If(self.start):
                    m.d.sync += self.answer.eq(0)
                    m.next = "CHUNK"
                    with m.If(~self._allowed | self.in_reset):
                        m.d.sync += self.error.eq(1)
                        m.next = "DONE"
            with m.State("CHUNK"):
                m.d.sync += [shift.eq(self._transaction), n_left.eq(self._port.bits // SPI_BYTE)]
                m.next = "SEND"
                with m.If(~self._exists | self.write & ~self._whole_chunks.bit_select(self._chunk, 1)):
                    m.next = "NEXT"
            with m.State("SEND"):
                m.d.comb += self.spi.valid.eq(~self.spi_busy)
                with m.If(self.spi.valid & self.spi.ready):
                    m.d.sync += [shift.eq(shift << SPI_BYTE), n_left.eq(n_left - 1)]
                    m.next = "BYTE"
            with m.State("BYTE"):
                with m.If(~self.spi_busy):
                    m.d.sync += miso_bits.eq(Cat(self.spi_received, miso_bits))
                    m.next = "SEND"
                    with m.If(n_left == 0):
                        m.next = "ANSWER"
            with m.State("ANSWER"):
                chunk = coded(answer_coding(self._port), miso_bits, self._port.chunk_bits)
                with m.If(~self.write):
                    m.d.sync += self.answer.word_select(self._chunk, self._port.chunk_bits).eq(chunk)
                m.next = "NEXT"
            with m.State("NEXT"):
                m.d.sync += self._chunk.eq(self._chunk + 1)
                m.next = "CHUNK"
                with m.If(self._is_register | (self._chunk == BUS_BITS // self._port.chunk_bits - 1)):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"
