"""The experiment on a chip: one pass over the training images, then the test images with learning off."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events.closed_loop import run
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import BusRun
from draupnir.emulator.trace import column, pack
from draupnir.tools.experiments.digits.experiment import EVENTS, DigitsConfiguration, DigitsExperiment
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, Raster, weights

RESET_CYCLES = 4  # clocks with RST, and again after it; more than the two flip-flops of RST need
MAX_CYCLES = 10_000_000  # the limit for the events of one image, which take about 60,000 clocks
N_RASTERS = 2  # images of which all spikes are kept: the last of the training and the first of the test


class OdinAlone:
    """ODIN between a sender and a receiver, for a trainer. This class runs the golden model alone.

    environment : the delays of sender and receiver
    """

    source = "golden model"

    def __init__(self, environment: Environment | None = None) -> None:
        self.environment = environment or Environment()
        self.model = Model()

    def configure(self, configuration: DigitsConfiguration) -> None:
        """Reset the chip, and write registers and memories directly. Over SPI this would take millions of clocks."""
        r = self.model.registers[0]
        for name, content in configuration.registers.items():
            r[name.lower()] = content
        self.load(NEURONS.name, configuration.neurons)
        self.load(SYNAPSES.name, configuration.synapses)
        rst = [pack(CHIP.input_word, {"RST": 1})] * RESET_CYCLES + [0] * RESET_CYCLES
        self.model.drive(np.array(rst), np.ones(len(rst), dtype=np.uint8))

    def load(self, name: str, content: np.ndarray) -> None:
        """Overwrite a memory. The chip must be at rest."""
        self.model.memories[name][:] = content

    def send(self, events: list[int], record_rows: bool = False) -> BusRun:
        """Send events, and receive spikes until the chip is at rest.

        events : AERIN_ADDR of each event, 17 bits
        record_rows : keep the levels of the input pins in the result
        Raises RuntimeError if the chip does not come to rest.
        """
        outcome = run(self.model, np.array(events), self.environment, MAX_CYCLES, record_rows)
        if not outcome.done:
            raise RuntimeError(f"ODIN did not come to rest within {MAX_CYCLES} clocks: {self.model.context()}")
        return outcome


class DigitsTrainer:
    """An experiment on one chip, which the trainer configures.

    odin : a chip in its initial state; None for the golden model
    """

    def __init__(self, experiment: DigitsExperiment, odin: OdinAlone | None = None) -> None:
        self.experiment = experiment
        self.odin = odin or OdinAlone()
        self.results = DigitsResults(self.odin.source)
        configuration = experiment.configuration()
        self.odin.configure(configuration)
        self.results.weights = weights(configuration.synapses)

    @property
    def model(self) -> Model:
        """The chip's golden model."""
        return self.odin.model

    def run(self, advance: Callable[[int], None] = lambda n: None) -> DigitsResults:
        """Train and test with all images. ``advance`` is called with 1 after each image."""
        start = time.perf_counter()
        for i, image in enumerate(self.experiment.train_images):
            self.train(int(image), i >= len(self.experiment.train_images) - N_RASTERS)
            advance(1)
        self.learning_off()
        for i, image in enumerate(self.experiment.test_images):
            self.test(int(image), i < N_RASTERS)
            advance(1)
        self.results.seconds = time.perf_counter() - start
        return self.results

    def train(self, image: int, raster: bool = False) -> None:
        """Present an image, note the answer, and give the lesson."""
        presentation = self._send(self.experiment.presentation(image), raster)
        lesson = self._send(self.experiment.lesson(image), raster)
        self.results.take_weights(self.model.memories[SYNAPSES.name])
        answer = self._answer(image, presentation)
        self.results.train.append(answer)
        if raster:
            self.results.rasters.append(_raster(answer, True, [presentation, lesson]))

    def learning_off(self) -> None:
        """Write the parameters of the neurons for the test."""
        self.odin.load(NEURONS.name, self.experiment.neurons(train=False))

    def test(self, image: int, raster: bool = False) -> None:
        """Present an image, and note the answer."""
        presentation = self._send(self.experiment.presentation(image, train=False), raster)
        answer = self._answer(image, presentation)
        self.results.test.append(answer)
        if raster:
            self.results.rasters.append(_raster(answer, False, [presentation]))

    def _answer(self, image: int, presentation: BusRun) -> Answer:
        return Answer(image, self.experiment.label(image), self.experiment.predict(presentation.addrs))

    def _send(self, events: list[int], record_rows: bool) -> BusRun:
        outcome = self.odin.send(events, record_rows)
        self.results.count(events, len(outcome.addrs), outcome.n_cycles)
        return outcome


def _raster(answer: Answer, train: bool, runs: list[BusRun]) -> Raster:
    """The spikes of consecutive runs with recorded rows."""
    pins = np.concatenate([piece.rows for piece in runs])
    req = column(CHIP.input_word, "AERIN_REQ", pins)
    addr = column(CHIP.input_word, "AERIN_ADDR", pins)
    rises = np.flatnonzero(req > np.concatenate([[0], req[:-1]]))
    spikes = np.array([c for c in rises if EVENTS["spike"].matches(int(addr[c]))], dtype=np.int64)
    pre = EVENTS["spike"].fields[0]
    out_cycles = np.concatenate([piece.cycles for piece in runs])
    return Raster(
        answer,
        train,
        spikes,
        addr[spikes] >> pre.lsb & pre.high,
        out_cycles - runs[0].first_cycle,
        np.concatenate([piece.addrs for piece in runs]),
    )
