"""The SPI slave: an address field and any number of data fields of 32 bits in SCK's own clock domain.

Most significant bit first. MOSI is taken on the rising edge of SCK, everything else moves on the falling edge. The
slave never sees CLK; the core synchronises its requests.

``flat`` is the record as one array: configuration registers are found in it by their address.

Source: ReckOn doc v1.0, 2.1 and 3; spi_slave.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.codec import addresses, positions
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import CHIP, PROG, SPI_BITS, SPI_CNT_BITS, SPI_HEADER, SpiCode
from draupnir.emulator.resets import resetter

HEADER = positions(SPI_HEADER)
A = addresses(CHIP)
CONFIG, NEUR, WOUT = int(SpiCode.CONFIG), int(SpiCode.NEUR), int(SpiCode.WOUT)
LAST_BIT = SPI_BITS - 1  # lower bits of spi_cnt as a field's last bit has been taken
FIELD_SHIFT = LAST_BIT.bit_length()  # upper bits of spi_cnt: the field; 0 is the address field
ADDR_BITS = SPI_HEADER["addr"].width
FIRST_SEED_BIT = positions(PROG).seed_inp.shift

_DTYPE = state.record_dtype(CHIP)
_PLACES = [
    (r.addr + i, _DTYPE.fields[r.name.lower()][1] // 8 + i, r.width)  # type: ignore[index]
    for r in CHIP.registers
    for i in range(r.n_addrs)
]
N_ADDRS = 1 + max(addr for addr, _, _ in _PLACES)
PLACE = np.full(N_ADDRS, -1)  # where in the record the register of each address is
MASK = np.zeros(N_ADDRS, dtype=np.int64)
for _addr, _place, _width in _PLACES:
    PLACE[_addr] = _place
    MASK[_addr] = (1 << _width) - 1


@kernel
def _bit(cnt: int) -> int:
    """Number, 0..31, of the bit within its field."""
    return cnt & LAST_BIT


@kernel
def _field(cnt: int) -> int:
    """Number of the field; 0 is the address field."""
    return cnt >> FIELD_SHIFT


# RST clears the transaction and gives most registers their reset value; some stay, as does what was last taken.
reset = resetter(CHIP.block("spi_slave"))


@kernel
def sck_rise(r: np.record, flat: np.ndarray, mosi: int) -> None:
    """Rising edge of SCK: shift MOSI in; the last bit of a data field also writes the configuration register.

    All data fields of a transaction write the same register: its address does not move on.
    """
    shifted = wrap(r.spi_shift_reg_in << 1 | mosi, SPI_BITS)
    data_end = _bit(r.spi_cnt) == LAST_BIT and _field(r.spi_cnt) != 0
    if data_end and field(r.spi_addr, HEADER.read) == 0 and field(r.spi_addr, HEADER.code) == CONFIG:
        addr = field(r.spi_addr, HEADER.addr)
        if addr < N_ADDRS and PLACE[addr] >= 0:
            flat[PLACE[addr]] = shifted & MASK[addr]
    r.spi_shift_reg_in = shifted


@kernel
def sck_fall(r: np.record) -> None:
    """Falling edge of SCK: shift MISO out, request a read for the next data field, a write after each.

    A request to read stays up until the next field's first bit has been taken, one to write until then at most.
    """
    cnt, taken, header = r.spi_cnt, r.spi_shift_reg_in, r.spi_addr
    here, block = _bit(cnt), _field(cnt)
    num_write = field(taken if cnt == LAST_BIT else header, HEADER.num_write)
    reading = field(header, HEADER.read) == 1
    shifted = wrap(r.spi_shift_reg_out << 1, SPI_BITS)
    if not reading and here == LAST_BIT and block != 0:
        shifted = 0
        r.prog = _prog(header)
        r.spi_addr_out = wrap(field(header, HEADER.addr) + block - 1, ADDR_BITS)
        r.spi_data = taken
    elif cnt == LAST_BIT and field(taken, HEADER.read) == 1:
        r.read = _read(taken)
        r.spi_addr_out = field(taken, HEADER.addr)
    elif reading and here == LAST_BIT and block != 0 and block < num_write:
        r.read = _read(header)
        r.spi_addr_out = wrap(field(header, HEADER.addr) + block, ADDR_BITS)
    elif here == 0:
        if reading and block != 0:
            shifted = wrap(r.srnn_readback << 1, SPI_BITS)
            r.read = 0
        else:
            shifted = r.spi_shift_reg_out  # it does not shift here
        r.prog = 0
    r.spi_shift_reg_out = shifted
    if cnt == LAST_BIT:
        r.spi_addr = taken
    r.spi_cnt = 0 if here == LAST_BIT and block >= num_write else wrap(cnt + 1, SPI_CNT_BITS)


@kernel
def _prog(header: int) -> int:
    """PROG_* of a data field: a memory's, or a seed's."""
    code = field(header, HEADER.code)
    addr = field(header, HEADER.addr)
    if NEUR <= code <= WOUT:
        return 1 << (code - NEUR)
    if code == CONFIG and A.spi_seed_inp <= addr <= A.spi_seed_noise_neur:
        return 1 << (FIRST_SEED_BIT + addr - A.spi_seed_inp)
    return 0


@kernel
def _read(header: int) -> int:
    """READ_* of a data field."""
    code = field(header, HEADER.code)
    return 1 << (code - NEUR) if NEUR <= code <= WOUT else 0


@kernel
def miso(r: np.record) -> int:
    """The slave's output: the most significant bit of the shift register; of what was read, at its first bit."""
    shown = r.spi_shift_reg_out
    if field(r.spi_addr, HEADER.read) == 1 and _bit(r.spi_cnt) == 0 and _field(r.spi_cnt) != 0:
        shown = r.srnn_readback
    return bit(shown, SPI_BITS - 1)
