"""The files of a run, spikes and memory images. All of them appear when the run succeeds; otherwise none does."""

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
    """Open the files of a run. Yields two functions: the first writes spikes, the second writes a memory.

    output : the file for spikes, None if there is none; saves : memory -> the file for its image
    The first function takes cycles and addresses, (n,) int64 each; the second takes the memory's name and its words,
    (depth, limbs) uint32.
    Raises InputError for a file of spikes that is neither .csv nor .npy.
    """
    if output is not None:
        spikes.check(output)
    with replacing_all([*([output] if output else []), *saves.values()]) as temporaries:
        images = dict(zip(saves, temporaries[len(temporaries) - len(saves) :], strict=True))

        def save(name: str, words: np.ndarray) -> None:
            hexfile.write(images[name], words, chip.memory(name))

        file = spikes.spike_stream(temporaries[0], output.suffix) if output else nullcontext(_ignore)
        with file as take:
            yield take, save


def _ignore(cycles: np.ndarray, addrs: np.ndarray) -> None:
    """Ignore the spikes, because the user names no file for them."""
