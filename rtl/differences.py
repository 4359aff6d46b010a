"""How a module's ports and memories differ from a chip's declaration, and how alike the two are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from draupnir.emulator.declare import Chip, Memory, Pin
from draupnir.rtl.design import abbreviates, arrays_of
from draupnir.rtl.hierarchy import Array, ModulePort


@dataclass(frozen=True)
class DesignDifference:
    """One way in which a module is not the declared chip.

    kind : "missing pin", "extra port", "direction", "width", "ambiguous pin", "missing memory", "ambiguous memory",
        "copies"
    """

    kind: str
    name: str
    declared: str
    found: str

    def __str__(self) -> str:
        parts = [f"declared {self.declared}"] if self.declared else []
        parts += [f"found {self.found}"] if self.found else []
        return f"{self.kind} {self.name} ({', '.join(parts)})"


def compare_pins(chip: Chip, ports: list[ModulePort]) -> tuple[dict[str, str], list[DesignDifference]]:
    """The port of each declared pin, and how the ports differ from the pins."""
    pins: dict[str, str] = {}
    differences: list[DesignDifference] = []
    matched: set[str] = set()
    for pin in chip.pins:
        candidates = candidates_of(pin, ports)
        matched.update(port.name for port in candidates)
        if not candidates:
            differences.append(DesignDifference("missing pin", pin.name, _described(pin), ""))
        elif len(candidates) > 1:
            differences.append(DesignDifference("ambiguous pin", pin.name, "", ", ".join(p.name for p in candidates)))
        else:
            pins[pin.name] = candidates[0].name
            differences += _compare_pin(pin, candidates[0])
    extra = [port for port in ports if port.name not in matched]
    return pins, differences + [DesignDifference("extra port", port.name, "", _described(port)) for port in extra]


def candidates_of(pin: Pin, ports: list[ModulePort]) -> list[ModulePort]:
    """The ports that are called like a pin: exactly so, or else but for case and underscores."""
    exact = [port for port in ports if port.name == pin.name]
    return exact or [port for port in ports if _plain(port.name) == _plain(pin.name)]


def find_memories(chip: Chip, arrays: list[Array]) -> tuple[dict[str, str], list[DesignDifference]]:
    """The path of each declared memory: the one array of its shape, or of several the one that is called like it.

    The copies of a memory are the arrays whose paths differ in indices only, in the order of these.
    """
    memories: dict[str, str] = {}
    differences: list[DesignDifference] = []
    for memory in chip.memories:
        fitting = [array.path for array in arrays if (array.depth, array.width) == (memory.depth, memory.width)]
        candidates = arrays_of(fitting) if memory.copies is not None else {path: [path] for path in fitting}
        as_many = {name: paths for name, paths in candidates.items() if len(paths) == len(memory.parts)}
        if len(as_many) > 1:
            as_many = {name: as_many[name] for name in as_many if abbreviates(memory.name, name)} or as_many
        if len(as_many) == 1:
            memories |= zip(memory.parts, next(iter(as_many.values())), strict=True)
        elif as_many or not candidates:
            kind = "ambiguous memory" if as_many else "missing memory"
            differences.append(DesignDifference(kind, memory.name, shape(memory), ", ".join(as_many)))
        else:
            found = ", ".join(f"{len(paths)} of {name}" for name, paths in candidates.items())
            differences.append(DesignDifference("copies", memory.name, shape(memory), found))
    return memories, differences


def find_probes(chip: Chip, width_of: Callable[[str], int | None]) -> tuple[dict[str, str], list[DesignDifference]]:
    """The path of each declared probe that is there, and how they differ in width.

    width_of : path -> the bits of what is there; None: nothing is
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


def likeness(chip: Chip, ports: list[ModulePort], arrays: list[Array]) -> float:
    """How much of the declaration a module has, 0 to 1: its pins by name, direction and width, and its memories."""
    found = sum(max((_pin_likeness(pin, port) for port in candidates_of(pin, ports)), default=0) for pin in chip.pins)
    shapes = {(array.depth, array.width) for array in arrays}
    found += sum((memory.depth, memory.width) in shapes for memory in chip.memories)
    return found / (len(chip.pins) + len(chip.memories))


def shape(memory: Memory | Array) -> str:
    """A memory's shape in words."""
    copies = "" if isinstance(memory, Array) or memory.copies is None else f"{memory.copies} copies of "
    return f"{copies}{memory.depth} words of {memory.width} bits"


def _pin_likeness(pin: Pin, port: ModulePort) -> float:
    return 0.5 + 0.25 * (port.direction == pin.direction) + 0.25 * (port.width == pin.width)


def _compare_pin(pin: Pin, port: ModulePort) -> list[DesignDifference]:
    if port.direction != pin.direction:
        return [DesignDifference("direction", pin.name, pin.direction, port.direction)]
    if port.width != pin.width:
        return [DesignDifference("width", pin.name, f"{pin.width} bits", f"{port.width} bits")]
    return []


def _plain(name: str) -> str:
    """The letters that two spellings of a pin have in common: AERIN_REQ, aerin_req, aer_in__req."""
    return name.replace("_", "").lower()


def _described(pin: Pin | ModulePort) -> str:
    return f"{pin.direction}, {pin.width} bit{'s' if pin.width > 1 else ''}"
