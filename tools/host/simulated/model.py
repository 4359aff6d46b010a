"""A simulated board with a golden model as its chip. It follows the protocol of the bridge, and runs clock by clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.handshake import Delays
from draupnir.emulator.speeds import pieces
from draupnir.emulator.spi import pins
from draupnir.rtl.bridge.protocol import (
    CYCLE_BYTES,
    HEAD,
    PAYLOAD,
    REFUSED,
    RUN_FORGET,
    RUN_KEEP,
    RUN_MORE,
    RUN_MORE_LEVELS,
    VERSION,
    Command,
    SoftwareDeframer,
    buses,
    frame,
)
from draupnir.tools.host.simulated.buses import WRAP, EventBuses
from draupnir.tools.host.simulated.led import LedBuses

AT_ONCE = 1024  # clocks that run before the outputs are checked for a change
SLICE = 1 << 18  # clocks that run between two requests


class ModelBoard:
    """A board whose chip is a golden model. It receives bytes from the line, and sends bytes.

    model : a golden model; title : the title that IDENTIFY answers
    event_depth, spike_depth : the numbers of events and spikes in the queues, at least 1
    """

    def __init__(self, model: Any, title: str, event_depth: int, spike_depth: int) -> None:
        self._model, self._title = model, title
        self._chip: Chip = model.chip
        self._buses = buses(self._chip)
        self._aer = self._make_buses(event_depth, spike_depth)
        self._deframer = SoftwareDeframer()
        self._number: int | None = None
        self._response = b""
        self._levels = 0
        self._n_remaining = 0
        self._now = 0
        self._spi_pins = 0
        self._commands: dict[Command, Callable[[bytes], bytes]] = {
            Command.IDENTIFY: self._identify,
            Command.LEVELS: self._set_levels,
            Command.ENVIRONMENT: self._environment,
            Command.EVENTS: self._events,
            Command.RUN: self._start,
            Command.POLL: self._poll,
        }
        if self._buses.spi:
            self._commands |= {Command.SPI_WRITE: self._spi_write, Command.SPI_EXCHANGE: self._spi_exchange}
        self._compile()

    def _make_buses(self, event_depth: int, spike_depth: int) -> Any:
        """Return both ends of the chip's buses."""
        return (EventBuses if self._buses.lead is None else LedBuses)(self._chip, event_depth, spike_depth)

    @property
    def busy(self) -> bool:
        """True if the chip has clocks to run."""
        return self._n_remaining > 0 and not self._aer.must_wait(self._model.outputs, self._now)

    def step(self, content: bytes) -> bytes:
        """Take bytes from the line, and let the chip run for a while. Returns bytes for the line."""
        answers = b"".join(frame(self._answer(request)) for request in self._deframer.take(content))
        self._run(SLICE)
        return answers

    def _answer(self, request: bytes) -> bytes:
        if request[0] != self._number:
            self._number = request[0]
            self._response = request[:1] + self._do(request[1:])
        return self._response

    def _do(self, request: bytes) -> bytes:
        if not request:
            return b""
        command, arguments = request[0], request[1:]
        if command not in self._commands:
            return bytes([command | REFUSED])
        return bytes([command]) + self._commands[Command(command)](arguments)

    # --- Commands ---

    def _identify(self, _: bytes) -> bytes:
        depths = (self._aer.event_depth, self._aer.spike_depth)
        return bytes([VERSION]) + b"".join(depth.to_bytes(2, "little") for depth in depths) + self._title.encode()

    def _set_levels(self, arguments: bytes) -> bytes:
        self._levels = self._input_pins(int.from_bytes(arguments, "little"))
        levels, outputs, lsb = 0, self._model.outputs, 0
        for pin in self._buses.levels_out:
            f = self._chip.output_word[pin.name]
            levels |= (outputs >> f.lsb & f.high) << lsb
            lsb += f.width
        return levels.to_bytes(self._buses.n_bytes("levels out"), "little")

    def _input_pins(self, bits: int) -> int:
        """Pack the levels of the input pins that belong to no bus, which are side by side on the line."""
        pins = 0
        for pin in self._buses.levels_in:
            f = self._chip.input_word[pin.name]
            pins |= (bits & f.high) << f.lsb
            bits >>= f.width
        return pins

    def _environment(self, arguments: bytes) -> bytes:
        delays = (int.from_bytes(arguments[i : i + 2], "little") for i in range(0, 8, 2))
        self._aer.set_delays(Delays(*delays))
        return b""

    def _spi_write(self, arguments: bytes) -> bytes:
        self._spi_exchange(arguments)
        return b""

    def _spi_exchange(self, arguments: bytes) -> bytes:
        half, content = arguments[0], np.frombuffer(arguments, np.uint8)[1:]
        if not len(content):
            return b""
        of_bytes = pins.shift(self._chip, np.unpackbits(content).reshape(len(content), 8), half)
        sck = 1 << self._chip.input_word[self._buses.spi["sck"].name].lsb
        rows = np.hstack([of_bytes, of_bytes[:, -1:] & ~sck])  # a clock with SCK low after each byte
        outputs = self._rows(rows.ravel()).reshape(rows.shape)
        answers = pins.answers(self._chip, outputs[:, :-1], half)
        return np.packbits(answers.astype(np.uint8), axis=1).tobytes()

    def _events(self, arguments: bytes) -> bytes:
        n = CYCLE_BYTES + self._buses.event_bytes
        n_accepted = 0
        for i in range(0, len(arguments) - n + 1, n):
            number = int.from_bytes(arguments[i : i + CYCLE_BYTES], "little")
            addr = int.from_bytes(arguments[i + CYCLE_BYTES : i + n], "little")
            if not self._aer.queue(number, addr, self._now):
                break
            n_accepted += 1
        return bytes([n_accepted])

    def _start(self, arguments: bytes) -> bytes:
        clocks, flags = int.from_bytes(arguments[:4], "little"), arguments[4]
        if not flags & RUN_KEEP:
            self._n_remaining, self._aer.quiet = clocks, 0
        if flags & RUN_FORGET:
            self._aer.forget()
        self._aer.more = bool(flags & RUN_MORE)
        self._aer.more_levels = bool(flags & RUN_MORE_LEVELS)
        return b""

    def _poll(self, _: bytes) -> bytes:
        head = (self._now % WRAP, self._n_remaining, min(self._aer.quiet, WRAP - 1))
        answer = b"".join(number.to_bytes(4, "little") for number in head)
        n = self._buses.spike_bytes
        while self._aer.spikes and HEAD + len(answer) + CYCLE_BYTES + n <= PAYLOAD:
            cycle, addr = self._aer.spikes.popleft()
            answer += (cycle % WRAP).to_bytes(CYCLE_BYTES, "little") + addr.to_bytes(n, "little")
        return answer

    # --- The chip's clock ---

    def _compile(self) -> None:
        """Compile the model now, because a host would not wait for it. The state of the model does not change."""
        snapshot = self._model.snapshot()
        self._drive(1)
        self._now = 0
        self._model.restore(snapshot)

    def _drive(self, clocks: int) -> np.ndarray:
        """Run clocks with constant pins. Returns the outputs before each rise."""
        pins = self._levels | self._spi_pins | self._aer.pins
        self._now += clocks
        edges = np.array(self._chip.period[::-1] * clocks, np.uint8)  # a fall comes before the rise
        outputs: np.ndarray = self._model.drive(np.full(len(edges), pins, np.int64), edges)
        return outputs[len(self._chip.period) - 1 :: len(self._chip.period)]

    def _rows(self, spi_pins: np.ndarray) -> np.ndarray:
        """Run one clock for each level of the SPI pins. The receiver of the event bus also runs."""
        if self._aer.at_rest(self._model.outputs):
            snapshot = self._model.snapshot()
            rows = spi_pins | self._levels | self._aer.pins
            outputs: np.ndarray = self._model.drive(rows, np.ones(len(rows), np.uint8))
            if self._aer.stays_at_rest(np.append(outputs, self._model.outputs)):
                self._aer.pass_by(len(rows))
                self._now += len(rows)
                self._spi_pins = int(spi_pins[-1])
                return outputs
            self._model.restore(snapshot)
        outputs_by_row = []
        for self._spi_pins in spi_pins.tolist():
            self._aer.step(self._model.outputs, self._now, runs_sender=False)
            outputs_by_row.append(int(self._drive(1)[0]))
        return np.array(outputs_by_row)

    def _run(self, at_most: int) -> None:
        """Run the remaining clocks, but not more than ``at_most``, and stop if the clock must wait for the host."""
        end = self._now + min(self._n_remaining, at_most)
        while self._now < end and not self._aer.must_wait(outputs := self._model.outputs, self._now):
            pieces.check_stop()
            begin = self._now
            clocks = min(self._aer.unchanged_for(outputs, self._now), end - self._now, AT_ONCE)
            if clocks > 1:
                self._run_unchanged(outputs, clocks)
            else:
                self._aer.step(outputs, self._now, runs_sender=True)
                self._drive(1)
            self._n_remaining -= self._now - begin

    def _run_unchanged(self, outputs: int, clocks: int) -> None:
        """Run up to ``clocks`` clocks with constant pins, until a watched output changes."""
        snapshot, now = self._model.snapshot(), self._now
        watched_outputs = np.append(self._drive(clocks)[1:], self._model.outputs) & self._aer.watched
        changes = np.flatnonzero(watched_outputs != outputs & self._aer.watched)
        if len(changes) and changes[0] + 1 < clocks:
            self._model.restore(snapshot)
            self._now = now
            clocks = int(changes[0]) + 1
            self._drive(clocks)
        self._aer.skip(clocks, outputs)
