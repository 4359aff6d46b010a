"""Memory images as ``$readmemh`` text: one word in each line, the most significant digit first.

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

COPY = "{}"  # in a file's name it stands for the copy of the memory


def read(path: Path, memory: Memory) -> np.ndarray:
    """Return the image in the form of the model: uint32 of ``memory.shape``, limb 0 the least significant one.

    A memory with copies has one file with the words of all copies, one copy after the other; or it has one file for
    each copy, and then {} in the path stands for the number of the copy, from 0.

    Raises InputError, with file and line, unless there is exactly one word for each address.
    """
    if COPY not in path.name:
        n_words = memory.depth * (1 if memory.copies is None else memory.copies)
        return _read(path, memory, memory.name, n_words).reshape(memory.shape)
    pairs = zip(memory.parts, _files(path, memory), strict=True)
    return np.stack([_read(file, memory, part, memory.depth) for part, file in pairs])


def write(path: Path, words: np.ndarray, memory: Memory, addressed: bool = False) -> None:
    """Write words: uint32 of ``memory.shape``. The digits are in lower case.

    path : with {} in its name it stands for one file for each copy, as in ``read``
    addressed : True to write the address of the first word, 0, before it; a .mem file for Vivado needs this
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
    """Return the file of each copy. Raises InputError for a memory without copies."""
    if memory.copies is None:
        raise InputError(f"{path}: {memory.name} has no copies, for which {COPY} would stand; right is one file")
    return [path.with_name(path.name.replace(COPY, str(copy))) for copy in range(memory.copies)]


def _read(path: Path, memory: Memory, name: str, n_words: int) -> np.ndarray:
    """Read a file of ``n_words`` words; name : the name of the memory in messages."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no memory image of {name}: {reason}") from error
    words = np.zeros((n_words, memory.n_limbs), dtype=np.uint32)
    has_word = np.zeros(n_words, dtype=bool)
    addr = 0
    for line, token in _tokens(text):
        place = f"{path}:{line}"
        if token.startswith("@"):
            addr = _digits(token[1:], place, "address")
            continue
        content = _digits(token, place, "word")
        if content >> memory.width:
            raise InputError(f"{place}: {token} has more than the {memory.width} bits of a word of {name}")
        if addr >= n_words:
            raise InputError(f"{place}: word at address {addr:#x}; {name} has {n_words} words")
        if has_word[addr]:
            raise InputError(f"{place}: second word at address {addr:#x}; each address has one")
        words[addr] = to_limbs(content, memory.n_limbs)
        has_word[addr] = True
        addr += 1
    if not has_word.all():
        first = int(np.argmin(has_word))
        raise InputError(
            f"{path}:{text.count(chr(10)) + 1}: {np.count_nonzero(has_word)} words; {name} has {n_words}"
            f" (the first without one is {first:#x})"
        )
    return words


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each address and each word, without comments."""
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment.group().count("\n") or " ", text, flags=re.DOTALL)
    for number, line in enumerate(text.split("\n"), start=1):
        for token in line.split("//")[0].split():
            yield number, token


def _digits(token: str, place: str, kind: str) -> int:
    digits = token.replace("_", "")
    if re.fullmatch(r"[0-9a-fA-F]+", digits):
        return int(digits, 16)
    bad = re.search(r"[^0-9a-fA-F]", digits)
    if bad and bad.group() in "xXzZ":
        raise InputError(
            f"{place}: {kind} {token[:40]} is not fully known ({bad.group()}); hexadecimal digits are needed"
        )
    raise InputError(f"{place}: {kind} {token[:40]!r} is not made of hexadecimal digits")
