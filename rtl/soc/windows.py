"""Windows of the bus into a chip's registers and memories, and how an access becomes transactions of its SPI.

A chip says how its SPI codes a write and a read (``emulator/spi/port.py``). Each bit of a word's address and of its
content acts on certain bits of the transaction, whatever the other bits are. ``Coding`` finds them by asking the port,
so that hardware needs an XOR for each of them, and knows no chip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from draupnir.emulator.declare import Memory, Register
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import MemoryWrite, Port, RegisterWrite
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES


@dataclass(frozen=True)
class Coding:
    """A function from bits to bits in which each input bit inverts a fixed set of output bits.

    constant : the output for the input 0
    columns : the output bits that each input bit inverts, from bit 0 on
    """

    constant: int
    columns: tuple[int, ...]

    @classmethod
    def of_function(cls, function: Callable[[int], int], width: int, description: str) -> Coding:
        """Return the coding of a function of ``width`` bits.

        description : the function in words. Raises InputError if the function is not of this kind.
        """
        constant = function(0)
        coding = cls(constant, tuple(function(1 << i) ^ constant for i in range(width)))
        ones = (1 << width) - 1
        for bits in (ones, ones // 3, ones // 5 ^ ones, *(ones >> i for i in range(width))):
            if coding(bits) != function(bits):
                raise InputError(f"{description}: its bits do not act on fixed bits of the SPI, so it has no window")
        return coding

    def __call__(self, bits: int) -> int:
        """Return the output for an input."""
        output = self.constant
        for i, column in enumerate(self.columns):
            output ^= column if bits >> i & 1 else 0
        return output


@dataclass(frozen=True)
class RegisterWindow:
    """The chip's configuration registers, one address of theirs in each word of the bus. They can only be written.

    base : bytes from the beginning of the peripheral
    """

    port: Port
    base: int

    name = "registers"

    @cached_property
    def rows(self) -> tuple[tuple[int, Register, int], ...]:
        """Offset in the peripheral, register, and index of its address, for each word of the window."""
        addrs = [(register, i) for register in self.port.chip.registers for i in range(register.n_addrs)]
        return tuple((self.base + BUS_BYTES * n, register, i) for n, (register, i) in enumerate(addrs))

    @property
    def n_bytes(self) -> int:
        return BUS_BYTES * len(self.rows)

    def coding(self, register: Register, i: int) -> Coding:
        """Return the transaction as a function of the content."""
        return Coding.of_function(
            lambda content: self.port.encode(RegisterWrite(register.name, i, content)),
            register.width,
            f"{self.port.chip.name}: register {register.name}",
        )


@dataclass(frozen=True)
class MemoryWindow:
    """A memory of the chip, word after word, each with its least significant byte first.

    base : bytes from the beginning of the peripheral, a multiple of the window's own size
    """

    port: Port
    memory: Memory
    base: int

    @property
    def name(self) -> str:
        return self.memory.name

    @property
    def stride(self) -> int:
        """Bytes from one word of the memory to the next, a power of two."""
        return BUS_BYTES << (self.memory.n_limbs - 1).bit_length()

    @property
    def n_bytes(self) -> int:
        return self.stride * self.memory.depth

    @property
    def n_chunks(self) -> int:
        """The chunks in a word of the memory: a transaction carries one of them."""
        return -(-self.memory.width // self.port.chunk_bits)

    @property
    def chunks_in_access(self) -> int:
        """The chunks in a word of the bus."""
        return BUS_BITS // self.port.chunk_bits

    @property
    def word_bits(self) -> int:
        return (self.memory.depth - 1).bit_length()

    @property
    def chunk_addr_bits(self) -> int:
        """Bits of a chunk's number within the stride."""
        return (8 * self.stride // self.port.chunk_bits - 1).bit_length()

    def _split(self, bits: int) -> tuple[int, int]:
        """Return word and chunk."""
        return bits >> self.chunk_addr_bits, bits & (1 << self.chunk_addr_bits) - 1

    @cached_property
    def write_coding(self) -> Coding:
        """The transaction as a function of content, chunk and word, content in the lowest bits."""
        width = self.port.chunk_bits

        def encode(bits: int) -> int:
            word, chunk = self._split(bits >> width)
            content = bits & (1 << width) - 1
            return self.port.encode(MemoryWrite(self.name, word, chunk, content))

        return Coding.of_function(encode, width + self.chunk_addr_bits + self.word_bits, self._description)

    @cached_property
    def read_coding(self) -> Coding:
        """The transaction as a function of chunk and word, chunk in the lowest bits."""
        return Coding.of_function(
            lambda bits: self.port.encode_read(self.name, *self._split(bits)),
            self.chunk_addr_bits + self.word_bits,
            self._description,
        )

    @property
    def _description(self) -> str:
        return f"{self.port.chip.name}: memory {self.name}"


def answer_coding(port: Port) -> Coding:
    """Return the chunk as a function of the transaction's bits on MISO."""
    return Coding.of_function(port.answer, port.bits, f"{port.chip.name}: the answer of its SPI")
