"""The SPI slave: an address field and any number of data fields of 32 bits, in SCK's own clock domain.

The most significant bit comes first. The slave samples MOSI at the rising edge of SCK; everything else moves at the
falling edge. The slave does not use CLK; the core synchronises its requests.

``flat`` is the record as one array, in which PLACE finds a configuration register by its address.

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
LAST_BIT = SPI_BITS - 1  # lower bits of spi_cnt at a field's last bit
FIELD_SHIFT = LAST_BIT.bit_length()  # the bits of spi_cnt above these are the field; 0 is the address field
ADDR_BITS = SPI_HEADER["addr"].width
FIRST_SEED_BIT = positions(PROG).seed_inp.shift

_DTYPE = state.record_dtype(CHIP)
_PLACES = [
    (r.addr + i, _DTYPE.fields[r.name.lower()][1] // 8 + i, r.width)  # type: ignore[index]
    for r in CHIP.registers
    for i in range(r.n_addrs)
]
N_ADDRS = 1 + max(addr for addr, _, _ in _PLACES)
PLACE = np.full(N_ADDRS, -1)  # the place in the record of the register of each address
MASK = np.zeros(N_ADDRS, dtype=np.int64)
for _addr, _place, _width in _PLACES:
    PLACE[_addr] = _place
    MASK[_addr] = (1 << _width) - 1


@kernel
def _bit(cnt: int) -> int:
    """Return the number of the bit within its field, 0..31."""
    return cnt & LAST_BIT


@kernel
def _field(cnt: int) -> int:
    """Return the number of the field; 0 is the address field."""
    return cnt >> FIELD_SHIFT


# RST clears the transaction and resets most registers; some keep their content, and so do the last bits from MOSI.
reset = resetter(CHIP.block("spi_slave"))


@kernel
def sck_rise(r: np.record, flat: np.ndarray, mosi: int) -> None:
    """Rising edge of SCK: shift MOSI in. The last bit of a data field also writes the configuration register.

    All data fields of a transaction write the same register, because its address does not move on.
    """
    shift_reg = wrap(r.spi_shift_reg_in << 1 | mosi, SPI_BITS)
    addr = _write_addr(r)
    if addr < N_ADDRS and PLACE[addr] >= 0:
        flat[PLACE[addr]] = shift_reg & MASK[addr]
    r.spi_shift_reg_in = shift_reg


@kernel
def rst_rise(r: np.record, mosi: int) -> None:
    """Rising edge of RST: it writes SPI_RO_STAGE_SEL as a rising edge of SCK does, and nothing reads this register.

    Its block in the Verilog names the edge of the reset, but does not ask for the reset.
    """
    if _write_addr(r) == A.spi_ro_stage_sel:
        r.spi_ro_stage_sel = (r.spi_shift_reg_in << 1 | mosi) & MASK[A.spi_ro_stage_sel]


@kernel
def _write_addr(r: np.record) -> int:
    """Return the address that the last bit of a data field writes, or N_ADDRS if none is written now."""
    data_end = _bit(r.spi_cnt) == LAST_BIT and _field(r.spi_cnt) != 0
    if data_end and field(r.spi_addr, HEADER.read) == 0 and field(r.spi_addr, HEADER.code) == CONFIG:
        return field(r.spi_addr, HEADER.addr)
    return N_ADDRS


@kernel
def sck_fall(r: np.record) -> None:
    """Falling edge of SCK: shift MISO out, request a read for the next data field, and a write after each data field.

    A read request stays 1 until the falling edge after the next field's first bit, a write request at most until then.
    """
    cnt, shift_in, header = r.spi_cnt, r.spi_shift_reg_in, r.spi_addr
    bit_idx, block = _bit(cnt), _field(cnt)
    num_write = field(shift_in if cnt == LAST_BIT else header, HEADER.num_write)
    is_read = field(header, HEADER.read) == 1
    shift_reg = wrap(r.spi_shift_reg_out << 1, SPI_BITS)
    if not is_read and bit_idx == LAST_BIT and block != 0:
        shift_reg = 0
        r.prog = _prog(header)
        r.spi_addr_out = wrap(field(header, HEADER.addr) + block - 1, ADDR_BITS)
        r.spi_data = shift_in
    elif cnt == LAST_BIT and field(shift_in, HEADER.read) == 1:
        r.read = _read(shift_in)
        r.spi_addr_out = field(shift_in, HEADER.addr)
    elif is_read and bit_idx == LAST_BIT and block != 0 and block < num_write:
        r.read = _read(header)
        r.spi_addr_out = wrap(field(header, HEADER.addr) + block, ADDR_BITS)
    elif bit_idx == 0:
        if is_read and block != 0:
            shift_reg = wrap(r.srnn_readback << 1, SPI_BITS)
            r.read = 0
        else:
            shift_reg = r.spi_shift_reg_out  # it does not shift here
        r.prog = 0
    r.spi_shift_reg_out = shift_reg
    if cnt == LAST_BIT:
        r.spi_addr = shift_in
    r.spi_cnt = 0 if bit_idx == LAST_BIT and block >= num_write else wrap(cnt + 1, SPI_CNT_BITS)


@kernel
def _prog(header: int) -> int:
    """Return the PROG_* bit of a data field: the one of a memory or of a seed."""
    code = field(header, HEADER.code)
    addr = field(header, HEADER.addr)
    if NEUR <= code <= WOUT:
        return 1 << (code - NEUR)
    if code == CONFIG and A.spi_seed_inp <= addr <= A.spi_seed_noise_neur:
        return 1 << (FIRST_SEED_BIT + addr - A.spi_seed_inp)
    return 0


@kernel
def _read(header: int) -> int:
    """Return the READ_* bit of a data field."""
    code = field(header, HEADER.code)
    return 1 << (code - NEUR) if NEUR <= code <= WOUT else 0


@kernel
def miso(r: np.record) -> int:
    """Return the slave's output: the top bit of the shift register, or of the read word at the first bit of a field."""
    word_out = r.spi_shift_reg_out
    if field(r.spi_addr, HEADER.read) == 1 and _bit(r.spi_cnt) == 0 and _field(r.spi_cnt) != 0:
        word_out = r.srnn_readback
    return bit(word_out, SPI_BITS - 1)
