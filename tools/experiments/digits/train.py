"""The experiment under way: one pass over the training images, then the test images with learning off."""

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

RESET_CYCLES = 4  # RST held, and then waited: more than its two flip-flops
MAX_CYCLES = 10_000_000  # for the events of one image, which take some 60,000
N_RASTERS = 2  # images shown with all their spikes: the last of the training and the first of the test


class OdinAlone:
    """The chip as a trainer needs it: ODIN between a sender and a receiver, here the golden model alone.

    environment : the sender's and the receiver's delays
    """

    source = "golden model"

    def __init__(self, environment: Environment | None = None) -> None:
        self.environment = environment or Environment()
        self.model = Model()

    def configure(self, configuration: DigitsConfiguration) -> None:
        """Reset, and write registers and memories directly, which the SPI would take millions of clocks for."""
        r = self.model.registers[0]
        for name, content in configuration.registers.items():
            r[name.lower()] = content
        self.load(NEURONS.name, configuration.neurons)
        self.load(SYNAPSES.name, configuration.synapses)
        rst = [pack(CHIP.input_word, {"RST": 1})] * RESET_CYCLES + [0] * RESET_CYCLES
        self.model.drive(np.array(rst), np.ones(len(rst), dtype=np.uint8))

    def load(self, name: str, content: np.ndarray) -> None:
        """Overwrite a memory; the chip is at rest."""
        self.model.memories[name][:] = content

    def send(self, events: list[int], record_rows: bool = False) -> BusRun:
        """Send events, take the spikes, wait until the chip is at rest."""
        taken = run(self.model, np.array(events), self.environment, MAX_CYCLES, record_rows)
        if not taken.done:
            raise RuntimeError(f"ODIN has not come to rest within {MAX_CYCLES} clocks: {self.model.context()}")
        return taken


class DigitsTrainer:
    """An experiment under way on one chip, which has been configured for it.

    odin : a chip that nothing has been done with yet; by default the golden model
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
        """All images; ``advance`` is called with 1 after each."""
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
        """Present an image, note the answer, give the lesson."""
        answered = self._send(self.experiment.presentation(image), raster)
        taught = self._send(self.experiment.lesson(image), raster)
        self.results.learned(self.model.memories[SYNAPSES.name])
        answer = self._answer(image, answered)
        self.results.train.append(answer)
        if raster:
            self.results.rasters.append(_raster(answer, True, [answered, taught]))

    def learning_off(self) -> None:
        """Write the neurons' parameters for the test."""
        self.odin.load(NEURONS.name, self.experiment.neurons(train=False))

    def test(self, image: int, raster: bool = False) -> None:
        """Present an image and note the answer."""
        answered = self._send(self.experiment.presentation(image, train=False), raster)
        answer = self._answer(image, answered)
        self.results.test.append(answer)
        if raster:
            self.results.rasters.append(_raster(answer, False, [answered]))

    def _answer(self, image: int, answered: BusRun) -> Answer:
        return Answer(image, self.experiment.label(image), self.experiment.predict(answered.addrs))

    def _send(self, events: list[int], record_rows: bool) -> BusRun:
        taken = self.odin.send(events, record_rows)
        self.results.count(events, len(taken.addrs), taken.n_cycles)
        return taken


def _raster(answer: Answer, train: bool, runs: list[BusRun]) -> Raster:
    """The spikes of consecutive runs whose rows were recorded."""
    pins = np.concatenate([taken.rows for taken in runs])
    req = column(CHIP.input_word, "AERIN_REQ", pins)
    addr = column(CHIP.input_word, "AERIN_ADDR", pins)
    sent = np.flatnonzero(req > np.concatenate([[0], req[:-1]]))
    spikes = np.array([c for c in sent if EVENTS["spike"].matches(int(addr[c]))], dtype=np.int64)
    pre = EVENTS["spike"].fields[0]
    out_cycles = np.concatenate([taken.cycles for taken in runs])
    return Raster(
        answer,
        train,
        spikes,
        addr[spikes] >> pre.lsb & pre.high,
        out_cycles - runs[0].first_cycle,
        np.concatenate([taken.addrs for taken in runs]),
    )
