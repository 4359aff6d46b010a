"""Propose the ports of a top that may belong to memories that an integrator has moved out of the chip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from draupnir.emulator.declare import Memory
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.likeness import plain

# The ends of names that tell what a port of a memory is for.
_ROLES = {
    "addr": ("addr", "address", "adr", "addra", "idx", "index", "_a"),
    "q": ("rdata", "dout", "douta", "_q", "_rd", "state", "data_out", "read_data"),
    "d": ("wdata", "din", "dina", "_d", "_wd", "data", "data_in", "write_data"),
    "we": ("we", "wea", "wr", "wren", "write", "write_enable", "wr_en"),
    "cs": ("cs", "en", "ena", "ce", "sel", "enable"),
}
_SWITCHES = ("we", "cs")
_LEAST_SHARED = 3  # letters that a port and its memory have in common


def proposals(memories: Sequence[Memory], ports: Sequence[ModulePort]) -> dict[str, dict[str, str]]:
    """Return the ports that each memory seems to have: "addr", "q", "d", "we" and perhaps "cs" -> port's name.

    Each port belongs to one memory at most. The result has only memories with all of the first four ports.
    """
    pairs = [
        (_letters_shared(memory.name, port.name), _says(port, role), memory.name, role, port.name)
        for memory in memories if memory.copies is None
        for role in _ROLES
        for port in ports if _fits(memory, role, port)
    ]  # fmt: skip
    ports_of_memory: dict[str, dict[str, str]] = {memory.name: {} for memory in memories}
    used_ports: set[str] = set()
    for _, _, memory_name, role, port_name in sorted(pairs, key=lambda pair: (-pair[0], not pair[1])):
        if role not in ports_of_memory[memory_name] and port_name not in used_ports:
            ports_of_memory[memory_name][role] = port_name
            used_ports.add(port_name)
    return {name: ports for name, ports in ports_of_memory.items() if {"addr", "q", "d", "we"} <= ports.keys()}


def option(name: str, ports: dict[str, str]) -> str:
    """Return the option of the command line that names the ports of a memory."""
    return f"--memory {name}={','.join(f'{role}:{ports[role]}' for role in _ROLES if role in ports)}"


def has_data_ports(memory: Memory, ports: Iterable[ModulePort]) -> bool:
    """Return True if one of the ports could read a word of the memory, and one could write it."""
    directions = {port.direction for port in ports if port.width == memory.width}
    return memory.copies is None and {"in", "out"} <= directions


def _fits(memory: Memory, role: str, port: ModulePort) -> bool:
    """Return True if a port's direction and width fit a role; for an enable, the port's name must fit, too."""
    width = {"addr": (memory.depth - 1).bit_length(), "q": memory.width, "d": memory.width}.get(role, 1)
    is_that_wide = (port.direction, port.width) == ("in" if role == "q" else "out", width)
    return is_that_wide and (role not in _SWITCHES or _says(port, role))


def _says(port: ModulePort, role: str) -> bool:
    """Return True if a port's name says that it has a role."""
    name = port.name.lower()
    name = name[:-2] if name.endswith(("_i", "_o")) else name
    return name.endswith(_ROLES[role])


def _letters_shared(memory: str, port: str) -> int:
    """Return the length of the longest run of letters that two names share; 0 if it is too short to mean anything."""
    one, other = plain(memory), plain(port)
    size = SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size
    return size if size >= _LEAST_SHARED else 0
