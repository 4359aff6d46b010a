"""A chip's declared pins, found among the ports of whatever design is simulated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cocotb.utils import get_sim_steps

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError


class Pins:
    """Handles of a chip's pins, by the names of the declaration.

    A port is found by the name that ``ports`` gives for the pin, else by the pin's own name, else by its name without
    regard to case and underscores: ``AERIN_REQ`` is also ``aer_in__req``, as Amaranth flattens ``aer_in.req``.

    dut : cocotb's handle of the design's top
    ports : declared pin name -> port name, where they differ

    Raises InputError for a pin that the design does not have.
    """

    def __init__(self, dut: Any, chip: Chip, ports: Mapping[str, str] | None = None) -> None:
        self.dut, self.chip = dut, chip
        self._handles = {pin.name: _find(dut, (ports or {}).get(pin.name, pin.name)) for pin in chip.pins}

    def __getitem__(self, name: str) -> Any:
        return self._handles[name]

    def role(self, role: str, bus: str) -> Any:
        """The handle of the first pin with this role on this bus."""
        return self[self.chip.bus(bus).pins[role][0].name]

    def aer(self, bus: str) -> AerPins:
        """The three pins of an address-event bus."""
        return AerPins(bus, self.role("addr", bus), self.role("req", bus), self.role("ack", bus))

    def inputs(self) -> Iterator[Any]:
        """Handles of the input pins without the clock."""
        return (self[pin.name] for pin in self.chip.inputs)


@dataclass(frozen=True)
class AerPins:
    """An address-event bus: name, and handles of address, request and acknowledge."""

    name: str
    addr: Any
    req: Any
    ack: Any


def bits(handle: Any) -> str:
    """What a pin or a word holds now, as the simulator says it: "01xz". Ten times as quick as cocotb's LogicArray."""
    held: str = handle._handle.get_signal_val_binstr()
    return held


def level(handle: Any) -> int | None:
    """The level of a pin now, or None if a bit of it is X or Z."""
    held = bits(handle)
    return int(held, 2) if held.isdecimal() else None


def control(dut: Any, name: str) -> Any:
    """The handle of a control of the wrapper; None if the top is no wrapper, or time has steps that it cannot tell."""
    return dut._get(name) if get_sim_steps(1, "ns", round_mode="ceil") == 1000 else None


def find(dut: Any, path: str) -> Any:
    """The handle of something inside the design: ``core_0.ram_0.mem``, or ``cores[1].mem`` in a generate loop.

    Raises InputError if a part of the path is not there.
    """
    handle = dut
    for part in re.findall(r"\[\d+\]|[^.\[\]]+", path):
        index = re.fullmatch(r"\[(\d+)\]", part)
        handle = handle._get(int(index.group(1)) if index else part)
        if handle is None:
            raise InputError(f"{dut._name}: nothing at {path!r}; {part!r} was not found")
    return handle


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
