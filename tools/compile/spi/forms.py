"""The files that hold transactions: text, binary, C header, Python. ``reading`` reads them.

text : one transaction in each line, in hexadecimal with all digits; ``#`` begins a comment
binary : the bytes of the transactions, in the order in which they are sent
C header : ``static const uint8_t <chip>_spi[][n]``, and the registers' addresses
Python : ``TRANSACTIONS``, bytes, ``REGISTERS``, and ``program``, which sends them all
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.emulator.spi.port import port
from draupnir.golden.files import replacing
from draupnir.tools.compile.spi.stream import descriptions

A_LINE = 8  # transactions in a line of the C header and of the Python form


@dataclass(frozen=True)
class SpiForm:
    """A file format.

    suffix : the end of the file's name, after the name of the chip; write : a function that returns the contents
    """

    suffix: str
    write: Callable[[Chip, Sequence[int]], bytes]


def write(folder: Path, chip: Chip, transactions: Sequence[int]) -> list[Path]:
    """Write the transactions in all formats into a folder that exists. Returns the files.

    transactions : integers of the port's length, 0..2**bits - 1, the first bit on the wire is the most significant
    """
    paths = []
    for form in FORMS:
        path = folder / f"{chip.name}{form.suffix}"
        content = form.write(chip, transactions)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        paths.append(path)
    return paths


def _n_bytes(chip: Chip) -> int:
    return port(chip).bits // 8


def _bytes(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = _n_bytes(chip)
    return b"".join(content.to_bytes(n, "big") for content in transactions)


# --- Text -------------------------------------------------------------------------------------------------------


def _text(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = port(chip).bits
    head = (
        f"# {chip.name}: {len(transactions)} SPI transactions of {n} bits, most significant bit first, after a reset\n"
    )
    pairs = zip(transactions, descriptions(chip, transactions), strict=True)
    lines = (f"{content:0{n // 4}x}  # {words}\n" for content, words in pairs)
    return (head + "".join(lines)).encode()


# --- C ----------------------------------------------------------------------------------------------------------

_C = """\
/* {chip}: {n} SPI transactions that program a network, to be sent in order after a reset.
 * Each is {n_bytes} bytes, most significant bit first, SCK low between them (SPI mode 0), and needs SCK slower than
 * a quarter of the chip's clock. */
#ifndef DRAUPNIR_{CHIP}_SPI_H
#define DRAUPNIR_{CHIP}_SPI_H

#include <stdint.h>

#define {CHIP}_SPI_BYTES {n_bytes}
#define {CHIP}_SPI_TRANSACTIONS {n}

/* First address of each configuration register. */
{registers}

static const uint8_t {chip}_spi[{CHIP}_SPI_TRANSACTIONS][{CHIP}_SPI_BYTES] = {{
{rows}
}};

#endif
"""


def _c(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = _n_bytes(chip)
    rows = ["{" + ",".join(f"0x{byte:02x}" for byte in content.to_bytes(n, "big")) + "}" for content in transactions]
    return _C.format(
        chip=chip.name,
        CHIP=chip.name.upper(),
        n=len(transactions),
        n_bytes=n,
        registers="\n".join(f"#define {chip.name.upper()}_{r.name} {r.addr}" for r in chip.registers),
        rows=",\n".join(", ".join(rows[i : i + A_LINE]) for i in range(0, len(rows), A_LINE)),
    ).encode()


# --- Python -----------------------------------------------------------------------------------------------------

_PYTHON = '''\
"""{chip}: {n} SPI transactions that program a network, to be sent in order after a reset.

Each is {n_bytes} bytes, most significant bit first, SPI mode 0. On a PYNQ board or a Raspberry Pi, for instance:
    spi.max_speed_hz = clock_hz // 8
    program(spi.writebytes)
"""

CHIP = "{chip}"
N_BYTES = {n_bytes}  # of a transaction
REGISTERS = {{  # first address of each configuration register
{registers}
}}
TRANSACTIONS = bytes.fromhex("""
{rows}
""")


def program(send):
    """Call ``send`` with each transaction's bytes, in order."""
    for i in range(0, len(TRANSACTIONS), N_BYTES):
        send(TRANSACTIONS[i : i + N_BYTES])
'''


def _python(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = _n_bytes(chip)
    return _PYTHON.format(
        chip=chip.name,
        n=len(transactions),
        n_bytes=n,
        registers="\n".join(f'    "{r.name}": {r.addr},' for r in chip.registers),
        rows="\n".join(textwrap.wrap(_bytes(chip, transactions).hex(), 2 * n * A_LINE)),
    ).encode()


FORMS = (
    SpiForm("_spi.txt", _text),
    SpiForm("_spi.bin", _bytes),
    SpiForm("_spi.h", _c),
    SpiForm("_spi.py", _python),
)
