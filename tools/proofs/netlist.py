"""A flat netlist of Yosys as formulas: each output of a combinational module as a function of its inputs.

Cells are those that Yosys has after ``proc`` and ``flatten``, before any mapping (Yosys manual, "Word-level cells").
A bit that is X in the source, or that nothing drives, is an unknown of its own: what is proved holds for 0 and for 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

from bitwuzla import Kind

from draupnir.emulator.errors import InputError
from draupnir.tools.proofs.logic import Bits, Logic, Truth, Words
from draupnir.tools.proofs.products import PRODUCT_BITS, products_of

Driver = tuple[str, str, int]  # cell, or "" for an input port; its port; the bit of that port
_ARITHMETIC = {
    "$add": Kind.BV_ADD, "$sub": Kind.BV_SUB, "$mul": Kind.BV_MUL, "$and": Kind.BV_AND, "$or": Kind.BV_OR,
    "$xor": Kind.BV_XOR, "$xnor": Kind.BV_XNOR,
}  # fmt: skip
_COMPARISONS = {  # unsigned, signed
    "$eq": (Kind.EQUAL, Kind.EQUAL), "$eqx": (Kind.EQUAL, Kind.EQUAL),
    "$ne": (Kind.DISTINCT, Kind.DISTINCT), "$nex": (Kind.DISTINCT, Kind.DISTINCT),
    "$lt": (Kind.BV_ULT, Kind.BV_SLT), "$le": (Kind.BV_ULE, Kind.BV_SLE),
    "$gt": (Kind.BV_UGT, Kind.BV_SGT), "$ge": (Kind.BV_UGE, Kind.BV_SGE),
}  # fmt: skip


@dataclass
class NetlistReader:
    """A module of a netlist in JSON, and the formulas of what was asked for so far.

    inputs : input port -> its content; all input ports have one
    outputs : (cell, output port) -> its content, for the cells that keep something, such as flip-flops
    memories : cell of a memory -> its contents
    """

    logic: Logic
    module: Mapping[str, Any]
    inputs: Mapping[str, Bits]
    outputs: Mapping[tuple[str, str], Bits] = field(default_factory=dict)
    memories: Mapping[str, Words] = field(default_factory=dict)
    _drivers: dict[int, Driver] = field(default_factory=dict)
    _outputs: dict[tuple[str, str], Bits] = field(default_factory=dict)
    _parities: dict[Any, frozenset[Driver] | None] = field(default_factory=dict)
    _n_unknown: int = 0

    def __post_init__(self) -> None:
        self._outputs |= self.outputs
        for name, port in self.module["ports"].items():
            if port["direction"] == "input":
                if len(port["bits"]) != self.inputs[name].width:
                    raise InputError(f"port {name} has {len(port['bits'])} bits; right is {self.inputs[name].width}")
                self._drive("", name, port["bits"])
                self._outputs["", name] = self.inputs[name]
        for name, cell in self.module["cells"].items():
            for port, direction in cell["port_directions"].items():
                if direction == "output":
                    self._drive(name, port, cell["connections"][port])

    def _drive(self, cell: str, port: str, bits: Sequence[Any]) -> None:
        self._drivers |= {bit: (cell, port, i) for i, bit in enumerate(bits) if isinstance(bit, int)}

    def port(self, name: str) -> Bits:
        """Return the formula of an output port."""
        return self.bits(self.module["ports"][name]["bits"])

    def bits(self, bits: Sequence[Any]) -> Bits:
        """Return the formula of bits of the netlist, the least significant first."""
        self._evaluate_before(bits)
        return self._bits(bits)

    def parity_of(self, bit: Any) -> frozenset[Driver] | None:
        """Return the kept bits of which a bit of the netlist is the exclusive or, None if it is anything else."""
        todo = [bit]
        while todo:
            newest = todo[-1]
            if newest in self._parities:
                todo.pop()
                continue
            sources = self._exclusive_sources(newest)
            later = [each for each in sources or () if each not in self._parities]
            if later:
                todo += later
                continue
            self._parities[newest] = self._parity_now(newest, sources)
            todo.pop()
        return self._parities[bit]

    def _exclusive_sources(self, bit: Any) -> list[Any] | None:
        """The bits that an exclusive or at this bit has as its operands."""
        cell, _, i = self._drivers.get(bit, ("", "", 0))
        content = self.module["cells"].get(cell)
        if content is None or content["type"] != "$xor":
            return None
        operands = [content["connections"][port] for port in "AB"]
        if any(i >= len(each) and int(content["parameters"]["A_SIGNED"], 2) for each in operands):
            return None
        return [each[i] if i < len(each) else "0" for each in operands]

    def _parity_now(self, bit: Any, sources: list[Any] | None) -> frozenset[Driver] | None:
        if bit == "0":
            return frozenset()
        driver = self._drivers.get(bit)
        if driver is None:
            return None
        if sources is None:
            return frozenset((driver,)) if driver[:2] in self.outputs else None
        parities = [self._parities[each] for each in sources]
        parts = [each for each in parities if each is not None]
        return reduce(frozenset.symmetric_difference, parts) if len(parts) == len(parities) else None

    def kept_bits(self, drivers: Iterable[Driver]) -> list[Bits]:
        """Return kept bits."""
        return [self._outputs[cell, port].slice(i, 1) for cell, port, i in drivers]

    def is_driven(self, bit: Any) -> bool:
        """Return True if a bit of the netlist is a constant level, or if something drives it."""
        return bit in self._drivers or bit in ("0", "1")

    def with_cells(
        self, cells: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, Bits] | None = None
    ) -> NetlistReader:
        """Return a reader of the same module in which some cells have other types or inputs.

        cells : name of a cell -> the new cell, with the same outputs; a formula that does not depend on it is shared
        inputs : input port -> its new content, of the ports that have one
        """
        inputs = inputs or {}
        reached, reader = self.reached_from({*cells, *self.cells_after(inputs)}), copy(self)
        reader.module = {**self.module, "cells": {**self.module["cells"], **cells}}
        reader.inputs = {**self.inputs, **inputs}
        reader._parities = {}
        reader._outputs = {key: formula for key, formula in self._outputs.items() if key[0] not in reached}
        reader._outputs |= {("", name): bits for name, bits in inputs.items()}
        return reader

    def cells_after(self, ports: Iterable[str]) -> set[str]:
        """Return the cells that read input ports."""
        bits = (bit for port in ports for bit in self.module["ports"][port]["bits"])
        return {cell for bit in bits for cell in self._readers.get(bit, ())}

    def with_inputs(self, inputs: Mapping[str, Bits]) -> NetlistReader:
        """Return a reader of the same module with other contents of all input ports."""
        reader = copy(self)
        reader.inputs = inputs
        reader._outputs = {**self.outputs, **{("", name): bits for name, bits in inputs.items()}}
        return reader

    def reached_from(self, cells: Iterable[str]) -> set[str]:
        """Return these cells, and all cells whose inputs depend on them."""
        reached, todo = set(cells), list(cells)
        while todo:
            cell = self.module["cells"][todo.pop()]
            for port, direction in cell["port_directions"].items():
                if direction == "output":
                    readers = {name for bit in cell["connections"][port] for name in self._readers.get(bit, ())}
                    todo += readers - reached
                    reached |= readers
        return reached

    def cells_before(self, name: str) -> set[str]:
        """Return the cells that drive an output port."""
        return {cell for cell, _ in self._sources(self.module["ports"][name]["bits"])}

    @cached_property
    def _readers(self) -> dict[int, set[str]]:
        """The cells that read a bit."""
        readers: dict[int, set[str]] = {}
        for name, cell in self.module["cells"].items():
            for bit in _input_bits(cell):
                readers.setdefault(bit, set()).add(name)
        return readers

    def _evaluate_before(self, bits: Sequence[Any]) -> None:
        """Evaluate all cells that bits depend on, those first that others need. A netlist may be deeper than Python."""
        todo = [key for key in self._sources(bits) if key not in self._outputs]
        open_cells: set[tuple[str, str]] = set()
        while todo:
            key = todo[-1]
            if key in self._outputs:
                todo.pop()
                continue
            cell = self.module["cells"][key[0]]
            unfinished = [source for source in self._sources(_input_bits(cell)) if source not in self._outputs]
            if unfinished and key in open_cells:
                raise InputError(f"a loop without a flip-flop goes through {key[0]}")
            if unfinished:
                open_cells.add(key)
                todo += unfinished
                continue
            self._outputs[key] = self._cell(key[0], cell)
            todo.pop()

    def _sources(self, bits: Sequence[Any]) -> set[tuple[str, str]]:
        return {self._drivers[bit][:2] for bit in bits if bit in self._drivers}

    def _bits(self, bits: Sequence[Any]) -> Bits:
        """Return a vector of bits, the least significant first: slices of cells' outputs as long as they go on."""
        parts, i = [], 0
        while i < len(bits):
            driver = self._drivers.get(bits[i])
            if driver is None:
                parts.append(self._undriven(bits[i]))
                i += 1
                continue
            cell, port, lsb = driver
            n = 1
            while i + n < len(bits) and self._drivers.get(bits[i + n]) == (cell, port, lsb + n):
                n += 1
            parts.append(self._outputs[cell, port].slice(lsb, n))
            i += n
        return self.logic.concat(parts)

    def _undriven(self, bit: Any) -> Bits:
        if bit in ("0", "1"):
            return self.logic.number(int(bit), 1)
        self._n_unknown += 1
        return self.logic.unknown(f"x{self._n_unknown}", 1)

    # --- Cells --------------------------------------------------------------------------------------------------

    def _cell(self, name: str, cell: Mapping[str, Any]) -> Bits:
        kind = cell["type"]
        if name in self.memories:
            return _words_read(self.memories[name], _Cell(self, cell))
        rule = _RULES.get(kind)
        if rule is None:
            raise InputError(f"a proof cannot read the cell {kind}; right is a module without memories and flip-flops")
        return rule(self, _Cell(self, cell))


def _input_bits(cell: Mapping[str, Any]) -> list[Any]:
    """The bits that a cell's output depends on at any moment; a memory's depends on no write."""
    ports = [port for port, direction in cell["port_directions"].items() if direction == "input"]
    return [bit for port in ports if not port.startswith("WR_") for bit in cell["connections"][port]]


def _words_read(words: Words, cell: _Cell) -> Bits:
    """All read ports of a memory, side by side. None has a clock, unless Yosys was told to give it one."""
    if cell.number("RD_CLK_ENABLE"):
        raise InputError("a proof cannot read a memory with clocked read ports; right is one before memory_dff")
    addr = cell.bits("RD_ADDR")
    n = cell.number("RD_PORTS")
    width = addr.width // n
    return words.logic.concat([words.select(addr.slice(width * i, width)) for i in range(n)])


@dataclass(frozen=True)
class _Cell:
    """A cell with its inputs as formulas."""

    netlist: NetlistReader
    content: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.content["type"])

    def number(self, name: str) -> int:
        """Return a parameter."""
        return int(self.content["parameters"][name], 2)

    def width(self, port: str) -> int:
        return len(self.content["connections"][port])

    def bits(self, port: str) -> Bits:
        return self.netlist.bits(self.content["connections"][port])

    def is_signed(self) -> bool:
        return all(self.number(f"{port}_SIGNED") for port in "AB" if f"{port}_SIGNED" in self.content["parameters"])

    def operands(self, width: int) -> tuple[Bits, Bits]:
        """Return A and B with this width."""
        signed = self.is_signed()
        return self.bits("A").resized(width, signed), self.bits("B").resized(width, signed)

    def truth(self, condition: Truth) -> Bits:
        """Return a truth value as the output Y."""
        return condition.as_bits(self.width("Y"))


def _exclusive_or(netlist: NetlistReader, cell: _Cell) -> Bits:
    """An exclusive or of bits that are kept, through any number of cells, is one formula whatever their order is."""
    bits = [netlist.parity_of(bit) for bit in cell.content["connections"]["Y"]]
    if None in bits:
        return _arithmetic(netlist, cell)
    return netlist.logic.concat([netlist.logic.parity(netlist.kept_bits(parity or ())) for parity in bits])


def _product(netlist: NetlistReader, cell: _Cell) -> Bits:
    """The lower bits of a product of 64 bits."""
    if cell.width("Y") > PRODUCT_BITS:
        return _arithmetic(netlist, cell)
    one, other = (_factor(netlist, cell.content["connections"][port], cell.is_signed()) for port in "AB")
    return products_of(netlist.logic).product(one, other).slice(0, cell.width("Y"))


def _factor(netlist: NetlistReader, bits: Sequence[Any], signed: bool) -> Bits:
    """Return an operand of a product with 64 bits. Without copies of its sign its formula shows how wide it is."""
    n = len(bits)
    while n > 1 and bits[n - 1] == (bits[n - 2] if signed else "0"):
        n -= 1
    return netlist.bits(bits[:n]).resized(PRODUCT_BITS, signed)


def _arithmetic(netlist: NetlistReader, cell: _Cell) -> Bits:
    one, other = cell.operands(cell.width("Y"))
    return one.apply(_ARITHMETIC[cell.kind], other)


def _comparison(netlist: NetlistReader, cell: _Cell) -> Bits:
    one, other = cell.operands(max(cell.width("A"), cell.width("B")))
    return cell.truth(one.compare(_COMPARISONS[cell.kind][cell.is_signed()], other))


def _unary(netlist: NetlistReader, cell: _Cell) -> Bits:
    operand = cell.bits("A").resized(cell.width("Y"), cell.is_signed())
    kind = {"$not": Kind.BV_NOT, "$neg": Kind.BV_NEG}.get(cell.kind)
    return operand if kind is None else netlist.logic.bits(kind, operand.width, (operand,))


def _logical(netlist: NetlistReader, cell: _Cell) -> Bits:
    kind = Kind.AND if cell.kind == "$logic_and" else Kind.OR
    return cell.truth(netlist.logic.truth(kind, (cell.bits("A").is_true(), cell.bits("B").is_true())))


def _reduction(netlist: NetlistReader, cell: _Cell) -> Bits:
    operand = cell.bits("A")
    if cell.kind in ("$reduce_or", "$reduce_bool"):
        return cell.truth(operand.is_true())
    if cell.kind == "$logic_not":
        return cell.truth(operand.is_true().inverted())
    if cell.kind == "$reduce_and":
        return cell.truth(operand.equals(netlist.logic.number(-1, operand.width)))
    parity = netlist.logic.bits(Kind.BV_REDXOR, 1, (operand,)).is_true()
    return cell.truth(parity if cell.kind == "$reduce_xor" else parity.inverted())


def _mux(netlist: NetlistReader, cell: _Cell) -> Bits:
    return cell.bits("S").is_true().choose(cell.bits("B"), cell.bits("A"))


def _pmux(netlist: NetlistReader, cell: _Cell) -> Bits:
    """The first bit of S that is 1 chooses; Yosys says nothing of several, which a source's case has in this order."""
    result, others, select, width = cell.bits("A"), cell.bits("B"), cell.bits("S"), cell.width("A")
    for i in reversed(range(select.width)):
        result = select.slice(i, 1).is_true().choose(others.slice(width * i, width), result)
    return result


def _shift(netlist: NetlistReader, cell: _Cell) -> Bits:
    width = max(cell.width("Y"), cell.width("A"), cell.width("B")) + 1
    signed = bool(cell.number("A_SIGNED")) and cell.kind not in ("$shift", "$shiftx")
    extended = cell.bits("A").resized(max(cell.width("Y"), cell.width("A")), signed)
    operand = extended.resized(width, signed and cell.kind == "$sshr")  # the others shift zeros in
    amount = cell.bits("B").resized(width, bool(cell.number("B_SIGNED")))
    if cell.kind in ("$shl", "$sshl"):
        return operand.apply(Kind.BV_SHL, amount).slice(0, cell.width("Y"))
    if cell.kind in ("$shr", "$sshr"):
        kind = Kind.BV_ASHR if cell.kind == "$sshr" and signed else Kind.BV_SHR
        return operand.apply(kind, amount).slice(0, cell.width("Y"))
    other = operand.apply(Kind.BV_SHR, amount)
    negative = netlist.logic.bits(Kind.BV_NEG, width, (amount,))
    one = operand.apply(Kind.BV_SHL, negative)
    is_left = amount.slice(width - 1, 1).is_true()
    return is_left.choose(one, other).slice(0, cell.width("Y"))


def _bmux(netlist: NetlistReader, cell: _Cell) -> Bits:
    content, select, width = cell.bits("A"), cell.bits("S"), cell.width("Y")
    result = content.slice(0, width)
    for i in range(1, 1 << select.width):
        is_it = select.equals(netlist.logic.number(i, select.width))
        result = is_it.choose(content.slice(width * i, width), result)
    return result


_Rule = Callable[[NetlistReader, _Cell], Bits]
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    "$mul": _product,
    "$xor": _exclusive_or,
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys(("$not", "$neg", "$pos", "$buf"), _unary),
    **dict.fromkeys(("$logic_and", "$logic_or"), _logical),
    **dict.fromkeys(
        ("$reduce_or", "$reduce_bool", "$reduce_and", "$reduce_xor", "$reduce_xnor", "$logic_not"), _reduction
    ),
    **dict.fromkeys(("$shl", "$sshl", "$shr", "$sshr", "$shift", "$shiftx"), _shift),
    "$mux": _mux,
    "$pmux": _pmux,
    "$bmux": _bmux,
}
COMBINATIONAL = frozenset(_RULES)  # all cells that a reader knows
