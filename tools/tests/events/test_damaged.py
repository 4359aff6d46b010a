"""Damaged files of each format: bytes changed and ends cut at random give events or one line, and nothing else."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.events.binning import Timesteps, bin_recording
from draupnir.tools.events.files import read
from draupnir.tools.events.fitting import Fit
from draupnir.tools.events.recording import FileOptions, SensorSize
from draupnir.tools.tests.events import writers
from draupnir.tools.tests.events.test_readers import TRAINS, faery, h5py, nix
from draupnir.tools.tests.events.writers import random_events

N_FILES = 30
FIT = Fit(pool=SensorSize(4, 4), most_rows=1 << 16)


def write_text(path: Path) -> None:
    path.write_text("".join("\t".join(f"{t} s" for t in train) + "\n" for train in TRAINS))


def write_davis(path: Path) -> None:
    events, size = random_events(), SensorSize(346, 260)
    times = events["t"].tolist()
    writers.write_aedat2(path, writers.davis_addresses(events, size), times, "eu.seebetter.ini.chips.davis.Davis346")


FILES = [
    pytest.param("a.bin", partial(writers.write_nmnist, events=random_events()), id="nmnist"),
    pytest.param("a.aedat", write_davis, id="aedat2"),
    pytest.param("a.aedat", partial(writers.write_aedat3, events=random_events()), id="aedat3"),
    pytest.param("a.aedat4", partial(writers.write_aedat4, events=random_events()), id="aedat4", marks=faery),
    pytest.param("a.dat", partial(writers.write_dat, events=random_events()), id="dat", marks=faery),
    pytest.param("a.raw", partial(writers.write_evt2, events=random_events()), id="evt2", marks=faery),
    pytest.param("a.raw", partial(writers.write_evt3, events=random_events()), id="evt3", marks=faery),
    pytest.param("a.es", partial(writers.write_es, events=random_events()), id="es", marks=faery),
    pytest.param(
        "a.h5",
        partial(writers.write_heidelberg, recordings=[random_events(20, SensorSize(700, 1))], labels=[1]),
        id="shd",
        marks=h5py,
    ),
    pytest.param("a.nwb", partial(writers.write_nwb, trains=TRAINS), id="nwb", marks=h5py),
    pytest.param("a.nix", partial(writers.write_nix, segments=[TRAINS]), id="nix", marks=nix),
    pytest.param("a.npy", partial(writers.write_npy, events=random_events()), id="npy"),
    pytest.param("a.txt", write_text, id="text"),
]


@pytest.mark.parametrize(("name", "write"), FILES)
def test_a_damaged_file_gives_events_or_one_line(name, write, tmp_path):
    path, chance = tmp_path / name, random.Random(name)
    write(path)
    whole = path.read_bytes()
    messages = set()
    options = FileOptions(writers.CAMERA if name == "a.npy" else None)
    for _ in range(N_FILES):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            for recording in read(path, options):
                binned = bin_recording(recording, FIT, Timesteps(10_000))
                assert binned.counts.n_spikes == len(binned.rows) and np.all(binned.rows < binned.n_rows)
        except InputError as error:
            message = str(error)
            assert "\n" not in message and str(path) in message
            messages.add(message)
    assert len(messages) > 1
