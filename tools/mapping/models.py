"""Golden models with a network that was mapped: one for each thread that runs a sample."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from draupnir.emulator import chips
from draupnir.tools.mapping.plan import Mapped


class ModelPool:
    """Models of a configured chip. Several threads may use it at the same time."""

    def __init__(self, mapped: Mapped) -> None:
        self._configuration = mapped.configuration
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._start = self._add().snapshot()

    def _add(self) -> Any:
        chip = self._configuration.chip
        model = chips.model(chip.name, chip.sizes)(None)
        self._configuration.apply(model)
        self._idle.put(model)
        return model

    @contextmanager
    def model(self) -> Iterator[Any]:
        """Give a model that is as after configuration, for the time of the ``with`` block."""
        if self._idle.empty():
            self._add()
        model = self._idle.get()
        model.restore(self._start)
        try:
            yield model
        finally:
            self._idle.put(model)
