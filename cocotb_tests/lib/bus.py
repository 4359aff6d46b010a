"""A chip's declared pins, which are found among the ports of the simulated design."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cocotb.utils import get_sim_steps

from draupnir.emulator.declare import Chip, WiredBus
from draupnir.emulator.errors import InputError


class Pins:
    """Handles of a chip's pins, by the names of the declaration.

    A pin's port has the name in ``ports``, or else the pin's own name, or else a name that differs only in case and
    underscores: ``AERIN_REQ`` is also ``aer_in__req``, as Amaranth flattens ``aer_in.req``.

    dut : cocotb's handle of the design's top
    ports : declared pin name -> port name, if they differ
    probes : declared probe -> its path below ``dut``, for those that exist; None to look for each at its own path

    Attribute: ``probes``, name -> handle of the probes that exist.

    Raises InputError for a pin that the design does not have.
    """

    def __init__(
        self,
        dut: Any,
        chip: Chip,
        ports: Mapping[str, str] | None = None,
        probes: Mapping[str, str] | None = None,
    ) -> None:
        self.dut, self.chip = dut, chip
        self._handles = {pin.name: _find(dut, (ports or {}).get(pin.name, pin.name)) for pin in chip.pins}
        paths = {probe.name: probe.path for probe in chip.probes} if probes is None else probes
        handles = {name: _handle_at(dut, path) for name, path in paths.items()}
        self.probes = {name: handle for name, handle in handles.items() if handle is not None}

    def __getitem__(self, name: str) -> Any:
        return self._handles[name]

    def bus(self, name: str) -> BusPins:
        """Return the handles of a bus's pins."""
        return BusPins(self, self.chip.bus(name))

    @property
    def absent(self) -> tuple[str, ...]:
        """Return the chip's probes that the design does not have."""
        return tuple(probe.name for probe in self.chip.probes if probe.name not in self.probes)

    def inputs(self) -> Iterator[Any]:
        """Yield the handles of the input pins without the clocks."""
        return (self[pin.name] for pin in self.chip.inputs)


@dataclass(frozen=True)
class BusPins:
    """A bus of the chip; its pins are driven and read by the roles of its kind."""

    pins: Pins
    wired: WiredBus

    @property
    def name(self) -> str:
        return self.wired.name

    def drive(self, levels: Mapping[str, int]) -> None:
        """Set the pins of roles. Raises ValueError for a level that does not fit."""
        for name, level_ in self.wired.levels(levels).items():
            self.pins[name].value = level_

    def level(self, role: str) -> int | None:
        """Return the present level of a role, or None if a bit of it is X or Z."""
        pins = self.wired.pins[role]
        if len(pins) == 1:
            return level(self.pins[pins[0].name])
        levels = {pin.name: level(self.pins[pin.name]) for pin in pins}
        known_levels = {name: pin_level for name, pin_level in levels.items() if pin_level is not None}
        return self.wired.level(role, known_levels) if len(known_levels) == len(levels) else None

    def shows(self, awaited: tuple[str, int]) -> bool:
        """Return True if a role has a level; awaited : (role, level)."""
        return self.level(awaited[0]) == awaited[1]

    def change(self, role: str) -> Any:
        """Return the trigger for a change of a role with one pin."""
        return self.pins[self.wired.pin(role).name].value_change


def bits(handle: Any) -> str:
    """Return the present level of a pin or word in the simulator's text: "01xz". It is much faster than LogicArray."""
    text: str = handle._handle.get_signal_val_binstr()
    return text


def level(handle: Any) -> int | None:
    """Return the present level of a pin, or None if a bit of it is X or Z."""
    text = bits(handle)
    return int(text, 2) if text.isdecimal() else None


def control(dut: Any, name: str) -> Any:
    """Return the handle of a control of the wrapper; None without a wrapper, or if it cannot count the time's steps."""
    return dut._get(name) if get_sim_steps(1, "ns", round_mode="ceil") == 1000 else None


def find(dut: Any, path: str) -> Any:
    """Return the handle at a path inside the design: ``core_0.ram_0.mem``, or ``cores[1].mem`` in a generate loop.

    Raises InputError if a part of the path is not there.
    """
    handle = dut
    for part in re.findall(r"\[\d+\]|[^.\[\]]+", path):
        index = re.fullmatch(r"\[(\d+)\]", part)
        handle = handle._get(int(index.group(1)) if index else part)
        if handle is None:
            raise InputError(f"{dut._name}: nothing at {path!r}; {part!r} was not found")
    return handle


def _handle_at(dut: Any, path: str) -> Any:
    """Return the handle at a path inside the design, or None."""
    try:
        return find(dut, path)
    except InputError:
        return None


def _find(dut: Any, port: str) -> Any:
    exact = dut._get(port)
    if exact is not None:
        return exact
    for name in dir(dut):
        if _plain(name) == _plain(port):
            return find(dut, name)
    raise InputError(
        f"{dut._name}: no port for pin {port}; name it where it has another name: ports={{{port!r}: 'name'}}"
    )


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
