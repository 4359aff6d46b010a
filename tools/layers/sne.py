"""SNE's engine layer by layer: the part ``layers`` of its package."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layer import EngineLayer, event_packets
from draupnir.emulator.sne.layout import TIME_BITS, EventOp, LayerKind
from draupnir.emulator.sne.streams import StreamSides, run
from draupnir.emulator.sne.words import input_of
from draupnir.tools.layers import sne_events, sne_files, sne_toml
from draupnir.tools.layers.part import LayerDelays, LayerOutcome
from draupnir.tools.layers.sne_events import LayerEvent


class SneForm:
    """Layers of SNE in files; see ``LayerForm``."""

    file_names = sne_files.FILE_NAMES
    load = staticmethod(sne_toml.load)
    read = staticmethod(sne_files.read)
    text = staticmethod(sne_toml.text)
    write = staticmethod(sne_files.write)

    def apply(self, layer: Configuration, model: Any) -> None:
        """Reset a golden model, set its pins, and send the kernels; the model is then at rest."""
        sne_files.layer_of(layer).apply(model)

    def run(
        self, layer: Configuration, events: Path, output: Path | None, delays: LayerDelays, max_cycles: int | None
    ) -> LayerOutcome:
        """Send the events of a file in packets, a packet for each timestep, and write what comes out."""
        if output is not None and output.suffix != ".csv":
            raise InputError(f"{output}: the events of sne are written to .csv")
        timed = sne_events.read(events)
        model, packets, sides = _at_rest(layer, timed, delays)
        run(model, packets[:0], sides)  # it loads or compiles
        first_cycle, start = int(model.registers[0].cycle), time.perf_counter()
        outcome = run(model, packets, sides, max_cycles)
        seconds = time.perf_counter() - start
        if output is not None:
            sne_events.write(output, outcome, first_cycle)
        ops = outcome.received >> TIME_BITS
        n_events = sum(event.word is not None for event in timed)
        n_spikes, n_timesteps = (int(np.count_nonzero(ops == op)) for op in (EventOp.SPIKE, EventOp.TIME))
        return LayerOutcome(
            *(n_events, len(packets), outcome.n_sent, n_spikes, n_timesteps),
            *(outcome.n_cycles, outcome.done, outcome.is_stuck, seconds),
        )

    def pins(
        self, layer: Configuration, events: Path, delays: LayerDelays, max_cycles: int | None
    ) -> tuple[Model, np.ndarray]:
        """Return a programmed golden model, and the input pins of each clock of the run: (n, n_words) int64."""
        model, packets, sides = _at_rest(layer, sne_events.read(events), delays)
        at_rest = model.snapshot()
        rows = run(model, packets, sides, max_cycles, record_rows=True).rows
        model.restore(at_rest)
        return model, rows


def _at_rest(
    layer: Configuration, events: Sequence[LayerEvent], delays: LayerDelays
) -> tuple[Model, np.ndarray, StreamSides]:
    """Return a golden model that is programmed with a layer, the words of all packets, and the sides of its streams."""
    one = sne_files.layer_of(layer)
    packets = np.array(list(_packets(one, events)), np.int64)
    model = Model()
    one.apply(model)
    return model, packets, StreamSides(delays.gap, delays.pause)


def _packets(layer: EngineLayer, events: Sequence[LayerEvent]) -> Iterator[int]:
    """Yield the words of all packets. Raises InputError for an event that has no weights."""
    if layer.kind == LayerKind.FC:
        for event in events:
            _check_input(layer, event)
    for timestep, some in sne_events.timesteps(events):
        yield from event_packets(layer, timestep, [event.word for event in some if event.word is not None])


def _check_input(layer: EngineLayer, event: LayerEvent) -> None:
    word = event.word or 0
    number = input_of(word)
    if word >> TIME_BITS in sne_events.SPIKES and number >= len(layer.weights):
        raise InputError(
            f"{event.place}: channel, row and column are input {number}; the layer has weights for {len(layer.weights)}"
        )


FORM = SneForm()
