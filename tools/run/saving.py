"""The files of a run, spikes and memory images: all of them are there when it has ended well, and else none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.golden import hexfile
from draupnir.golden.files import replacing_all
from draupnir.tools.run import spikes
from draupnir.tools.run.spikes import Take

Save = Callable[[str, np.ndarray], None]


@contextmanager
def saving(output: Path | None, saves: Mapping[str, Path], chip: Chip) -> Iterator[tuple[Take, Save]]:
    """Two functions: one takes spikes, the other a memory's name and its words, (depth, limbs) uint32.

    output : the file of spikes; saves : memory -> the file of its image
    Raises InputError for a file of spikes that is neither .csv nor .npy.
    """
    if output is not None:
        spikes.check(output)
    with replacing_all([*([output] if output else []), *saves.values()]) as temporaries:
        images = dict(zip(saves, temporaries[len(temporaries) - len(saves) :], strict=True))

        def save(name: str, words: np.ndarray) -> None:
            hexfile.write(images[name], words, chip.memory(name))

        file = spikes.into(temporaries[0], output.suffix) if output else nullcontext(_ignore)
        with file as take:
            yield take, save


def _ignore(cycles: np.ndarray, addrs: np.ndarray) -> None:
    """Take spikes that nobody wants to have in a file."""
