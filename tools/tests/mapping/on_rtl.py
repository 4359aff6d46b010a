"""Our RTL of a chip beside its golden model, both with a mapped network, for tests that run samples on both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import addresses
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds.levels import CLOSED_LOOP
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.spi import pins
from draupnir.emulator.trace import pack
from draupnir.golden.compare.together import Together
from draupnir.rtl import emit, verilated
from draupnir.tools.compile.spi import stream
from draupnir.tools.mapping.crossbar import samples as crossbar
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.reckon import running as reckon

RESET_CLOCKS = REST_CLOCKS = 10


class OnRtl:
    """Both, after a reset and all registers over SPI."""

    def __init__(self, mapped: Mapped, folder: Path) -> None:
        self._mapped = mapped
        self._chip = chips.declaration(mapped.chip)
        self._device = verilated.build(emit.design(mapped.chip, folder / "rtl"), self._chip, folder)
        self._model = chips.model(mapped.chip)()
        self._together = Together(self._device, self._model)
        self._load()
        self._hold(setup_rows(mapped.configuration))

    def run(self, sample: np.ndarray) -> Any:
        """Run a sample clock by clock; return what the model's closed loop says of it.

        Every output pin has to be the same at every clock, and every memory at the end.
        """
        self._load()
        snapshot = self._model.snapshot()
        outcome = self._closed_loop(sample)
        rest = np.full(REST_CLOCKS, self._model.registers[0].inputs)  # the last operation moves pins after the last row
        self._model.restore(snapshot)
        self._hold(np.concatenate([outcome.rows, rest]))
        return outcome

    def _closed_loop(self, sample: np.ndarray) -> Any:
        level: Any = CLOSED_LOOP.require(chips.package(self._mapped.chip))
        plan = self._mapped.plan
        if self._mapped.chip == "reckon":
            return level.run(self._model, reckon.operations(plan, sample), Host(), record_rows=True)
        events = addresses(self._chip, crossbar.inputs(plan, sample))
        rest = np.full(len(events), AT_REST)
        return level.run(self._model, events, Environment(), record_rows=True, not_before=rest)

    def _load(self) -> None:
        for name, words in self._mapped.configuration.memories.items():
            self._device.write_memory(name, words)
            self._model.memories[name][:] = words

    def _hold(self, rows: np.ndarray) -> None:
        assert len(rows) > 0
        assert self._together.run(rows, np.ones(len(rows), np.uint8)) is None
        for memory in self._chip.memories:
            assert self._device.read_memory(memory.name).tolist() == self._model.memories[memory.name].tolist()


def setup_rows(configuration: Configuration) -> np.ndarray:
    """A reset, and all registers over SPI, one row for each clock."""
    chip = configuration.chip
    transactions = stream.pack(configuration, configuration.memories)
    reset = [pack(chip.input_word, {"RST": 1})] * RESET_CLOCKS + [0] * RESET_CLOCKS
    return np.concatenate([reset, pins.rows(chip, transactions), np.zeros(RESET_CLOCKS, np.int64)])
