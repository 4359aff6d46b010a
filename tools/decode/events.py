"""The events on a chip's buses in a waveform, by their handshakes alone, and the handshakes that are broken.

An event passes as ACK rises while REQ is high; ``buses.four_phase.watch`` is the same rule. The host's steps from
timestep to timestep count as events, too.

Source: emulator/buses/four_phase.py, emulator/buses/timesteps.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.timesteps import TIMESTEPS
from draupnir.emulator.declare import Chip, Event, WiredBus
from draupnir.emulator.spi.port import Remark
from draupnir.golden.levels import PinMoments


@dataclass(frozen=True)
class BusEvent:
    """An event, or a broken handshake, on a bus.

    time : in the recording's unit
    bus : the name of the bus; name : the name of the event, "" if the chip declares none for these levels
    pins : pin -> level of the payload, or of the pin that has changed
    fields : field -> value of the declared event
    remarks : what is wrong, or not complete, with the handshake
    """

    time: int
    bus: str
    name: str
    pins: Mapping[str, int]
    fields: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @property
    def text(self) -> str:
        """The event in words."""
        pins = ", ".join(f"{pin} {level:#x}" if self.name else f"{pin} {level}" for pin, level in self.pins.items())
        fields = " ".join(f"{name} {number}" for name, number in self.fields.items())
        event_text = f"{self.bus}: {f'{self.name} {fields}'.rstrip()} ({pins})" if self.name else f"{self.bus}: {pins}"
        return "; ".join([event_text, *(remark.text for remark in self.remarks if not remark.right)])


class BusReader:
    """Reads one bus, moment by moment.

    pins : the pins without which the bus cannot be read
    """

    def __init__(self, bus: WiredBus, chip: Chip) -> None:
        self.bus = bus
        self.pins = tuple(pin.name for role in bus.kind.roles for pin in bus.pins[role.name])
        self._chip = chip
        self._levels: dict[str, int] = {}  # role -> its present level

    def feed(self, moments: PinMoments, reset: np.ndarray) -> Iterator[BusEvent]:
        """Yield the events of the next moments; nothing if a pin of the bus was not recorded.

        reset : (n + 1,) int64, 1 before and after each moment if the chip is in reset
        """
        if not all(pin in moments.level for pin in self.pins):
            return
        columns = np.stack([moments.level[pin] for pin in self.pins])
        if not self._levels:
            self._levels = self._roles(columns[:, 0].tolist())
        change_idx = np.flatnonzero((columns[:, 1:] != columns[:, :-1]).any(axis=0))
        times, in_reset = moments.times[change_idx].tolist(), reset[1:][change_idx].tolist()
        for time, is_reset, levels in zip(times, in_reset, columns[:, 1:].T[change_idx].tolist(), strict=True):
            roles = self._roles(levels)
            for event in self.events(time, roles, dict(zip(self.pins, levels, strict=True))):
                if not (is_reset and event.remarks):
                    yield event
            self._levels = roles

    def _roles(self, levels: list[int]) -> dict[str, int]:
        pin_levels = dict(zip(self.pins, levels, strict=True))
        return {role.name: self.bus.level(role.name, pin_levels) for role in self.bus.kind.roles}

    def events(self, time: int, roles: dict[str, int], pins: dict[str, int]) -> Iterator[BusEvent]:
        """Yield the events of a moment at which a pin changes; roles, pins : the levels after it, by name"""
        raise NotImplementedError

    def finish(self, time: int) -> Iterator[BusEvent]:
        """Yield what is not complete at the end of the recording."""
        yield from ()


class FourPhaseReader(BusReader):
    """Reads a bus with REQ and ACK."""

    _pins: dict[str, int]  # the levels after the last moment

    def events(self, time: int, roles: dict[str, int], pins: dict[str, int]) -> Iterator[BusEvent]:
        old, self._pins = self._levels, pins
        req, ack = self.bus.pin("req").name, self.bus.pin("ack").name
        if roles["ack"] > old["ack"]:
            text = f"{ack} rises while {req} is low: no event passes"
            fault = () if roles["req"] else (Remark("ack alone", text, f"{ack} rises only while {req} is high"),)
            yield self._event(time, fault)
        elif roles["req"] < old["req"] and not old["ack"]:
            text = f"{req} falls before {ack} rises: the event may be taken, or lost"
            yield self._event(time, (Remark("withdrawn", text, f"{req} stays high until {ack} is high"),))
        elif roles["req"] > old["req"] and roles["ack"]:
            text = f"{req} rises while {ack} is high: the event may be taken, or lost"
            yield self._event(time, (Remark("too early", text, f"{req} rises only while {ack} is low"),))
        elif roles["req"] and old["req"] and not roles["ack"] and roles["addr"] != old["addr"]:
            text = f"the address changes while {req} is high: the chip may take either"
            yield self._event(time, (Remark("address", text, f"the address is stable while {req} is high"),))

    def finish(self, time: int) -> Iterator[BusEvent]:
        if self._levels.get("req") and not self._levels["ack"]:
            ack = self.bus.pin("ack").name
            yield self._event(time, (Remark("waiting", f"{ack} has not risen at the end of the recording"),))

    def _event(self, time: int, remarks: tuple[Remark, ...]) -> BusEvent:
        """Return the event that the payload pins show now."""
        payload = {pin.name: self._pins[pin.name] for pin in self.bus.pins[self.bus.payload]}
        if not self.bus.chip_sends:
            for event in self._chip.events:
                addr = self._addr(event)
                if addr is not None and event.matches(addr):
                    return BusEvent(time, self.bus.name, event.name, payload, event.decode(addr), remarks)
        return BusEvent(time, self.bus.name, "", payload, {}, remarks)

    def _addr(self, event: Event) -> int | None:
        """Return the address on the pins that the event does not name; None if it is another event, or another bus."""
        pins = [pin for pin in self.bus.pins[self.bus.payload] if pin.name not in event.pins]
        if sum(pin.width for pin in pins) != len(event.pattern):
            return None
        if any(self._pins.get(pin) != level for pin, level in event.pins.items()):
            return None
        addr = lsb = 0
        for pin in pins:
            addr |= self._pins[pin.name] << lsb
            lsb += pin.width
        return addr


class TimestepsReader(BusReader):
    """Reads the pins with which a host leads a chip from timestep to timestep."""

    def events(self, time: int, roles: dict[str, int], pins: dict[str, int]) -> Iterator[BusEvent]:
        lsb = 0
        for pin in self.bus.pins["levels"]:
            if (roles["levels"] ^ self._levels["levels"]) >> lsb & (1 << pin.width) - 1:
                yield BusEvent(time, self.bus.name, "", {pin.name: pins[pin.name]})
            lsb += pin.width
        if roles["tick"] > self._levels["tick"]:
            yield BusEvent(time, self.bus.name, "tick", {self.bus.pin("tick").name: 1})


_READERS = {FOUR_PHASE.name: FourPhaseReader, TIMESTEPS.name: TimestepsReader}


def readers(chip: Chip) -> list[BusReader]:
    """Return a reader of each bus whose events need no clock."""
    return [_READERS[bus.kind.name](bus, chip) for bus in chip.wired_buses if bus.kind.name in _READERS]
