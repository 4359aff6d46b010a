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

COPY = "{}"  # in a file's name: the copy of the memory


def read(path: Path, memory: Memory) -> np.ndarray:
    """The image as the model holds it: uint32 of ``memory.shape``, limb 0 least significant.

    A memory with copies has one file, with the words of all copies one after the other, or a file for each: then {} in
    the path's name stands for the copy, 0, 1, and so on.

    Raises InputError, naming file and line, for anything but exactly one word for each address.
    """
    if COPY not in path.name:
        n_words = memory.depth * (1 if memory.copies is None else memory.copies)
        return _read(path, memory, memory.name, n_words).reshape(memory.shape)
    pairs = zip(memory.parts, _files(path, memory), strict=True)
    return np.stack([_read(file, memory, part, memory.depth) for part, file in pairs])


def write(path: Path, words: np.ndarray, memory: Memory, addressed: bool = False) -> None:
    """Write words of ``memory.shape``, lower case, all digits of each, or one 0 for a word of zeros.

    path : with {} in its name, a file for each copy, as ``read`` takes them
    addressed : the first word's address, 0, goes before it, as Vivado wants it in a .mem file
    """
    if COPY in path.name:
        for file, content in zip(_files(path, memory), words, strict=True):
            write(file, content, memory.part, addressed)
        return
    n_digits = -(-memory.width // 4)
    lines = (f"{from_limbs(word):0{n_digits}x}\n" for word in words.reshape(-1, memory.n_limbs))
    zero, short = "0" * n_digits + "\n", "0\n"
    with replacing(path) as temporary:
        temporary.write_text("@0\n" * addressed + "".join(short if line == zero else line for line in lines))


def _files(path: Path, memory: Memory) -> list[Path]:
    """The file of each copy. Raises InputError for a memory that has no copies."""
    if memory.copies is None:
        raise InputError(f"{path}: {memory.name} has no copies, for which {COPY} would stand; right is one file")
    return [path.with_name(path.name.replace(COPY, str(copy))) for copy in range(memory.copies)]


def _read(path: Path, memory: Memory, name: str, n_words: int) -> np.ndarray:
    """A file of so many words; ``name`` is what messages call the memory."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no memory image of {name}: {reason}") from error
    words = np.zeros((n_words, memory.n_limbs), dtype=np.uint32)
    given = np.zeros(n_words, dtype=bool)
    addr = 0
    for line, token in _tokens(text):
        where = f"{path}:{line}"
        if token.startswith("@"):
            addr = _digits(token[1:], where, "address")
            continue
        content = _digits(token, where, "word")
        if content >> memory.width:
            raise InputError(f"{where}: {token} has more than the {memory.width} bits of a word of {name}")
        if addr >= n_words:
            raise InputError(f"{where}: word at address {addr:#x}; {name} has {n_words} words")
        if given[addr]:
            raise InputError(f"{where}: second word at address {addr:#x}; each address has one")
        words[addr] = to_limbs(content, memory.n_limbs)
        given[addr] = True
        addr += 1
    if not given.all():
        first = int(np.argmin(given))
        raise InputError(
            f"{path}:{text.count(chr(10)) + 1}: {np.count_nonzero(given)} words; {name} has {n_words}"
            f" (the first without one is {first:#x})"
        )
    return words


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
