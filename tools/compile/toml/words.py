"""Memories in a configuration, word by word: [[neurons]] with index, model and fields by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs
from draupnir.emulator.declare import Memory, Word
from draupnir.tools.compile.toml import indices
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, Tables, TomlSource, closest, show

RAW = "word"  # the field that gives all bits of a word
INDEX, MODEL = "index", "model"


def fill(source: TomlSource, words: np.ndarray, memory: Memory, tables: Tables) -> None:
    """Fill a memory from its tables. Each word may stand in one table only.

    words : (depth, limbs) uint32, changed in place
    Raises InputError, with file, line and field, for each mistake.
    """
    line_by_index: dict[int, int] = {}
    for n, table in tables:
        key: Key = (memory.name, n)
        if INDEX not in table:
            raise source.error(key, f'{INDEX} is missing; right is, for instance, {INDEX} = "0-9,12"')
        word_indices = indices.parse(source, (*key, INDEX), table[INDEX], memory.depth)
        for index in word_indices:
            if index in line_by_index:
                raise source.error((*key, INDEX), f"{index} is already configured in line {line_by_index[index]}")
            line_by_index[index] = source.line(key)
        words[word_indices] = to_limbs(_content(source, key, memory, table), memory.n_limbs)


def _content(source: TomlSource, key: Key, memory: Memory, table: dict[str, Any]) -> int:
    fields = {name: setting for name, setting in table.items() if name != INDEX}
    if RAW in fields:
        if len(fields) > 1:
            other_name = next(name for name in fields if name != RAW)
            raise source.error((*key, other_name), f"{RAW} already gives all bits; right is one of the two")
        return _raw(source, (*key, RAW), fields[RAW], memory)
    word = memory.words[0]
    implied_fields: dict[str, int] = {}
    if memory.view_field:
        word = _view(source, key, memory, fields.pop(MODEL, None))
        implied_fields = {memory.view_field: next(c for c, name in memory.view.items() if name == word.name)}
    for name, setting in fields.items():
        if name in implied_fields:
            raise source.error((*key, name), f"follows from {MODEL}; right is to leave it out")
        if name not in word:
            raise source.error((*key, name), f"unknown: {_right(memory, word, name)}")
        fields[name] = integer(source, (*key, name), setting, word[name].low, word[name].high)
    return encode(word, **implied_fields, **fields)


def _raw(source: TomlSource, key: Key, setting: object, memory: Memory) -> int:
    n_digits = -(-memory.width // 4)
    right = f'right is "0x" and up to {n_digits} hexadecimal digits'
    try:
        content = int(setting, 16) if isinstance(setting, str) and setting.startswith("0x") else -1
    except ValueError:
        content = -1
    if content < 0 or content >> memory.width:
        raise source.error(key, f"{show(setting)} is not a word of {memory.width} bits; {right}")
    return content


def _view(source: TomlSource, key: Key, memory: Memory, setting: object) -> Word:
    names = list(memory.view.values())
    right = " or ".join(f'"{name}"' for name in names)
    if setting is None:
        raise source.error(key, f"{MODEL} is missing; right is {MODEL} = {right}")
    if setting not in names:
        raise source.error((*key, MODEL), f"{show(setting)} is unknown; right is {right}")
    return memory.word(str(setting))


def _right(memory: Memory, word: Word, name: str) -> str:
    """The advice for a name that is not a field of this word."""
    other_words = [candidate.name for candidate in memory.words if candidate is not word and name in candidate]
    if other_words:
        return f"{word.name} has no such field, {other_words[0]} has"
    view_field = memory.view_field
    return closest(name, [INDEX, *([MODEL] if view_field else []), *(f.name for f in word if f.name != view_field)])


def dump(words: np.ndarray, memory: Memory, unused: int) -> Iterator[str]:
    """Lines of TOML: one table for all words with the same contents, and none for ``unused`` ones."""
    indices_by_content: dict[int, list[int]] = {}
    for index, limbs in enumerate(words):
        indices_by_content.setdefault(from_limbs(limbs), []).append(index)
    for content, word_indices in indices_by_content.items():
        if content == unused:
            continue
        yield f"\n[[{memory.name}]]"
        yield f'{INDEX} = "{indices.text(word_indices)}"'
        word = memory.word_of(content)
        fields = decode(word, content)
        if encode(word, **fields) != content:  # a bit that belongs to no field is 1
            yield f'{RAW} = "{content:#x}"'
            continue
        if memory.view_field:
            yield f'{MODEL} = "{word.name}"'
        yield from (f"{name} = {n}" for name, n in fields.items() if n and name != memory.view_field)
