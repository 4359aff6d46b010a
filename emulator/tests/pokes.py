"""Pokes into a model's state: they write any content that the declaration allows into registers and memories.

After a poke, all that a model keeps for speed may be out of date. So a poked model is compared with the plain chip:
the clock function alone, clock by clock, without stretches, planes, lanes or whole events.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Reg
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import Environment, enforced_wait, receive, send
from draupnir.emulator.speeds import runs
from draupnir.emulator.speeds.runs import bus_pins, without_bus_pins
from draupnir.emulator.trace import column, pack

WITH_EVENTS = [name for name in chips.names() if chips.package(name).engine]  # others have the plain clock only


@dataclass
class Plain:
    """A chip that runs only clock by clock."""

    chip: str
    model: Any

    def __post_init__(self) -> None:
        self._clock = import_module(f"draupnir.emulator.{self.chip}.clock")
        record, *rest = self.model.kernel_state()
        flat = rest[:1] if self.chip == "reckon" else []  # what only the pins take
        self.record = record
        self._pins, self._state = (record, *flat), (record, *rest[len(flat) :])

    def apply(self, inputs: int) -> None:
        if inputs != self.record.inputs:
            self._clock.apply_inputs(*self._pins, inputs)

    def clock(self) -> int:
        """Do a clock. Return the outputs before the edge."""
        outputs = int(self._clock.outputs(self.record))
        self._clock.clock(*self._state)
        return outputs

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> list[int]:
        """Drive rows as ``ClockLevel.drive`` does."""
        outputs = []
        for row, edge in zip(inputs.tolist(), clk.tolist(), strict=True):
            self.apply(row)
            outputs.append(self.clock() if edge else 0)
        return outputs

    def run(self, events: np.ndarray, environment: Environment, n_clocks: int) -> list[tuple[int, int]]:
        """Run events as a closed loop with ``finish`` False does. Return the spikes."""
        positions, out = self._clock.IN, self.model.chip.output_word
        others = without_bus_pins(positions, self.record.inputs)
        nothing = np.zeros(0, np.int64)
        sender, receiver, req_before = runs.at_rest(self.model, environment)
        spikes = []
        for _ in range(n_clocks):
            pins = np.array(int(self._clock.outputs(self.record)))
            ack, req = (int(column(out, name, pins)) for name in ("AERIN_ACK", "AEROUT_REQ"))
            if req and not req_before:
                spikes.append((int(self.record.cycle), int(column(out, "AEROUT_ADDR", pins))))
            req_before = req
            sender = send(sender, environment.delays, events, ack, enforced_wait(sender, nothing, self.record.cycle))
            receiver = receive(receiver, environment.delays, req)
            self.record.inputs = others | bus_pins(positions, sender, receiver)
            self.clock()
        return spikes


def poke(model: Any, rng: np.random.Generator, share: float) -> None:
    """Give random declared contents to this share of the registers, their elements and the memories' words."""
    record = model.registers[0]
    for reg in state.registers(model.chip):
        if rng.random() < share:
            _poke_register(record, reg, rng)
    if "main_mem" in record.dtype.names and rng.random() < 0.5:  # without this, hardly any event is taken at once
        record.main_fill_cnt *= 1 - record.main_empty
        record.main_write_ptr = (record.main_read_ptr + n_main(record)) % len(record.main_mem)
    for memory in model.chip.memories:
        words = model.memories[memory.name]
        here = rng.random(words.shape[:-1]) < share
        content = rng.integers(0, 1 << 32, words.shape, dtype=np.uint32)
        top = memory.width % 32
        if top:
            content[..., -1] &= (1 << top) - 1
        words[here] = content[here]


def _poke_register(record: Any, reg: Reg, rng: np.random.Generator) -> None:
    content = rng.integers(0, 1 << reg.width, reg.shape, dtype=np.int64)
    low = rng.integers(0, min(1 << reg.width, 4), reg.shape, dtype=np.int64)  # counters near their beginning, too
    record[reg.name] = (content if rng.random() < 0.5 else low).reshape(np.shape(record[reg.name]))


def rows(model: Any, rng: np.random.Generator, n: int, pause: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in which a random pin changes about each ``pause`` clocks; the reset changes rarely."""
    word = model.chip.input_word
    levels = {pin.name: 0 for pin in model.chip.inputs}
    names = [pin.name for pin in model.chip.inputs if pin.role != "reset"]
    resets = [pin.name for pin in model.chip.inputs if pin.role == "reset"]
    inputs = np.zeros(n, np.int64)
    for i in range(n):
        if rng.random() < 1 / pause:
            name = names[rng.integers(len(names))] if rng.random() < 0.95 else resets[0]
            levels[name] = int(rng.integers(0, 1 << word[name].width))
        inputs[i] = pack(word, levels)
    return inputs, (rng.random(n) < 0.98).astype(np.uint8)


def poked(chip: str, seed: int, share: float) -> tuple[Any, Any, np.random.Generator]:
    """Return two models with the same poked state, and the random generator that made it."""
    rng = np.random.default_rng(seed)
    first = chips.model(chip)(seed)
    first.reset()
    poke(first, rng, share)
    second = chips.model(chip)()
    second.restore(first.snapshot())
    return first, second, rng
