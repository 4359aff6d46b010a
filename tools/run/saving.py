"""The files of a run, spikes and memory images. All of them appear when the run succeeds; otherwise none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.golden import hexfile
from draupnir.golden.files import replacing_all
from draupnir.tools.run import spikes
from draupnir.tools.run.spikes import Take, TakePotentials

Save = Callable[[str, np.ndarray], None]


class Outputs(NamedTuple):
    """Functions that write the files of a run.

    take : writes spikes; receives cycles and addresses, (n,) int64 each
    save : writes a memory; receives its name and its words, (depth, limbs) uint32
    take_potentials : writes the potentials of a READ; receives its number, and (n,) int64
    """

    take: Take
    save: Save
    take_potentials: TakePotentials


@contextmanager
def saving(
    output: Path | None, saves: Mapping[str, Path], chip: Chip, potentials: Path | None = None
) -> Iterator[Outputs]:
    """Open the files of a run, and yield the functions that write them.

    output : the file for spikes, None if there is none; saves : memory -> the file for its image
    potentials : the file for potentials, None if there is none
    Raises InputError for a file of spikes or potentials that is neither .csv nor .npy.
    """
    contents = {"spikes": (output, spikes.SPIKES), "potentials": (potentials, spikes.POTENTIALS)}
    streams = {name: (path, header) for name, (path, header) in contents.items() if path is not None}
    for name, (path, _) in streams.items():
        spikes.check(path, name)
    paths = [path for path, _ in streams.values()]
    with replacing_all([*paths, *saves.values()]) as temporaries, ExitStack() as stack:
        images = dict(zip(saves, temporaries[len(paths) :], strict=True))
        put = {
            name: stack.enter_context(spikes.spike_stream(temporary, path.suffix, header))
            for (name, (path, header)), temporary in zip(streams.items(), temporaries, strict=False)
        }

        def save(name: str, words: np.ndarray) -> None:
            hexfile.write(images[name], words, chip.memory(name))

        def take_potentials(number: int, cores: np.ndarray) -> None:
            if "potentials" in put:
                put["potentials"](np.full(len(cores), number), np.arange(len(cores)), cores)

        yield Outputs(put.get("spikes", _ignore), save, take_potentials)


def _ignore(cycles: np.ndarray, addrs: np.ndarray) -> None:
    """Ignore the spikes, because the user names no file for them."""
