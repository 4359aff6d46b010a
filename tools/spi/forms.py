"""The files in which transactions are kept: text, binary, C header, Python. Each is read as it is written.

text : a transaction a line, hexadecimal, all digits; ``#`` begins a comment
binary : the transactions' bytes, the first to be sent first
C header : ``static const uint8_t <chip>_spi[][n]``, and the registers' addresses
Python : ``TRANSACTIONS``, bytes, ``REGISTERS``, and ``program``, which sends them all
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.declare import Chip
from emulator.errors import InputError
from golden.files import replacing
from tools.spi.stream import Placed, meaning
from tools.spi.writes import port

A_LINE = 8  # transactions in a line of the C header and of the Python form


@dataclass(frozen=True)
class Form:
    """suffix : of the file's name, after the chip's; write : its content; read : the transactions, with places"""

    suffix: str
    write: Callable[[Chip, Sequence[int]], bytes]
    read: Callable[[Chip, Path, bytes], Iterator[Placed]]


def write(folder: Path, chip: Chip, transactions: Sequence[int]) -> list[Path]:
    """Write all forms into a folder that exists; returns the files."""
    paths = []
    for form in FORMS:
        path = folder / f"{chip.name}{form.suffix}"
        content = form.write(chip, transactions)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        paths.append(path)
    return paths


def read(path: Path, chip: Chip) -> Iterator[Placed]:
    """The transactions of a file in any form, told by its suffix, each with its place in the file.

    Raises InputError for a file that is not one of ours.
    """
    form = next((form for form in FORMS if path.name.endswith(form.suffix)), None)
    if form is None:
        raise InputError(f"{path}: SPI streams end in {', '.join(form.suffix for form in FORMS)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: no SPI stream: {error.strerror}") from error
    return form.read(chip, path, content)


def _n_bytes(chip: Chip) -> int:
    return port(chip).bits // 8


def _joined(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = _n_bytes(chip)
    return b"".join(content.to_bytes(n, "big") for content in transactions)


def _split(chip: Chip, path: Path, content: bytes) -> Iterator[Placed]:
    n = _n_bytes(chip)
    if len(content) % n:
        raise InputError(f"{path}: {len(content)} bytes; transactions of {chip.name} have {n} each")
    for i in range(0, len(content), n):
        yield f"{path}: transaction {i // n}", int.from_bytes(content[i : i + n], "big")


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file") from error


# --- Text -------------------------------------------------------------------------------------------------------


def _text(chip: Chip, transactions: Sequence[int]) -> bytes:
    n = port(chip).bits
    head = (
        f"# {chip.name}: {len(transactions)} SPI transactions of {n} bits, most significant bit first, after a reset\n"
    )
    lines = (f"{content:0{n // 4}x}  # {meaning(chip, content)}\n" for content in transactions)
    return (head + "".join(lines)).encode()


def _from_text(chip: Chip, path: Path, content: bytes) -> Iterator[Placed]:
    n_digits = port(chip).bits // 4
    for number, line in enumerate(_decoded(path, content).splitlines(), start=1):
        digits = line.partition("#")[0].strip()
        if not digits:
            continue
        if not re.fullmatch(f"[0-9a-fA-F]{{{n_digits}}}", digits):
            raise InputError(f"{path}:{number}: {digits[:40]!r} is not a transaction of {n_digits} hexadecimal digits")
        yield f"{path}:{number}", int(digits, 16)


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


def _from_c(chip: Chip, path: Path, content: bytes) -> Iterator[Placed]:
    array = re.search(rf"{chip.name}_spi\[[^=]*= \{{\n(.*?)\n\}};", _decoded(path, content), re.DOTALL)
    if array is None:
        raise InputError(f"{path}: there is no array {chip.name}_spi")
    digits = "".join(re.findall(r"0x([0-9a-f]{2})", array[1]))
    return _split(chip, path, bytes.fromhex(digits))


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
        rows="\n".join(textwrap.wrap(_joined(chip, transactions).hex(), 2 * n * A_LINE)),
    ).encode()


def _from_python(chip: Chip, path: Path, content: bytes) -> Iterator[Placed]:
    digits = re.search(r'TRANSACTIONS = bytes\.fromhex\("""\n([0-9a-f\n]*)"""\)', _decoded(path, content))
    if digits is None:
        raise InputError(f"{path}: there are no TRANSACTIONS")
    return _split(chip, path, bytes.fromhex(digits[1]))


FORMS = (
    Form("_spi.txt", _text, _from_text),
    Form("_spi.bin", _joined, _split),
    Form("_spi.h", _c, _from_c),
    Form("_spi.py", _python, _from_python),
)
