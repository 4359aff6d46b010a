"""Memory images as ``$readmemh`` text: a word a line, most significant digit first.

Source: IEEE 1364-2005, 17.2.9: words of hexadecimal digits with optional underscores, separated by white space;
``@addr`` (hexadecimal) sets the address of the next word; ``//`` and ``/* */`` are comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from draupnir.emulator.codec import from_limbs, to_limbs
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.golden.files import replacing


def read(path: Path, memory: Memory) -> np.ndarray:
    """The image as the model holds it: (depth, limbs) uint32, limb 0 least significant.

    Raises InputError, naming file and line, for anything but exactly one word for each address.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no memory image of {memory.name}: {reason}") from error
    words = np.zeros((memory.depth, memory.n_limbs), dtype=np.uint32)
    given = np.zeros(memory.depth, dtype=bool)
    addr = 0
    for line, token in _tokens(text):
        where = f"{path}:{line}"
        if token.startswith("@"):
            addr = _digits(token[1:], where, "address")
            continue
        content = _digits(token, where, "word")
        if content >> memory.width:
            raise InputError(f"{where}: {token} has more than the {memory.width} bits of a word of {memory.name}")
        if addr >= memory.depth:
            raise InputError(f"{where}: word at address {addr:#x}; {memory.name} has {memory.depth} words")
        if given[addr]:
            raise InputError(f"{where}: second word at address {addr:#x}; each address has one")
        words[addr] = to_limbs(content, memory.n_limbs)
        given[addr] = True
        addr += 1
    if not given.all():
        first = int(np.argmin(given))
        raise InputError(
            f"{path}:{text.count(chr(10)) + 1}: {np.count_nonzero(given)} words; {memory.name} has {memory.depth}"
            f" (the first without one is {first:#x})"
        )
    return words


def write(path: Path, words: np.ndarray, memory: Memory, addressed: bool = False) -> None:
    """Write (depth, limbs) uint32 words, lower case, all digits of each, or one 0 for a word of zeros.

    addressed : the first word's address, 0, goes before it, as Vivado wants it in a .mem file
    """
    n_digits = -(-memory.width // 4)
    lines = (f"{from_limbs(word):0{n_digits}x}\n" for word in words)
    zero, short = "0" * n_digits + "\n", "0\n"
    with replacing(path) as temporary:
        temporary.write_text("@0\n" * addressed + "".join(short if line == zero else line for line in lines))


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each address and word, comments left out."""
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment.group().count("\n") or " ", text, flags=re.DOTALL)
    for number, line in enumerate(text.split("\n"), start=1):
        for token in line.split("//")[0].split():
            yield number, token


def _digits(token: str, where: str, kind: str) -> int:
    digits = token.replace("_", "")
    if re.fullmatch(r"[0-9a-fA-F]+", digits):
        return int(digits, 16)
    bad = re.search(r"[^0-9a-fA-F]", digits)
    if bad and bad.group() in "xXzZ":
        raise InputError(
            f"{where}: {kind} {token[:40]} is not fully known ({bad.group()}); hexadecimal digits are needed"
        )
    raise InputError(f"{where}: {kind} {token[:40]!r} is not made of hexadecimal digits")
