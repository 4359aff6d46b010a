"""The state of a chip before the first clock of a golden case that does not begin at the power-up.

``state.toml`` has two tables: the levels of the pins, and the contents of registers, an array for an array of
registers. What is not there is 0. In a program the state is a mapping like that of the memories: register -> int64 of
all its elements; and "inputs" -> the row of the pins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.codec import decode, encode
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import from_row, to_row

STATE = "state.toml"
INPUTS = "inputs"  # the register of a model that has the present pins


def of_model(model: Any) -> dict[str, np.ndarray]:
    """Return the present state of a golden model, without its memories."""
    record = model.registers
    contents = {reg.name: record[reg.name].reshape(-1).copy() for reg in state.registers(model.chip)}
    return {name: words for name, words in contents.items() if words.any()} | {INPUTS: record[0][INPUTS]}


def put_into(model: Any, contents: Mapping[str, np.ndarray]) -> None:
    """Give a golden model the state; contents : also memories, which stay as they are"""
    for name, words in contents.items():
        if name == INPUTS:
            model.registers[0][INPUTS] = words
        elif name not in model.memories:
            for i, content in enumerate(words.tolist()):
                model.poke(name, content, i)


def write(path: Path, chip: Chip, contents: Mapping[str, np.ndarray]) -> None:
    """Write a state."""
    pins = decode(chip.input_word, from_row(chip.input_word, contents[INPUTS]))
    lines = ["[pins]", *(f"{name} = {level:#x}" for name, level in pins.items() if level), "", "[registers]"]
    for name, words in contents.items():
        if name != INPUTS:
            texts = [f"{content:#x}" for content in words.tolist()]
            lines.append(f"{name} = {texts[0] if len(texts) == 1 else '[' + ', '.join(texts) + ']'}")
    path.write_text("\n".join(lines) + "\n")


def read(path: Path, chip: Chip) -> dict[str, np.ndarray]:
    """Read a state. Raises InputError for a file that is none, and for contents that do not fit."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: no state of {chip.name}: {error}") from error
    if set(table) != {"pins", "registers"} or not all(isinstance(part, dict) for part in table.values()):
        raise InputError(f"{path}: right are the tables [pins] and [registers], and nothing else")
    registers = {reg.name: (reg.width, prod(reg.shape)) for reg in state.registers(chip)}
    pins = {field.name: (field.width, 1) for field in chip.input_word}
    contents = _contents(path, table["registers"], registers)
    levels = {name: int(level[0]) for name, level in _contents(path, table["pins"], pins).items()}
    return contents | {INPUTS: to_row(chip.input_word, encode(chip.input_word, **levels))}


def _contents(path: Path, table: Mapping[str, Any], sizes: Mapping[str, tuple[int, int]]) -> dict[str, np.ndarray]:
    """Check a table; sizes : name -> bits of a number, and how many numbers there are"""
    for name in table:
        if name not in sizes:
            raise InputError(f"{path}: no {name}; right is one of {', '.join(sizes)}")
    return {name: _numbers(path, name, entry, *sizes[name]) for name, entry in table.items()}


def _numbers(path: Path, name: str, entry: Any, width: int, n: int) -> np.ndarray:
    numbers = entry if isinstance(entry, list) else [entry]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << width:
            raise InputError(f"{path}: {name}: {number!r} is no number of {width} bits")
    if len(numbers) != n:
        raise InputError(f"{path}: {name} has {len(numbers)} numbers; right are {n}")
    return np.array(numbers, np.int64)
