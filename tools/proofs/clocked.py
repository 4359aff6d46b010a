"""A module with flip-flops and memories: its state, and its state after edges of its input ports.

All flip-flops see the moment before the edge, as with nonblocking assignments; ``derived`` has the clocks that are
outputs of flip-flops. An asynchronous reset then acts until nothing changes any more: what it resets may itself be a
reset. Memories have the form of Yosys' memory_collect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bitwuzla import Kind

from draupnir.emulator.errors import InputError
from draupnir.tools.proofs import derived
from draupnir.tools.proofs.logic import Bits, Logic, Truth, Words
from draupnir.tools.proofs.netlist import NetlistReader
from draupnir.tools.proofs.two_clocks import ALSO_AT

FLIP_FLOPS = ("$dff", "$adff")
MEMORY = "$mem_v2"
MOST_RESETS = 8  # in a chain
Edges = Mapping[tuple[str, bool], Truth]  # (input port, True for the rising edge) -> whether it is there


@dataclass(frozen=True)
class ModuleState:
    """The contents of a module. flip_flops : cell -> its output; memories : cell -> its words"""

    flip_flops: Mapping[str, Bits]
    memories: Mapping[str, Words]


class ClockedModule:
    """A flat netlist of a module."""

    def __init__(self, logic: Logic, netlist: Mapping[str, Any]) -> None:
        self.logic, self.netlist = logic, netlist
        cells: Mapping[str, Mapping[str, Any]] = netlist["cells"]
        self.flip_flops = {name: cell for name, cell in cells.items() if cell["type"] in FLIP_FLOPS}
        self.memories = {name: cell for name, cell in cells.items() if cell["type"] == MEMORY}
        self._names = _names(netlist)

    def unknown_state(self) -> ModuleState:
        """Return a state of unknown contents."""
        flip_flops = {
            name: self.logic.unknown(name, len(cell["connections"]["Q"])) for name, cell in self.flip_flops.items()
        }
        return ModuleState(flip_flops, {name: self._unknown_words(name, cell) for name, cell in self.memories.items()})

    def _unknown_words(self, name: str, cell: Mapping[str, Any]) -> Words:
        return self.logic.unknown_words(name, *(int(cell["parameters"][each], 2) for each in ("ABITS", "WIDTH")))

    def reader(self, inputs: Mapping[str, Bits], state: ModuleState) -> NetlistReader:
        """Return the formulas of all that the module computes in a state."""
        outputs = {(name, "Q"): content for name, content in state.flip_flops.items()}
        return NetlistReader(self.logic, self.netlist, inputs, outputs, state.memories)

    def at_rest(self, inputs: Mapping[str, Bits], state: ModuleState) -> ModuleState:
        """Return the state after all asynchronous resets have acted. Raises InputError if they never come to an end."""
        for _ in range(MOST_RESETS):
            reader = self.reader(inputs, state)
            settled = {name: self._reset(reader, name, content) for name, content in state.flip_flops.items()}
            if all(settled[name].term == content.term for name, content in state.flip_flops.items()):
                return state
            state = ModuleState(settled, state.memories)
        raise InputError(f"asynchronous resets reset one another over more than {MOST_RESETS} flip-flops")

    def after_edges(
        self, pins_before: Mapping[str, Bits], inputs: Mapping[str, Bits], state: ModuleState, edges: Edges
    ) -> ModuleState:
        """Return the state after edges of input ports.

        pins_before, inputs : the input ports before the edges, and from them on
        state : before the edges, with all resets done
        """
        reader = self.reader(inputs, state)
        flip_flops: Mapping[str, Bits] = {
            name: content if name in self._drivers else self._clocked(reader, name, content, edges)
            for name, content in state.flip_flops.items()
        }
        memories = {name: self._after_writes(reader, name, words, edges) for name, words in state.memories.items()}
        states = state.flip_flops, flip_flops
        flip_flops = derived.after_derived(
            self.logic,
            self.flip_flops,
            self._drivers,
            states,
            lambda contents: self.reader(inputs, ModuleState(contents, memories)),
        )
        return self.at_rest(inputs, ModuleState(flip_flops, memories))

    @cached_property
    def _drivers(self) -> Mapping[str, str]:
        """Flip-flop -> the flip-flop whose output is its clock."""
        return derived.driven_by_flip_flops(self.flip_flops)

    # --- Flip-flops and memories

    def _clocked(self, reader: NetlistReader, name: str, content: Bits, edges: Edges) -> Bits:
        cell = self.flip_flops[name]
        first = self._edge(cell["connections"]["CLK"], int(cell["parameters"]["CLK_POLARITY"], 2) == 1, edges)
        others = [self._edge(clock, rising, edges) for clock, rising in self._other_clocks(name, cell)]
        clock_edges = [each for each in (first, *others) if each is not None]
        if not clock_edges:
            return content
        edge = clock_edges[0] if len(clock_edges) == 1 else self.logic.truth(Kind.OR, clock_edges)
        # A reset that is active at the edge goes before D, also if this edge ends it.
        return edge.choose(self._reset(reader, name, reader.bits(cell["connections"]["D"])), content)

    def _other_clocks(self, name: str, cell: Mapping[str, Any]) -> list[tuple[Sequence[Any], bool]]:
        """The clocks of a flip-flop with several, apart from the first: the bit, and True for the rising edge."""
        words = cell["attributes"].get(ALSO_AT, "").split()
        path = name.removeprefix("$flatten\\").split(".$", 1)[0]  # of the module that the flip-flop is in
        bits = (self.netlist["netnames"].get(f"{path}.{signal}") for signal in words[1::2])
        return [(net["bits"], edge == "posedge") for edge, net in zip(words[::2], bits, strict=True) if net is not None]

    def _reset(self, reader: NetlistReader, name: str, content: Bits) -> Bits:
        cell = self.flip_flops[name]
        return after_reset(cell, lambda: reader.bits(cell["connections"]["ARST"]), content)

    def _after_writes(self, reader: NetlistReader, name: str, words: Words, edges: Edges) -> Words:
        """Write each port in its order: a later one goes before an earlier one."""
        cell = self.memories[name]
        width, n = words.width, int(cell["parameters"]["WR_PORTS"], 2)
        for i in range(n):
            rising = cell["parameters"]["WR_CLK_POLARITY"][-1 - i] == "1"
            edge = self._edge(cell["connections"]["WR_CLK"][i : i + 1], rising, edges)
            if edge is None:
                continue
            addr, data, enable = (
                reader.bits(cell["connections"][f"WR_{port}"][size * i : size * (i + 1)])
                for port, size in (("ADDR", words.addr_bits), ("DATA", width), ("EN", width))
            )
            old = words.select(addr).apply(Kind.BV_AND, _inverted(enable))
            word = data.apply(Kind.BV_AND, enable).apply(Kind.BV_OR, old)
            words = words.with_write(edge, addr, word)  # without an enabled bit this is the old word
        return words

    def _edge(self, clock: Sequence[Any], rising: bool, edges: Edges) -> Truth | None:
        """Return whether a flip-flop's clock has its edge, or None if its port has none at all."""
        port, inverted = self._clock_port(clock[0])
        return edges.get((port, rising != inverted))

    def _clock_port(self, bit: Any) -> tuple[str, bool]:
        inverted = False
        while bit not in self._input_ports:
            if bit in self._passed_on:
                bit = self._passed_on[bit]
            elif bit in self._inverters:
                bit, inverted = self._inverters[bit], not inverted
            else:
                raise InputError("a proof cannot read a clock that is no input port")
        return self._input_ports[bit], inverted

    @cached_property
    def _input_ports(self) -> dict[Any, str]:
        return {port["bits"][0]: name for name, port in self.netlist["ports"].items() if port["direction"] == "input"}

    @cached_property
    def _inverters(self) -> dict[Any, Any]:
        cells = self.netlist["cells"].values()
        return {cell["connections"]["Y"][0]: cell["connections"]["A"][0] for cell in cells if cell["type"] == "$not"}

    @cached_property
    def _passed_on(self) -> dict[Any, Any]:
        """The clocks to which an OR adds a clock that is always 0."""
        gates = [cell["connections"] for cell in self.netlist["cells"].values() if cell["type"] == "$or"]
        pairs = [(gate["Y"][0], gate["A"] + gate["B"]) for gate in gates if len(gate["Y"]) == 1]
        return {y: next(bit for bit in bits if bit != "0") for y, bits in pairs if "0" in bits and set(bits) != {"0"}}

    # --- Names

    def bits_of(self, name: str) -> Sequence[Any]:
        """Return the bits of a signal: its path below the top, or the end of it, in any case of letters.

        A path with the same case of letters goes before others. Raises InputError if there is none, and if several
        signals that differ have this name.
        """
        ending = name.lower()
        last = self._names_by_end.get(ending.rpartition(".")[2], ())
        candidates = (
            [bits for path, bits in last if path == name]
            or [bits for path, bits in last if path.lower() == ending]
            or [bits for path, bits in last if path.lower().endswith(f".{ending}")]
        )
        signals = [bits for bits in candidates if self._is_kept(bits)] or candidates
        if not signals:
            raise InputError(f"a proof finds no signal {name}; right is a design with the chip's own names")
        if any(bits != signals[0] for bits in signals):
            raise InputError(f"a proof finds several signals {name}; right is a design with the chip's own names")
        return signals[0]

    @cached_property
    def _names_by_end(self) -> dict[str, list[tuple[str, Sequence[Any]]]]:
        """All signals by the last part of their path in small letters."""
        by_end: dict[str, list[tuple[str, Sequence[Any]]]] = {}
        for path, bits in self._names:
            by_end.setdefault(path.lower().rpartition(".")[2], []).append((path, bits))
        return by_end

    def has(self, path: str) -> bool:
        """Return True if there is a signal, or a memory's word, with a path."""
        match = _WORD.fullmatch(path)
        if match is not None and match.group(1).lower() in self._memory_paths:
            return True
        try:
            self.bits_of(path)
        except InputError:
            return False
        return True

    def _is_kept(self, bits: Sequence[Any]) -> bool:
        return all(bit in self._kept_bits for bit in bits)

    @cached_property
    def _kept_bits(self) -> set[Any]:
        return {bit for cell in self.flip_flops.values() for bit in cell["connections"]["Q"]}

    def word_of(self, path: str, memories: Mapping[str, Words]) -> Bits | None:
        """Return the word that a path such as ``fifo.words[3]`` names, or None if it names no memory's word."""
        match = _WORD.fullmatch(path)
        if match is None or match.group(1).lower() not in self._memory_paths:
            return None
        words = memories[self.memory_of(match.group(1))]
        return words.select(self.logic.number(int(match.group(2)), words.addr_bits))

    @cached_property
    def _memory_paths(self) -> dict[str, str]:
        cells = self.memories.items()
        return {cell["parameters"]["MEMID"].lstrip("\\").lower(): name for name, cell in cells}

    def memory_of(self, path: str) -> str:
        """Return the cell of a memory, from the path of its array. Raises InputError if there is none."""
        if path.lower() not in self._memory_paths:
            raise InputError(f"a proof finds no memory {path}")
        return self._memory_paths[path.lower()]


_WORD = re.compile(r"(.+)\[(\d+)\]")
_NUMBER = re.compile(r"\$\d+")  # with which Amaranth tells equal names apart


def _names(netlist: Mapping[str, Any]) -> list[tuple[str, Sequence[Any]]]:
    nets = netlist["netnames"].items()
    return [(_NUMBER.sub("", name), net["bits"]) for name, net in nets if not name.startswith("$")]


def _inverted(bits: Bits) -> Bits:
    return bits.logic.bits(Kind.BV_NOT, bits.width, (bits,))


def after_reset(cell: Mapping[str, Any], reset: Callable[[], Bits], content: Bits) -> Bits:
    """Return the content of a flip-flop after its asynchronous reset, if it has one.

    reset : returns the level at the port of the reset; content : without a reset
    """
    if cell["type"] != "$adff":
        return content
    logic, parameters = content.logic, cell["parameters"]
    level = logic.number(int(parameters["ARST_POLARITY"], 2), 1)
    value = logic.number(int(parameters["ARST_VALUE"], 2), content.width)
    return _chosen_once(reset().equals(level), value, content)


def _chosen_once(condition: Truth, value: Bits, content: Bits) -> Bits:
    """Return a choice; the same one again is no new formula, so that a chain of resets comes to an end."""
    term = content.term
    if term.kind() == Kind.ITE and term[0] == condition.term and term[1] == value.term:
        return content
    return condition.choose(value, content)
