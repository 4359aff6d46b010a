"""Two handwritten digits under cocotb; `draupnir sim odin` without a test does hundreds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.lib import memory
from draupnir.cocotb_tests.odin.bench import Bench
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.tools.experiments.digits import report
from draupnir.tools.experiments.digits.experiment import N_IMAGES_MIN, DigitsExperiment
from draupnir.tools.experiments.digits.results import Answer, DigitsResults, weights
from draupnir.tools.report.provenance import origin

N_TRAIN, N_TEST = 1, 1  # images
LIMIT: dict[str, Any] = {"timeout_time": 1, "timeout_unit": "sec"}
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
ALWAYS_READY = ReceiverTiming(latency=Clocks(0, 0), hold=Clocks(0, 0))
QUIET = 1200  # cycles in which the last events of an image are processed


@cocotb.test(**LIMIT)
async def test_digits(dut: Any) -> None:
    """Two images: one in training with a teacher, one in the test with learning off."""
    bench = Bench(dut, sender=AT_ONCE, receiver=ALWAYS_READY)
    experiment = DigitsExperiment(n_images=N_IMAGES_MIN)
    configuration = experiment.configuration()
    registers = {name: _whole(name, content) for name, content in configuration.registers.items()}
    bench.configured_as(registers, configuration.neurons, configuration.synapses)
    results = DigitsResults(f"RTL in {bench.session.simulator}", weights=weights(configuration.synapses))
    begin = time.perf_counter()
    async with bench:
        for image in experiment.train_images[: bench.length(N_TRAIN)]:
            answer = await _answer(bench, experiment, int(image), train=True, results=results)
            await _send(bench, experiment.lesson(int(image)), results)
            results.learned(memory.read(bench.memories[SYNAPSES.name], SYNAPSES)[0])
            results.train.append(answer)
            _note(bench, results)
        bench.load({NEURONS.name: experiment.neurons(train=False)})
        for image in experiment.test_images[: bench.length(N_TEST)]:
            results.test.append(await _answer(bench, experiment, int(image), train=False, results=results))
            _note(bench, results)
    results.seconds = time.perf_counter() - begin
    where = origin([bench.session.seed], command=bench.session.reproduce)
    bench.session.note(report=str(report.write(Path(bench.session.folder), results, where)[-1]))


async def _answer(
    bench: Bench, experiment: DigitsExperiment, image: int, train: bool, results: DigitsResults
) -> Answer:
    """Present an image; the answer is read from the output bus."""
    spikes = await _send(bench, experiment.presentation(image, train), results)
    return Answer(image, experiment.label(image), experiment.predict(spikes))


async def _send(bench: Bench, events: Sequence[int], results: DigitsResults) -> list[int]:
    """Send events and wait until they are processed; returns the spikes."""
    begin, n_before = bench.clock.cycle(), len(bench.output.events)
    await bench.aerin.send_all(events)
    await bench.clock.cycles(QUIET)
    spikes = bench.output.addrs[n_before:]
    results.count(np.array(events), len(spikes), bench.clock.cycle() - begin)
    return spikes


def _note(bench: Bench, results: DigitsResults) -> None:
    bench.session.note(
        images=len(results.train) + len(results.test),
        events=results.n_events,
        weight_updates=results.n_updates,
        online_accuracy=results.online_accuracy,
        accuracy=results.accuracy,
    )


def _whole(name: str, content: int | list[int]) -> int:
    """A register's content at all of its addresses, as one integer."""
    parts = [content] if isinstance(content, int) else content
    return sum(part << CHIP.register(name).width * i for i, part in enumerate(parts))
