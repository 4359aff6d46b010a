"""Transactions as people keep them: text, binary, C and Python arrays; of whole transactions, of fields, or of bytes.

text : hexadecimal, with or without 0x, underscores or commas, any number a line; comments begin with #, // or --
binary : the bytes, the first to be sent first
C, Python : an array of integers or bytes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import lcm
from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import Placed, Port, port, split
from draupnir.tools.compile.spi import arrays, images
from draupnir.tools.compile.toml.source import show

BYTE = 8
BYTE_DIGITS = 2
_COMMENT = re.compile(r"#.*|//.*|--.*")
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"(0[xX]|\d*'[hH]|)([0-9a-fA-F_]+)[uUlL]*")


def read(path: Path, chip: Chip) -> Iterator[Placed]:
    """The fields of the transactions in a file, each with its place.

    Raises InputError for a file that is none; it says what the file is where that can be seen.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: no SPI stream: {error.strerror}") from error
    images.refuse(path, content, chip)
    text = _text(content)
    to = port(chip)
    if text is None or path.suffix == ".bin":
        return _joined(to, f"{path}: ", content)
    if path.suffix in arrays.SUFFIXES:
        found, bits = arrays.read(path, text, chip.name)
        return _of_elements(to, path, found, bits)
    return _of_lines(to, path, text)


def _text(content: bytes) -> str | None:
    """The content as text; None if it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _unit(to: Port) -> int:
    """Bits of the shortest whole number of fields that is a whole number of bytes."""
    return lcm(to.field_bits, BYTE)


def _joined(to: Port, where: str, content: bytes) -> Iterator[Placed]:
    n = _unit(to) // BYTE
    if len(content) % n:
        raise InputError(f"{where}{len(content)} bytes; transactions of {to.chip.name} have {n} each")
    units = ((f"{where}word {i // n}", int.from_bytes(content[i : i + n])) for i in range(0, len(content), n))
    return split(to, units, _unit(to))


def _of_elements(to: Port, path: Path, elements: Sequence[int], bits: int) -> Iterator[Placed]:
    """Elements of an array: bytes, fields, or whole transactions, by their size."""
    if bits % to.field_bits == 0 or to.field_bits % bits == 0 or bits == BYTE:
        return _joined(to, f"{path}: ", b"".join(content.to_bytes(bits // BYTE) for content in elements))
    if bits < to.field_bits:
        raise InputError(f"{path}: elements of {bits} bits; right are bytes, or {to.field_bits} bits or more")
    size = to.field_bits if bits < _unit(to) else _unit(to)
    for i, content in enumerate(elements):
        if content >> size:
            raise InputError(f"{path}: element {i}: {content:#x} has more than the {size} bits of {to.chip.name}'s SPI")
    return split(to, ((f"{path}: word {i}", content) for i, content in enumerate(elements)), size)


# --- Lines of text ----------------------------------------------------------------------------------------------


def _of_lines(to: Port, path: Path, text: str) -> Iterator[Placed]:
    """Bytes, fields or transactions, by the longest of all numbers in the file."""
    tokens = list(_tokens(to, path, text))
    longest = max((len(digits) for _, _, digits in tokens), default=0)
    if longest <= BYTE_DIGITS:
        n = _unit(to) // BYTE
        if len(tokens) % n:
            raise InputError(f"{path}: {len(tokens)} bytes; transactions of {to.chip.name} have {n} each")
        groups = (tokens[i : i + n] for i in range(0, len(tokens), n))
        return split(to, ((group[0][0], _number(group)) for group in groups), _unit(to))
    unit = to.field_bits // 4 if longest <= to.field_bits // 4 else _unit(to) // 4
    return _of_tokens(to, tokens, -(-longest // unit) * unit)


def _of_tokens(to: Port, tokens: Sequence[tuple[str, bool, str]], filled: int) -> Iterator[Placed]:
    """Whole fields, or numbers without their leading zeros, which 0x tells; filled : digits that these have."""
    size = to.field_bits // 4
    for where, prefixed, digits in tokens:
        if len(digits) % size and not prefixed:
            right = f"{size} (a field) or {to.bits // 4} (a transaction) hexadecimal digits"
            raise InputError(f"{where}: {show(digits)} is no SPI transaction of {to.chip.name}; right is {right}")
        n = len(digits) if len(digits) % size == 0 else filled
        yield from split(to, [(where, int(digits, 16))], 4 * n)


def _number(tokens: Sequence[tuple[str, bool, str]]) -> int:
    """The number that bytes make up."""
    return int("".join(f"{int(digits, 16):02x}" for _, _, digits in tokens), 16)


def _tokens(to: Port, path: Path, text: str) -> Iterator[tuple[str, bool, str]]:
    """Place, whether there is a prefix, and digits of each number."""
    text = _BLOCK_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n") or " ", text)
    for number, line in enumerate(text.splitlines(), start=1):
        for word in re.split(r"[\s,;{}]+", _COMMENT.sub("", line)):
            if not word:
                continue
            token = _TOKEN.fullmatch(word)
            if token is None or not token[2].strip("_"):
                right = f"hexadecimal, {to.bits // 4} digits a transaction of {to.chip.name}"
                raise InputError(f"{path}:{number}: {show(word)} is no number of an SPI stream; right is {right}")
            yield f"{path}:{number}", bool(token[1]), token[2].replace("_", "")
