"""The configuration registers in a configuration: [registers], by the chip's names, in upper or lower case."""

from __future__ import annotations

from collections.abc import Iterator

from draupnir.emulator.declare import Chip, Register
from draupnir.tools.compile.toml import indices
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, show

TABLE = "registers"


def read(source: TomlSource, chip: Chip) -> dict[str, tuple[int, ...]]:
    """All registers of the chip, for each of a register's addresses what is in it.

    Where nothing is given that is what the declaration says: in general its content after a reset.
    """
    tables = source.tree.get(TABLE, {})
    if not isinstance(tables, dict):
        raise source.error((TABLE,), f"{show(tables)} is not a table; right is [{TABLE}]")
    by_name = {register.name.lower(): register for register in chip.registers}
    found = {register.name: untouched(register) for register in chip.registers}
    given_as: dict[str, str] = {}
    for name, given in tables.items():
        key: Key = (TABLE, name)
        if name.lower() not in by_name:
            raise source.error(key, f"unknown: {closest(name, (r.name for r in chip.registers))}")
        register = by_name[name.lower()]
        if register.name in given_as:
            raise source.error(key, f"has been given as {given_as[register.name]} already")
        given_as[register.name] = name
        parse = _one if register.n_addrs == 1 else _spread
        found[register.name] = parse(source, key, register, given)
    return found


def untouched(register: Register) -> tuple[int, ...]:
    """Return what is in a register that a configuration does not name."""
    return (register.unsaid,) * register.n_addrs


def _one(source: TomlSource, key: Key, register: Register, given: object) -> tuple[int, ...]:
    return (integer(source, key, given, register.low, register.high) & (1 << register.width) - 1,)


def _spread(source: TomlSource, key: Key, register: Register, given: object) -> tuple[int, ...]:
    """A register of several addresses: indices of the bits that are 1, all bits, all words, or one integer."""
    n_bits = register.n_addrs * register.width
    if isinstance(given, str):
        found = indices.parse(source, key, given, n_bits) if given.strip() else []
        return _parts(register, sum(1 << index for index in found))
    if not isinstance(given, list):
        return _parts(register, integer(source, key, given, 0, (1 << n_bits) - 1))
    if len(given) == register.n_addrs:
        high = (1 << register.width) - 1
        return tuple(integer(source, (*key, i), part, 0, high) for i, part in enumerate(given))
    if len(given) == n_bits:
        bits = [integer(source, (*key, i), bit, 0, 1) for i, bit in enumerate(given)]
        return _parts(register, sum(bit << i for i, bit in enumerate(bits)))
    right = f'right is {n_bits} bits, {register.n_addrs} words, or the bits that are 1 as "0-9,12"'
    raise source.error(key, f"a list of {len(given)}; {right}")


def _parts(register: Register, content: int) -> tuple[int, ...]:
    return tuple(content >> register.width * i & (1 << register.width) - 1 for i in range(register.n_addrs))


def _bits(register: Register, parts: tuple[int, ...]) -> list[int]:
    """Indices of the bits that are 1."""
    return [i for i in range(register.n_addrs * register.width) if parts[i // register.width] >> i % register.width & 1]


def dump(chip: Chip, registers: dict[str, tuple[int, ...]]) -> Iterator[str]:
    """Lines of TOML; none for registers that are as nobody touched them."""
    yield f"[{TABLE}]"
    for register in chip.registers:
        parts = registers[register.name]
        if parts == untouched(register):
            continue
        if register.n_addrs > 1:
            yield f'{register.name} = "{indices.text(_bits(register, parts))}"'
        else:
            yield f"{register.name} = {signed(register, parts[0])}"


def signed(register: Register, part: int) -> int:
    """The bits at a register's address as the number that they stand for."""
    return part - (1 << register.width) if register.signed and part > register.high else part
