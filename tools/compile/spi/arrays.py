"""An array of integers or bytes in C or in Python, as drivers keep their SPI transactions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from draupnir.emulator.errors import InputError

C = {".h", ".c", ".hpp", ".cpp", ".cc", ".ino"}  # suffixes of C
PYTHON = ".py"
SUFFIXES = {*C, PYTHON}
SIZES = (8, 16, 32, 64)  # bits of an element
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ARRAY = re.compile(r"([\w \t*]*?)\b(\w+)\s*((?:\[[^\]]*\]\s*)+)[^={};]*=\s*\{(.*?)\}\s*;", re.DOTALL)
_TYPE = re.compile(r"\bu?int(8|16|32|64)_t\b")
_INTEGER = re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b")
PREFERRED = "TRANSACTIONS"  # the array's name in the Python that we write; in C it is <chip>_spi


def read(path: Path, text: str, chip: str) -> tuple[list[int], int]:
    """The elements of a file's array, and the bits of each; of several arrays, the one that has our name.

    Raises InputError if there is no array, or none to choose.
    """
    found = dict(_of_python(path, text) if path.suffix == PYTHON else _of_c(text))
    for name in (f"{chip}_spi", PREFERRED):
        if name in found:
            return found[name]
    if len(found) != 1:
        what = (
            f"are several arrays of integers: {', '.join(found)}; right is one" if found else "is no array of integers"
        )
        raise InputError(f"{path}: no SPI stream: there {what}")
    return next(iter(found.values()))


def _bits(elements: list[int]) -> int:
    """The shortest size that all of them have."""
    return next((size for size in SIZES if max(elements).bit_length() <= size), 0)


def _of_c(text: str) -> Iterator[tuple[str, tuple[list[int], int]]]:
    for before, name, _, body in _ARRAY.findall(_COMMENT.sub(" ", text)):
        elements = [
            int(number, 0 if number[:1] == "0" and number[1:2] in "xX" else 10) for number in _INTEGER.findall(body)
        ]
        size = _TYPE.search(before)
        if elements and (bits := int(size[1]) if size else _bits(elements)) >= _bits(elements) > 0:
            yield name, (elements, bits)


def _of_python(path: Path, text: str) -> Iterator[tuple[str, tuple[list[int], int]]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{path}: no SPI stream: not Python") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            content = _literal(node.value)
            elements = list(_flat(content))
            if elements and min(elements) >= 0 and _bits(elements):
                yield node.targets[0].id, (elements, 8 if isinstance(content, bytes) else _bits(elements))


def _literal(node: ast.expr) -> object:
    """A literal, or ``bytes.fromhex`` of one; None for anything else."""
    try:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("bytes.fromhex", "bytes", "bytearray"):
            argument = ast.literal_eval(node.args[0])
            return bytes.fromhex(argument) if isinstance(argument, str) else bytes(argument)
        return ast.literal_eval(node)
    except (ValueError, TypeError, IndexError, RecursionError):
        return None


def _flat(content: object) -> Iterator[int]:
    """The integers in lists within lists; nothing for anything else."""
    if isinstance(content, (bytes, list, tuple)):
        for one in content:
            if isinstance(one, int) and not isinstance(one, bool):
                yield one
            else:
                yield from _flat(one)
