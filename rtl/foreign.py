"""Somebody else's Verilog, held against a chip's declaration before a simulator starts.

``read`` finds the top module, its pins and its memories in any folder of Verilog-2005. SystemVerilog that pyverilog
cannot parse is refused by name. Sources are compiled as Verilog-2005, in which SystemVerilog's keywords (ODIN names
a signal ``priority``) are ordinary names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from emulator.declare import Chip, Memory, Pin
from emulator.errors import InputError
from rtl.design import Design, Language, abbreviates
from rtl.hierarchy import Array, Instance, Port, Sources, include_files, ports, read_sources, tree
from rtl.verilog_syntax import ast

_ONLY = "only Verilog-2005 can be read, not SystemVerilog"
_SYSTEMVERILOG_KEYWORDS = """
    alias bit bins break byte chandle checker class clocking const constraint context continue cover dist do enum
    expect export extends extern final global iff implies import inside int interface intersect let local logic
    longint matches modport new nexttime null package packed priority program property protected pure rand randc
    randcase ref restrict return sequence shortint shortreal solve static string strong struct super tagged this
    throughout timeprecision timeunit type typedef union unique unique0 until uwire var virtual void weak within
"""


@dataclass(frozen=True)
class Difference:
    """One way in which a module is not the declared chip.

    kind : "missing pin", "extra port", "direction", "width", "ambiguous pin", "missing memory", "ambiguous memory"
    """

    kind: str
    name: str
    declared: str
    found: str

    def __str__(self) -> str:
        parts = [f"declared {self.declared}"] if self.declared else []
        parts += [f"found {self.found}"] if self.found else []
        return f"{self.kind} {self.name} ({', '.join(parts)})"


class NotTheChip(InputError):
    """The sources differ from the declaration; ``differences`` lists how."""

    def __init__(self, what: str, differences: list[Difference]) -> None:
        super().__init__(f"{what}: {'; '.join(map(str, differences))}")
        self.differences = differences


def read(directory: Path, chip: Chip, top: str | None = None) -> Design:
    """The design in a folder that claims to be ``chip``.

    top : name of the top module; without it, the one module whose ports are the declared pins
    Raises InputError if there is no such module or more than one, if a module that it needs is missing or is written
    in SystemVerilog, and NotTheChip if its ports or memories differ from the declaration.
    """
    directory = Path(directory)
    sources = read_sources(directory)
    name = _chosen(sources, chip, directory) if top is None else top
    if name not in sources.modules:
        raise InputError(f"{directory}: no module {name!r}{_refusals(sources, directory)}")
    pins, differences = _compare_pins(chip, ports(sources.modules[name]))
    instances, arrays, missing = tree(sources, name)
    if missing:
        raise InputError(f"{directory}: module {missing[0]!r} is not defined{_refusals(sources, directory)}")
    memories, memory_differences = _find_memories(chip, arrays)
    if differences or memory_differences:
        raise NotTheChip(f"{directory}: module {name} is not {chip.name}", differences + memory_differences)
    files = tuple(sorted({sources.files[instance.module] for instance in instances}))
    design = Design(name, files, memories, pins, include_files(directory), _language(files, sources, instances))
    return replace(design, structure=_structure(instances, arrays, memories))


def _chosen(sources: Sources, chip: Chip, directory: Path) -> str:
    """The module that matches; else the complaint names the closest."""
    distance = {name: len(_compare_pins(chip, ports(module))[1]) for name, module in sources.modules.items()}
    matching = [name for name, n in distance.items() if n == 0]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise InputError(
            f"{directory}: {len(matching)} modules have {chip.name}'s pins, name the top: {', '.join(matching)}"
        )
    if not distance:
        raise InputError(f"{directory}: no module found{_refusals(sources, directory)}")
    closest = min(distance, key=lambda name: (distance[name], name))
    if sources.refused:
        raise InputError(f"{directory}: no module has {chip.name}'s pins{_refusals(sources, directory)}")
    differences = _compare_pins(chip, ports(sources.modules[closest]))[1]
    raise NotTheChip(f"{directory}: no module has {chip.name}'s pins; the closest is {closest}", differences)


def _refusals(sources: Sources, directory: Path) -> str:
    """The first file that could not be read, as the tail of a complaint."""
    if not sources.refused:
        return ""
    path, reason = next(iter(sources.refused.items()))
    return f"; {path.relative_to(directory)} could not be read ({_ONLY}): {reason}"


def _plain(name: str) -> str:
    """What two spellings of a pin have in common: AERIN_REQ, aerin_req, aer_in__req."""
    return name.replace("_", "").lower()


def _compare_pins(chip: Chip, found: list[Port]) -> tuple[dict[str, str], list[Difference]]:
    """The port of each declared pin, and how the ports differ from the pins."""
    pins: dict[str, str] = {}
    differences: list[Difference] = []
    taken: set[str] = set()
    for pin in chip.pins:
        candidates = [port for port in found if port.name == pin.name]
        candidates = candidates or [port for port in found if _plain(port.name) == _plain(pin.name)]
        taken.update(port.name for port in candidates)
        if not candidates:
            differences.append(Difference("missing pin", pin.name, _described(pin), ""))
        elif len(candidates) > 1:
            differences.append(Difference("ambiguous pin", pin.name, "", ", ".join(p.name for p in candidates)))
        else:
            pins[pin.name] = candidates[0].name
            differences += _compare_pin(pin, candidates[0])
    extra = [port for port in found if port.name not in taken]
    return pins, differences + [Difference("extra port", port.name, "", _described(port)) for port in extra]


def _compare_pin(pin: Pin, port: Port) -> list[Difference]:
    if port.direction != pin.direction:
        return [Difference("direction", pin.name, pin.direction, port.direction)]
    if port.width != pin.width:
        return [Difference("width", pin.name, f"{pin.width} bits", f"{port.width} bits")]
    return []


def _described(pin: Pin | Port) -> str:
    return f"{pin.direction}, {pin.width} bit{'s' if pin.width > 1 else ''}"


def _find_memories(chip: Chip, arrays: list[Array]) -> tuple[dict[str, str], list[Difference]]:
    """The path of each declared memory: the one array of its shape, or of several the one that is called like it."""
    memories: dict[str, str] = {}
    differences: list[Difference] = []
    for memory in chip.memories:
        fitting = [array.path for array in arrays if (array.depth, array.width) == (memory.depth, memory.width)]
        if len(fitting) > 1:
            fitting = [path for path in fitting if abbreviates(memory.name, path)] or fitting
        if len(fitting) == 1:
            memories[memory.name] = fitting[0]
        else:
            kind = "ambiguous memory" if fitting else "missing memory"
            differences.append(Difference(kind, memory.name, _shape(memory), ", ".join(fitting)))
    return memories, differences


def _shape(memory: Memory | Array) -> str:
    return f"{memory.depth} words of {memory.width} bits"


def _language(files: tuple[Path, ...], sources: Sources, instances: list[Instance]) -> Language:
    """SystemVerilog for a .sv file, unless a name in the design is one of its keywords."""
    names = {item.name for i in instances for item in _named(sources.modules[i.module])}
    return (
        "systemverilog"
        if any(f.suffix == ".sv" for f in files) and not names & set(_SYSTEMVERILOG_KEYWORDS.split())
        else "verilog-2005"
    )


def _named(node: ast.Node) -> list[ast.Node]:
    """Every declaration below a node of the syntax tree."""
    below = [named for child in node.children() for named in _named(child)]
    return [node, *below] if isinstance(getattr(node, "name", None), str) else below


def _structure(instances: list[Instance], arrays: list[Array], memories: dict[str, str]) -> str:
    """The module tree as text: an instance a line with its parameters, then the memories."""
    declared = {path: name for name, path in memories.items()}
    lines = []
    for instance in sorted(instances, key=lambda i: i.path):
        depth = len(instance.path.split(".")) if instance.path else 0
        values = ", ".join(f"{name}={value}" for name, value in instance.parameters.items())
        own = instance.path.rsplit(".", 1)[-1]
        lines.append("  " * depth + f"{own + ': ' if own else ''}{instance.module}{f' ({values})' if values else ''}")
    for array in arrays:
        lines.append(
            f"memory {array.path}: {_shape(array)}{' = ' + declared[array.path] if array.path in declared else ''}"
        )
    return "\n".join(lines)
