"""A memory in a configuration, word by word: [[neurons]] with index, model and fields by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs
from draupnir.emulator.declare import Memory, Word
from draupnir.tools.compile.toml import indices
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, Tables, TomlSource, closest, show

RAW = "word"  # field that gives a word as it is
INDEX, MODEL = "index", "model"


def fill(source: TomlSource, words: np.ndarray, memory: Memory, tables: Tables) -> None:
    """Fill a memory from its tables; each word is named at most once."""
    named: dict[int, int] = {}
    for n, table in tables:
        key: Key = (memory.name, n)
        if INDEX not in table:
            raise source.error(key, f'{INDEX} is missing; right is, for instance, {INDEX} = "0-9,12"')
        found = indices.parse(source, (*key, INDEX), table[INDEX], memory.depth)
        for index in found:
            if index in named:
                raise source.error((*key, INDEX), f"{index} has been configured in line {named[index]} already")
            named[index] = source.line(key)
        words[found] = to_limbs(_content(source, key, memory, table), memory.n_limbs)


def _content(source: TomlSource, key: Key, memory: Memory, table: dict[str, Any]) -> int:
    fields = {name: given for name, given in table.items() if name != INDEX}
    if RAW in fields:
        if len(fields) > 1:
            other = next(name for name in fields if name != RAW)
            raise source.error((*key, other), f"{RAW} gives all bits already; right is one of the two")
        return _raw(source, (*key, RAW), fields[RAW], memory)
    word = memory.words[0]
    implied: dict[str, int] = {}
    if memory.view_field:
        word = _view(source, key, memory, fields.pop(MODEL, None))
        implied = {memory.view_field: next(c for c, name in memory.view.items() if name == word.name)}
    for name, given in fields.items():
        if name in implied:
            raise source.error((*key, name), f"follows from {MODEL}; right is to leave it out")
        if name not in word:
            raise source.error((*key, name), f"unknown: {_right(memory, word, name)}")
        fields[name] = integer(source, (*key, name), given, word[name].low, word[name].high)
    return encode(word, **implied, **fields)


def _raw(source: TomlSource, key: Key, given: object, memory: Memory) -> int:
    n_digits = -(-memory.width // 4)
    right = f'right is "0x" and up to {n_digits} hexadecimal digits'
    try:
        content = int(given, 16) if isinstance(given, str) and given.startswith("0x") else -1
    except ValueError:
        content = -1
    if content < 0 or content >> memory.width:
        raise source.error(key, f"{show(given)} is not a word of {memory.width} bits; {right}")
    return content


def _view(source: TomlSource, key: Key, memory: Memory, given: object) -> Word:
    names = list(memory.view.values())
    right = " or ".join(f'"{name}"' for name in names)
    if given is None:
        raise source.error(key, f"{MODEL} is missing; right is {MODEL} = {right}")
    if given not in names:
        raise source.error((*key, MODEL), f"{show(given)} is unknown; right is {right}")
    return memory.word(str(given))


def _right(memory: Memory, word: Word, name: str) -> str:
    """Return what to say to a name that is no field of this word."""
    others = [other.name for other in memory.words if other is not word and name in other]
    if others:
        return f"{word.name} has no such field, {others[0]} has"
    implied = memory.view_field
    return closest(name, [INDEX, *([MODEL] if implied else []), *(f.name for f in word if f.name != implied)])


def dump(words: np.ndarray, memory: Memory, unused: int) -> Iterator[str]:
    """Lines of TOML: a table for all words of the same content; none for ``unused`` ones."""
    same: dict[int, list[int]] = {}
    for index, limbs in enumerate(words):
        same.setdefault(from_limbs(limbs), []).append(index)
    for content, found in same.items():
        if content == unused:
            continue
        yield f"\n[[{memory.name}]]"
        yield f'{INDEX} = "{indices.text(found)}"'
        word = memory.word_of(content)
        fields = decode(word, content)
        if encode(word, **fields) != content:  # bits of no field are set
            yield f'{RAW} = "{content:#x}"'
            continue
        if memory.view_field:
            yield f'{MODEL} = "{word.name}"'
        yield from (f"{name} = {n}" for name, n in fields.items() if n and name != memory.view_field)
