"""Files that a user may confuse with an SPI stream: waveforms, memory images and matrices."""

from __future__ import annotations

import re
from pathlib import Path

from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile
from draupnir.golden.wave import is_waveform

NPY = b"\x93NUMPY"


def refuse(path: Path, content: bytes, chip: Chip) -> None:
    """Raise InputError, with the right use, for a file that is a waveform, a memory image or a matrix."""
    if is_waveform(path):
        raise InputError(f"{path}: a waveform, not an SPI stream: draupnir decode {chip.name} {path} reads it")
    if content.startswith(NPY):
        uses = " or ".join(f"[{memory.name}]" for memory in chip.memories if memory.matrix) or "a configuration"
        raise InputError(f'{path}: an array, not an SPI stream: use it as matrix = "{path.name}" in {uses} of a TOML')
    if (description := image(path, content, chip)) is not None:
        raise InputError(f"{path}: not an SPI stream, but {description}")


def image(path: Path, content: bytes, chip: Chip) -> str | None:
    """Describe the shape of a memory image and its right use. Returns None for a file that is not an image."""
    try:
        tokens = re.sub(r"//[^\n]*|/\*.*?\*/", " ", content.decode(), flags=re.DOTALL).split()
    except UnicodeDecodeError:
        return None
    words = [token.replace("_", "") for token in tokens if not token.startswith("@")]
    if not words or not all(re.fullmatch(r"[0-9a-fA-F]+", word) for word in words):
        return None
    candidates = [memory for memory in chip.memories if _fits(memory, words)]
    if candidates:
        use = " or ".join(f'{memory.name} = "{path.name}"' for memory in candidates)
        names = " or ".join(memory.name for memory in candidates)
        return f"a memory image of {names}' shape ({_shape(candidates[0])}): use it as {use} in a TOML"
    if copies := [memory for memory in chip.memories if _fits(memory.part, words)]:
        one = copies[0]
        right = f'right is one file with {_shape(one)}, or a file for each copy: {one.name} = "NAME_{hexfile.COPY}.hex"'
        return f"a memory image of one copy of {one.name}, which has {one.copies}: {right} in a TOML"
    if len(words) < len(tokens):
        shapes = ", ".join(f"{memory.name} {_shape(memory)}" for memory in chip.memories)
        return f"a memory image of {len(words)} words, of no memory's shape ({chip.name} has {shapes})"
    return None


def _fits(memory: Memory, words: list[str]) -> bool:
    """True if there is one word for each address of each copy, and the longest word has all its digits."""
    n_words = memory.depth * (memory.copies or 1)
    return len(words) == n_words and max(map(len, words)) == -(-memory.width // 4)


def _shape(memory: Memory) -> str:
    """The words in an image of the whole memory, for a message."""
    words = f"{memory.depth} words of {memory.width} bits"
    return words if memory.copies is None else f"{memory.copies} copies of {words}, one after the other"
