"""Compare a chip's pins with a module's ports by the meaning of their names, by direction and by width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from draupnir.emulator.declare import Chip, Pin
from draupnir.rtl.hierarchy import Array, ModulePort

_MARKS = {"in": re.compile(r"^i_|_i$|(?<=_n)i$"), "out": re.compile(r"^o_|_o$|(?<=_n)o$")}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SAME = {
    "clock": "clk", "reset": "rst", "resetn": "rst", "rstn": "rst", "nrst": "rst", "nreset": "rst", "aresetn": "rst",
    "areset": "rst", "arst": "rst", "arstn": "rst", "address": "addr", "request": "req", "acknowledge": "ack",
    "sclk": "sck",
}  # fmt: skip
_FILLERS = {"i", "o", "in", "out", "n", "ni", "no", "pin", "pad"}
_LEAST_ALIKE = 0.75  # the likeness of two names from which one is proposed for the other
_RENAMED = 0.6  # the weight of a port whose name only resembles the pin's


def plain(name: str) -> str:
    """Return a name without case and underscores: the same for AERIN_REQ, aerin_req and aer_in__req."""
    return name.replace("_", "").lower()


def candidates_of(pin: Pin, ports: Sequence[ModulePort]) -> list[ModulePort]:
    """Return the ports with a pin's name.

    If no port has exactly this name, case and underscores do not count. If there is still no port, a mark of the pin's
    direction (i_ or _i, o_ or _o) does not count either.
    """
    exact = [port for port in ports if port.name == pin.name]
    spelt = exact or [port for port in ports if plain(port.name) == plain(pin.name)]
    mark = _MARKS[pin.direction]
    return spelt or [
        port
        for port in ports
        if port.direction == pin.direction
        and plain(mark.sub("", port.name.lower())) in (plain(pin.name), plain(mark.sub("", pin.name.lower())))
    ]


def resembling(pins: Iterable[Pin], ports: Iterable[ModulePort]) -> dict[str, ModulePort]:
    """Return pin -> the port of its direction with the most similar name, if there is one; no port is there twice."""
    pairs = [(_names_alike(pin.name, port.name), port.width == pin.width, pin, port)
             for pin in pins for port in ports if port.direction == pin.direction]  # fmt: skip
    ports_by_pin: dict[str, ModulePort] = {}
    for alike, _, pin, port in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if alike >= _LEAST_ALIKE and pin.name not in ports_by_pin and port not in ports_by_pin.values():
            ports_by_pin[pin.name] = port
    return ports_by_pin


def likeness(chip: Chip, ports: Sequence[ModulePort], arrays: Iterable[Array]) -> float:
    """Return how much of the declaration a module has, 0 to 1: its pins by name, direction and width, and its memories.

    A port with a similar name counts for less than a port with the pin's name.
    """
    ports_by_name = {pin.name: candidates_of(pin, ports) for pin in chip.pins}
    used_ports = {port.name for candidates in ports_by_name.values() for port in candidates}
    renamed = resembling(
        [pin for pin in chip.pins if not ports_by_name[pin.name]],
        [port for port in ports if port.name not in used_ports],
    )
    score = sum(max((_pin_likeness(pin, port) for port in ports_by_name[pin.name]), default=0.0) for pin in chip.pins)
    score += sum(_RENAMED * _pin_likeness(chip.pin(name), port) for name, port in renamed.items())
    shapes = {(array.depth, array.width) for array in arrays}
    score += sum((memory.depth, memory.width) in shapes for memory in chip.memories)
    return score / (len(chip.pins) + len(chip.memories))


def _pin_likeness(pin: Pin, port: ModulePort) -> float:
    return 0.5 + 0.25 * (port.direction == pin.direction) + 0.25 * (port.width == pin.width)


@lru_cache(1 << 16)
def _names_alike(one: str, other: str) -> float:
    """Return how similar two names are, 0 to 1; 0.8 if one name has all words of the other."""
    these, those = _words(one), _words(other)
    if these and those and (set(these) <= set(those) or set(those) <= set(these)):
        return 1.0 if set(these) == set(those) else 0.8
    matcher = SequenceMatcher(None, "".join(these), "".join(those), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _LEAST_ALIKE else 0.0


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case and in their usual spelling, without words that only mark a port."""
    words = [_SAME.get(word.lower(), word.lower()) for word in _WORD.findall(name)]
    return [word for word in words if word not in _FILLERS] or words
