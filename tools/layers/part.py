"""The part of a chip that is programmed with one layer at a time, through buses of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, runtime_checkable

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.package import Part

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class LayerDelays:
    """The delays of the two sides of a chip's streams, in clocks, 0 or more.

    gap : from a word that the chip takes until the next one is offered
    pause : from the clock in which an event is offered until it is taken
    """

    gap: int = 0
    pause: int = 0


@dataclass(frozen=True)
class LayerOutcome:
    """The outcome of a run.

    n_events : the events that were sent; n_words : the words of all packets; n_sent : those that the chip has taken
    n_spikes, n_timesteps : the spikes and the timesteps that came out
    n_cycles : the clocks from the first word on
    done : True if all words are taken and the chip is at rest
    is_stuck : True if the chip takes no further word, however long one waits
    seconds : the time of the run alone
    """

    n_events: int
    n_words: int
    n_sent: int
    n_spikes: int
    n_timesteps: int
    n_cycles: int
    done: bool
    is_stuck: bool
    seconds: float


@runtime_checkable
class LayerForm(Protocol):
    """The form of a layer in files, and a run of it.

    A layer is a ``Configuration`` of a declaration whose memories are what a host programs, registers too.

    file_names : the names of all files that ``write`` may write
    load, read : return the layer in a TOML file, and the one in a folder that ``write`` has filled
    text : returns the text of a TOML file that ``load`` reads as this layer
    write : writes the files that program the chip into a folder, and returns their paths
    apply : resets a golden model and programs it, as a host does; the model is then at rest
    run : sends the events of a file to the golden model, and writes the events that come out; output : None for no
        file; max_cycles : None for no limit of its own
    pins : returns a golden model that is programmed and at rest, and the input pins of each clock of this run

    Each of them raises InputError for a mistake in a file.
    """

    @property
    def file_names(self) -> list[str]: ...

    def load(self, path: Path, /) -> Configuration: ...

    def read(self, folder: Path, /) -> Configuration: ...

    def text(self, layer: Configuration, /) -> str: ...

    def write(self, layer: Configuration, folder: Path, /) -> list[Path]: ...

    def apply(self, layer: Configuration, model: Any, /) -> None: ...

    def run(
        self, layer: Configuration, events: Path, output: Path | None, delays: LayerDelays, max_cycles: int | None, /
    ) -> LayerOutcome: ...

    def pins(
        self, layer: Configuration, events: Path, delays: LayerDelays, max_cycles: int | None, /
    ) -> tuple[Any, np.ndarray]: ...


def _is_form(part: object) -> TypeGuard[LayerForm]:
    return isinstance(part, LayerForm)


LAYERS: Part[LayerForm] = Part(
    "layers",
    "form of layers",
    "it is not programmed layer by layer",
    _is_form,
    "an object with file_names, load, read, text, write, apply, run and pins",
)


def form_of(chip: str | Chip) -> LayerForm | None:
    """The form of a chip's layers; None for a chip that is not programmed layer by layer."""
    return LAYERS.load(chips.package(chip if isinstance(chip, str) else chip.name))
