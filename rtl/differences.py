"""The differences of a module's ports and memories from a chip's declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from draupnir.emulator.declare import Chip, Memory, Pin
from draupnir.rtl.design import abbreviates, arrays_of
from draupnir.rtl.hierarchy import Array, ModulePort
from draupnir.rtl.likeness import candidates_of, resembling


@dataclass(frozen=True)
class DesignDifference:
    """A difference of a module from the declared chip.

    kind : "missing pin", "extra port", "direction", "width", "ambiguous pin", "missing memory", "ambiguous memory",
        "copies"
    declaration, design : what the chip's declaration and the module have, as text; "" for nothing
    near : a text that proposes a replacement for something that is missing, or an option that names it; "" for none
    """

    kind: str
    name: str
    declaration: str
    design: str
    near: str = ""

    def __str__(self) -> str:
        parts = [f"declared {self.declaration}"] if self.declaration else []
        parts += [f"found {self.design}"] if self.design else []
        return f"{self.kind} {self.name} ({', '.join(parts)}{f'; {self.near}' if self.near else ''})"


def compare_pins(chip: Chip, ports: list[ModulePort]) -> tuple[dict[str, str], list[DesignDifference]]:
    """Return declared pin -> port, and the differences of the ports from the pins.

    The difference for a missing pin proposes a port. This port is then not in the list as an extra port.
    """
    pins: dict[str, str] = {}
    differences: list[DesignDifference] = []
    ports_by_name = {pin.name: candidates_of(pin, ports) for pin in chip.pins}
    others = [port for port in ports if not any(port in candidates for candidates in ports_by_name.values())]
    renamed = resembling([pin for pin in chip.pins if not ports_by_name[pin.name]], others)
    for pin in chip.pins:
        candidates = ports_by_name[pin.name]
        if not candidates:
            near = f"perhaps {renamed[pin.name].name}: {_described(renamed[pin.name])}" if pin.name in renamed else ""
            differences.append(DesignDifference("missing pin", pin.name, _described(pin), "", near))
        elif len(candidates) > 1:
            differences.append(DesignDifference("ambiguous pin", pin.name, "", ", ".join(p.name for p in candidates)))
        else:
            pins[pin.name] = candidates[0].name
            differences += _compare_pin(pin, candidates[0])
    extra = [port for port in others if port not in renamed.values()]
    return pins, differences + [DesignDifference("extra port", port.name, "", _described(port)) for port in extra]


def are_pins(chip: Chip, ports: list[ModulePort]) -> bool:
    """Return True if the ports are exactly the declared pins."""
    ports_by_name = {pin.name: candidates_of(pin, ports) for pin in chip.pins}
    is_each = all(
        len(ports_by_name[pin.name]) == 1 and not _compare_pin(pin, ports_by_name[pin.name][0]) for pin in chip.pins
    )
    return is_each and len(ports) == len(chip.pins)


def find_memories(chip: Chip, arrays: list[Array]) -> tuple[dict[str, str], list[DesignDifference]]:
    """Return declared memory -> path of its array, and the differences.

    The array is the only one with the memory's shape, or the one of several whose path has its name, or else a similar
    one. The copies of a memory are the arrays whose paths differ only in indices, in the order of the indices.
    """
    memories: dict[str, str] = {}
    differences: list[DesignDifference] = []
    for memory in chip.memories:
        fitting = [array.path for array in arrays if (array.depth, array.width) == (memory.depth, memory.width)]
        candidates = arrays_of(fitting) if memory.copies is not None else {path: [path] for path in fitting}
        as_many = {name: paths for name, paths in candidates.items() if len(paths) == len(memory.parts)}
        if len(as_many) > 1:
            as_many = {name: as_many[name] for name in as_many if memory.name in name} or as_many
            as_many = {name: as_many[name] for name in as_many if abbreviates(memory.name, name)} or as_many
        if len(as_many) == 1:
            memories |= zip(memory.parts, next(iter(as_many.values())), strict=True)
        elif as_many or not candidates:
            kind = "ambiguous memory" if as_many else "missing memory"
            others = [array for array in arrays if not _is_declared(array, chip)]
            near = "" if as_many else _nearest_array(memory, others)
            differences.append(DesignDifference(kind, memory.name, shape(memory), ", ".join(as_many), near))
        else:
            text = ", ".join(f"{len(paths)} of {name}" for name, paths in candidates.items())
            differences.append(DesignDifference("copies", memory.name, shape(memory), text))
    return memories, differences


def find_probes(chip: Chip, width_of: Callable[[str], int | None]) -> tuple[dict[str, str], list[DesignDifference]]:
    """Return declared probe -> path, for each that exists, and the differences of the widths.

    width_of : returns the number of bits at a path, or None if there is nothing
    """
    probes: dict[str, str] = {}
    differences: list[DesignDifference] = []
    for probe in chip.probes:
        width = width_of(probe.path)
        if width == probe.width:
            probes[probe.name] = probe.path
        elif width is not None:
            differences.append(
                DesignDifference("width", probe.name, f"{probe.width} bits", f"{width} bits at {probe.path}")
            )
    return probes, differences


def shape(memory: Memory | Array) -> str:
    """Return a memory's shape as text."""
    copies = "" if isinstance(memory, Array) or memory.copies is None else f"{memory.copies} copies of "
    return f"{copies}{memory.depth} words of {memory.width} bits"


def _is_declared(array: Array, chip: Chip) -> bool:
    return any((array.depth, array.width) == (memory.depth, memory.width) for memory in chip.memories)


def _nearest_array(memory: Memory, arrays: list[Array]) -> str:
    """Return a text that proposes an array for a missing memory: one with its size in bits, its depth or its width."""
    alike = [array for array in arrays if array.depth == memory.depth or array.width == memory.width]
    alike += [array for array in arrays if array.depth * array.width == memory.depth * memory.width]
    if not alike:
        return ""
    best = max(alike, key=lambda array: (abbreviates(memory.name, array.path), array.depth == memory.depth))
    return f"perhaps {best.path}: {shape(best)}"


def _compare_pin(pin: Pin, port: ModulePort) -> list[DesignDifference]:
    if port.direction != pin.direction:
        return [DesignDifference("direction", pin.name, pin.direction, port.direction)]
    if port.width != pin.width:
        return [DesignDifference("width", pin.name, f"{pin.width} bits", f"{port.width} bits")]
    return []


def _described(pin: Pin | ModulePort) -> str:
    return f"{pin.direction}, {pin.width} bit{'s' if pin.width > 1 else ''}"
