"""Arrays of integers or bytes in C or Python, in which drivers keep their SPI transactions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from draupnir.emulator.errors import InputError

C = {".h", ".c", ".hpp", ".cpp", ".cc", ".ino"}  # suffixes of C and C++
PYTHON = ".py"
SUFFIXES = {*C, PYTHON}
SIZES = (8, 16, 32, 64)  # bits of an element
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ARRAY = re.compile(r"([\w \t*]*?)\b(\w+)\s*((?:\[[^\]]*\]\s*)+)[^={};]*=\s*\{(.*?)\}\s*;", re.DOTALL)
_TYPE = re.compile(r"\bu?int(8|16|32|64)_t\b")
_INTEGER = re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b")
PREFERRED = "TRANSACTIONS"  # the array's name in the Python that we write; in C it is <chip>_spi


def read(path: Path, text: str, chip: str) -> tuple[list[int], int]:
    """The elements of the array in a file, at least 0, and the number of bits of each, 8, 16, 32 or 64.

    If there are several arrays, the one with our name is read. Raises InputError if there is none.
    """
    array_by_name = dict(_of_python(path, text) if path.suffix == PYTHON else _of_c(text))
    for name in (f"{chip}_spi", PREFERRED):
        if name in array_by_name:
            return array_by_name[name]
    if len(array_by_name) != 1:
        problem = (
            f"are several arrays of integers: {', '.join(array_by_name)}; right is one"
            if array_by_name
            else "is no array of integers"
        )
        raise InputError(f"{path}: no SPI stream: there {problem}")
    return next(iter(array_by_name.values()))


def _bits(elements: list[int]) -> int:
    """The smallest size in bits that holds all elements, 0 if there is none."""
    return next((size for size in SIZES if max(elements).bit_length() <= size), 0)


def _of_c(text: str) -> Iterator[tuple[str, tuple[list[int], int]]]:
    for type_text, name, _, body in _ARRAY.findall(_COMMENT.sub(" ", text)):
        elements = [
            int(number, 0 if number[:1] == "0" and number[1:2] in "xX" else 10) for number in _INTEGER.findall(body)
        ]
        size = _TYPE.search(type_text)
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
    """The integers in nested lists, in order; any other object has none."""
    if isinstance(content, (bytes, list, tuple)):
        for one in content:
            if isinstance(one, int) and not isinstance(one, bool):
                yield one
            else:
                yield from _flat(one)
