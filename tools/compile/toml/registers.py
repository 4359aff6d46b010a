"""The configuration registers in a configuration: [registers], by the chip's names, in upper or lower case."""

from __future__ import annotations

from collections.abc import Iterator

from draupnir.emulator.declare import Chip, Register
from draupnir.tools.compile.toml import indices
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, show

TABLE = "registers"


def read(source: TomlSource, chip: Chip) -> dict[str, tuple[int, ...]]:
    """The contents of all registers of the chip: for each register one integer for each of its addresses.

    A register that the file does not name has its default contents. Raises InputError for each mistake.
    """
    tables = source.tree.get(TABLE, {})
    if not isinstance(tables, dict):
        raise source.error((TABLE,), f"{show(tables)} is not a table; right is [{TABLE}]")
    by_name = {register.name.lower(): register for register in chip.registers}
    contents = {register.name: default_contents(register) for register in chip.registers}
    name_by_register: dict[str, str] = {}
    for name, setting in tables.items():
        key: Key = (TABLE, name)
        if name.lower() not in by_name:
            raise source.error(key, f"unknown: {closest(name, (r.name for r in chip.registers))}")
        register = by_name[name.lower()]
        if register.name in name_by_register:
            raise source.error(
                key, f"it is the same register as {name_by_register[register.name]}; right is one of the two"
            )
        name_by_register[register.name] = name
        parse = _one_address if register.n_addrs == 1 else _all_addresses
        contents[register.name] = parse(source, key, register, setting)
    return contents


def default_contents(register: Register) -> tuple[int, ...]:
    """The contents of a register that a configuration does not name: in general its reset value, at each address."""
    return (register.fallback,) * register.n_addrs


def _one_address(source: TomlSource, key: Key, register: Register, setting: object) -> tuple[int, ...]:
    return (integer(source, key, setting, register.low, register.high) & (1 << register.width) - 1,)


def _all_addresses(source: TomlSource, key: Key, register: Register, setting: object) -> tuple[int, ...]:
    """A register of several addresses: indices of the bits that are 1, all bits, all words, or one integer."""
    n_bits = register.n_addrs * register.width
    if isinstance(setting, str):
        bit_indices = indices.parse(source, key, setting, n_bits) if setting.strip() else []
        return _parts(register, sum(1 << index for index in bit_indices))
    if not isinstance(setting, list):
        return _parts(register, integer(source, key, setting, 0, (1 << n_bits) - 1))
    if len(setting) == register.n_addrs:
        high = (1 << register.width) - 1
        return tuple(integer(source, (*key, i), part, 0, high) for i, part in enumerate(setting))
    if len(setting) == n_bits:
        bits = [integer(source, (*key, i), bit, 0, 1) for i, bit in enumerate(setting)]
        return _parts(register, sum(bit << i for i, bit in enumerate(bits)))
    right = f'right is {n_bits} bits, {register.n_addrs} words, or the bits that are 1 as "0-9,12"'
    raise source.error(key, f"a list of {len(setting)}; {right}")


def _parts(register: Register, content: int) -> tuple[int, ...]:
    return tuple(content >> register.width * i & (1 << register.width) - 1 for i in range(register.n_addrs))


def _bits(register: Register, parts: tuple[int, ...]) -> list[int]:
    """Indices of the bits that are 1."""
    return [i for i in range(register.n_addrs * register.width) if parts[i // register.width] >> i % register.width & 1]


def dump(chip: Chip, registers: dict[str, tuple[int, ...]]) -> Iterator[str]:
    """Lines of TOML for all registers that do not have their default contents."""
    yield f"[{TABLE}]"
    for register in chip.registers:
        parts = registers[register.name]
        if parts == default_contents(register):
            continue
        if register.n_addrs > 1:
            yield f'{register.name} = "{indices.text(_bits(register, parts))}"'
        else:
            yield f"{register.name} = {signed_number(register, parts[0])}"


def signed_number(register: Register, part: int) -> int:
    """The number that the bits at an address mean: register.low..register.high. part : 0..2**width - 1"""
    return part - (1 << register.width) if register.signed and part > register.high else part
