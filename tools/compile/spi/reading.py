"""Files of transactions: text, binary, C and Python arrays. They hold whole transactions, fields of them, or bytes.

text : hexadecimal, with or without 0x, underscores or commas, any number in a line; comments begin with #, // or --
CSV : the same, or a table whose first line names its columns (see ``csv_columns``)
binary : the bytes, in the order in which they are sent
C, Python : an array of integers or bytes
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import lcm
from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi import frames
from draupnir.emulator.spi.port import FieldAtPlace, Port, Rest, port, split
from draupnir.tools.compile.spi import arrays, csv_columns, images
from draupnir.tools.compile.spi.segments import Segment, by_place
from draupnir.tools.compile.toml.source import show

BYTE = 8
BYTE_DIGITS = 2
_COMMENT = re.compile(r"#.*|//.*|--.*")
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"(0[xX]|\d*'[hH]|)([0-9a-fA-F_]+)[uUlL]*")


def read(path: Path, chip: Chip) -> Segment:
    """The fields of the transactions in a file, each with its place, and the bits after the last whole field.

    Raises InputError for any other file, with its kind if it can be recognised.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: no SPI stream: {error.strerror}") from error
    images.refuse(path, content, chip)
    text = _text(content)
    spi_port = port(chip)
    if text is None or path.suffix == ".bin":
        return _units(spi_port, f"{path}: ", content)
    if path.suffix in arrays.SUFFIXES:
        elements, bits = arrays.read(path, text, chip.name)
        return _of_elements(spi_port, path, elements, bits)
    if path.suffix == csv_columns.SUFFIX:
        text = csv_columns.of_transfers(path, text, spi_port.field_bits // 4)
    return _of_lines(spi_port, path, text)


def _text(content: bytes) -> str | None:
    """The content as text, or None if it is binary."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _unit(spi_port: Port) -> int:
    """The number of bits of the shortest group of fields that fills whole bytes."""
    return lcm(spi_port.field_bits, BYTE)


def _segment(
    spi_port: Port, groups: Iterable[tuple[str, int]], bits: int, rest_place: str = "", rest: bytes = b""
) -> Segment:
    """Return the segment of groups of fields, and of bytes that do not fill a group.

    bits : the length of each group
    """
    fields = list(split(spi_port, groups, bits))
    n_whole, n_bits = divmod(BYTE * len(rest), spi_port.field_bits)
    content = int.from_bytes(rest)
    for field in frames.fields(content >> n_bits, n_whole * spi_port.field_bits, spi_port.field_bits):
        fields.append((rest_place, field))
    cut_off = Rest(rest_place, n_bits, content & (1 << n_bits) - 1) if n_bits else None
    return by_place(fields, cut_off, spi_port.field_bits)


def _units(spi_port: Port, prefix: str, content: bytes) -> Segment:
    n = _unit(spi_port) // BYTE
    n_whole = len(content) // n * n
    units = ((f"{prefix}word {i // n}", int.from_bytes(content[i : i + n])) for i in range(0, n_whole, n))
    return _segment(spi_port, units, _unit(spi_port), f"{prefix}word {n_whole // n}", content[n_whole:])


def _of_elements(spi_port: Port, path: Path, elements: Sequence[int], bits: int) -> Segment:
    """The fields in the elements of an array. Their size shows whether they are bytes, fields or transactions.

    Elements that are shorter than a field are words of the host's SPI, one after the other.
    """
    if bits % spi_port.field_bits == 0 or bits < spi_port.field_bits:
        return _units(spi_port, f"{path}: ", b"".join(content.to_bytes(bits // BYTE) for content in elements))
    size = spi_port.field_bits if bits < _unit(spi_port) else _unit(spi_port)
    for i, content in enumerate(elements):
        if content >> size:
            raise InputError(
                f"{path}: element {i}: {content:#x} has more than the {size} bits of {spi_port.chip.name}'s SPI"
            )
    return _segment(spi_port, ((f"{path}: word {i}", content) for i, content in enumerate(elements)), size)


# --- Lines of text ----------------------------------------------------------------------------------------------


def _of_lines(spi_port: Port, path: Path, text: str) -> Segment:
    """The fields in lines of text. The longest number shows whether they are bytes, fields or transactions."""
    tokens = list(_tokens(spi_port, path, text))
    longest = max((len(digits) for _, _, digits in tokens), default=0)
    if longest <= BYTE_DIGITS:
        n = _unit(spi_port) // BYTE
        n_whole = len(tokens) // n * n
        groups = (tokens[i : i + n] for i in range(0, n_whole, n))
        rest = tokens[n_whole:]
        contents = bytes(int(digits, 16) for _, _, digits in rest)
        numbers = ((group[0][0], _number(group)) for group in groups)
        return _segment(spi_port, numbers, _unit(spi_port), rest[0][0] if rest else "", contents)
    unit = spi_port.field_bits // 4 if longest <= spi_port.field_bits // 4 else _unit(spi_port) // 4
    fields = list(_of_tokens(spi_port, tokens, -(-longest // unit) * unit))
    return by_place(fields, None, spi_port.field_bits)


def _of_tokens(spi_port: Port, tokens: Sequence[tuple[str, bool, str]], n_full_digits: int) -> Iterator[FieldAtPlace]:
    """The fields in numbers. A number with 0x may lack leading zeros; n_full_digits : its digits with them."""
    size = spi_port.field_bits // 4
    for place, has_prefix, digits in tokens:
        if len(digits) % size and not has_prefix:
            right = f"{size} (a field) or {spi_port.bits // 4} (a transaction) hexadecimal digits"
            raise InputError(
                f"{place}: {show(digits)} is not an SPI transaction of {spi_port.chip.name}; right is {right}"
            )
        n = len(digits) if len(digits) % size == 0 else n_full_digits
        yield from split(spi_port, [(place, int(digits, 16))], 4 * n)


def _number(tokens: Sequence[tuple[str, bool, str]]) -> int:
    """The number with these bytes, the most significant first."""
    return int("".join(f"{int(digits, 16):02x}" for _, _, digits in tokens), 16)


def _tokens(spi_port: Port, path: Path, text: str) -> Iterator[tuple[str, bool, str]]:
    """Yield the place of each number, True if it has a prefix such as 0x, and its digits."""
    text = _BLOCK_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n") or " ", text)
    for number, line in enumerate(text.splitlines(), start=1):
        for word in re.split(r"[\s,;{}]+", _COMMENT.sub("", line)):
            if not word:
                continue
            token = _TOKEN.fullmatch(word)
            if token is None or not token[2].strip("_"):
                right = f"hexadecimal, {spi_port.bits // 4} digits for a transaction of {spi_port.chip.name}"
                raise InputError(f"{path}:{number}: {show(word)} is not a number of an SPI stream; right is {right}")
            yield f"{path}:{number}", bool(token[1]), token[2].replace("_", "")
