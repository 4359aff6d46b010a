"""Two handwritten digits under cocotb; `draupnir sim odin` without a test does hundreds.

digits.npz has the configuration and the events of each image. The bench writes a record of the chip's output,
digits_record.npz, into the session's folder, and notes its name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.lib import memory
from draupnir.cocotb_tests.odin.bench import Bench
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.golden.files import replacing

IMAGES = Path(__file__).with_name("digits.npz")
RECORD = "digits_record.npz"
N_TRAIN, N_TEST = 1, 1  # the numbers of images
LIMIT: dict[str, Any] = {"timeout_time": 1, "timeout_unit": "sec"}
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
ALWAYS_READY = ReceiverTiming(latency=Clocks(0, 0), hold=Clocks(0, 0))
QUIET = 1200  # The last events of an image are processed in fewer cycles.


@dataclass
class Record:
    """The record of a run.

    runs : for each run of events its image, 1 for a lesson or 0, the number of spikes, the number of clocks
    spikes : AEROUT_ADDR of all spikes, in order; synapses : the memory after each lesson, (depth, 1) uint32
    """

    runs: list[tuple[int, int, int, int]] = field(default_factory=list)
    spikes: list[int] = field(default_factory=list)
    synapses: list[np.ndarray] = field(default_factory=list)

    def write(self, path: Path, seconds: float) -> None:
        """Write all of it as arrays. The array ``sent`` has the runs; seconds : wall time."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                sent=np.array(self.runs),
                spikes=np.array(self.spikes, np.int64),
                synapses=np.array(self.synapses),
                seconds=np.array(seconds),
            )


@cocotb.test(**LIMIT)
async def test_digits(dut: Any) -> None:
    """The chip learns one image with a teacher, and classifies another one with learning off."""
    with np.load(IMAGES) as file:
        job = dict(file)
    bench = Bench(dut, sender=AT_ONCE, receiver=ALWAYS_READY)
    bench.configured_as(_registers(job["registers"]), job["neurons"], job["synapses"])
    record = Record()
    begin = time.perf_counter()
    async with bench:
        for image in job["train"][: bench.length(N_TRAIN)].tolist():
            await _send(bench, job, image, "presentation", record)
            await _send(bench, job, image, "lesson", record)
            record.synapses.append(memory.read(bench.memories[SYNAPSES.name], SYNAPSES)[0])
        bench.load({NEURONS.name: job["test_neurons"]})
        for image in job["test"][: bench.length(N_TEST)].tolist():
            await _send(bench, job, image, "presentation", record)
    path = Path(bench.session.folder) / RECORD
    record.write(path, time.perf_counter() - begin)
    bench.session.note(experiment="digits", record=str(path))


async def _send(bench: Bench, job: Mapping[str, np.ndarray], image: int, part: str, record: Record) -> None:
    """Send an image's presentation or lesson, and wait until it is processed."""
    begin, n_before = bench.clock.cycle(), len(bench.output.events)
    await bench.aerin.send_all(job[f"{part}_{image}"].tolist())
    await bench.clock.cycles(QUIET)
    spikes = bench.output.addrs[n_before:]
    record.spikes += spikes
    record.runs.append((image, int(part == "lesson"), len(spikes), bench.clock.cycle() - begin))


def _registers(contents: np.ndarray) -> dict[str, int]:
    """Return name -> content, with the contents of a register's addresses in one integer."""
    return {
        r.name: sum(part << r.width * i for i, part in enumerate(row[: r.n_addrs]))
        for r, row in zip(CHIP.registers, contents.tolist(), strict=True)
    }
