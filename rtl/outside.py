"""Add the memories that an integrator has moved out of the chip: a module around the top has them as synchronous RAMs.

``NAME=addr:PORT,q:PORT,d:PORT,we:PORT,cs:PORT`` names the ports of the top for a declared memory: the address, the word
that the chip reads, the word that it writes, the write enable, and the enable of the whole memory. The option may omit
``cs``. At a rising edge with ``cs``, the RAM reads the old word, and with ``we`` it also writes the new one. Without
``cs`` nothing changes, and the output stays the word that was read last.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.rtl.design import literal
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.likeness import candidates_of

TOP = "draupnir_with_memories"
FILE = f"{TOP}.v"
_NEEDED = {"addr", "q", "d", "we"}
_KEYS = _NEEDED | {"cs"}
_EXAMPLE = "--memory synapses=addr:A,q:Q,d:D,we:WE,cs:CS"


@dataclass(frozen=True)
class OutsideMemory:
    """A declared memory behind ports of the top. ports : "addr", "q", "d", "we" and perhaps "cs" -> port's name"""

    name: str
    ports: Mapping[str, str]


def parse(texts: Iterable[str]) -> list[OutsideMemory]:
    """Return the memories of the options ``--memory``. Raises InputError for an option in another form."""
    memories: list[OutsideMemory] = []
    for text in texts:
        name, _, rest = text.partition("=")
        pairs = [part.partition(":") for part in rest.split(",") if part]
        ports = {key: port for key, _, port in pairs}
        is_whole = all(port for *_, port in pairs) and len(ports) == len(pairs) and _NEEDED <= set(ports) <= _KEYS
        if not name or not is_whole:
            raise InputError(f"--memory {text}: right is, for instance, {_EXAMPLE}; cs may be missing")
        if any(one.name == name for one in memories):
            raise InputError(f"--memory {text}: {name} is given twice")
        memories.append(OutsideMemory(name, ports))
    return memories


def write(
    chip: Chip,
    top: str,
    ports: Sequence[ModulePort],
    parameters: Mapping[str, int | str],
    memories: Sequence[OutsideMemory],
) -> Path:
    """Write a module ``TOP`` around the top, with the memories in it, and return the file. It exists until the end of
    this process.

    Raises InputError for a memory or a port that there is not, or that does not fit.
    """
    by_name = {port.name: port for port in ports}
    for outside in memories:
        _check(chip, top, outside, by_name)
    clocks = candidates_of(chip.clock, list(ports))
    if len(clocks) != 1:
        raise InputError(f"--memory: module {top} has no port for the clock {chip.clock.name}, which the memories need")
    ports_outside = {port for outside in memories for port in outside.ports.values()}
    pins = [port for port in ports if port.name not in ports_outside]
    lines = [f"module {TOP} ({', '.join(port.name for port in pins)});"]
    lines += [f"    {port.direction}put {_range(port.width)}{port.name};" for port in pins if port.direction != "inout"]
    lines += [f"    inout {_range(port.width)}{port.name};" for port in pins if port.direction == "inout"]
    lines += [f"    wire {_range(by_name[name].width)}{name};" for name in sorted(ports_outside)]
    for outside in memories:
        lines += _ram(chip.memory(outside.name), outside, clocks[0].name)
    settings = ", ".join(f".{name}({literal(value)})" for name, value in parameters.items())
    connections = ", ".join(f".{port.name}({port.name})" for port in ports)
    lines += [f"    {top} {f'#({settings}) ' if settings else ''}chip ({connections});", "endmodule", ""]
    folder = Path(tempfile.mkdtemp(prefix="draupnir-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / FILE).write_text("\n".join(lines))
    return folder / FILE


def _check(chip: Chip, top: str, outside: OutsideMemory, ports: Mapping[str, ModulePort]) -> None:
    if outside.name not in [memory.name for memory in chip.memories]:
        names = ", ".join(memory.name for memory in chip.memories)
        raise InputError(f"--memory {outside.name}: {chip.name} has {names or 'no memories'}")
    memory = chip.memory(outside.name)
    if memory.copies is not None:
        raise InputError(f"--memory {outside.name}: it has copies; only a memory without copies can be put outside")
    widths = {"addr": (memory.depth - 1).bit_length(), "q": memory.width, "d": memory.width, "we": 1, "cs": 1}
    for key, name in outside.ports.items():
        direction = "in" if key == "q" else "out"
        if name not in ports:
            raise InputError(f"--memory {outside.name}: module {top} has no port {name}; it has {', '.join(ports)}")
        if (ports[name].direction, ports[name].width) != (direction, widths[key]):
            raise InputError(
                f"--memory {outside.name}: {key}:{name} is {ports[name].direction}, {ports[name].width} bits; right is "
                f"{direction}, {widths[key]} bits"
            )


def _ram(memory: Memory, outside: OutsideMemory, clock: str) -> list[str]:
    """Verilog of a memory; its array has the memory's name and nothing else in the module has."""
    ports, array = outside.ports, array_of(memory.name)
    enabled = ports.get("cs", "1'b1")
    return [
        f"    reg {_range(memory.width)}{array} [0:{memory.depth - 1}];",
        f"    reg {_range(memory.width)}{array}_q;",
        f"    assign {ports['q']} = {array}_q;",
        f"    always @(posedge {clock}) if ({enabled}) begin",
        f"        {array}_q <= {array}[{ports['addr']}];",
        f"        if ({ports['we']}) {array}[{ports['addr']}] <= {ports['d']};",
        "    end",
    ]


def array_of(name: str) -> str:
    """The array of a memory in the module around the top."""
    return f"draupnir_memory_{re.sub(r'[^A-Za-z0-9_]', '_', name)}"


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""
