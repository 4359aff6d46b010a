"""The library: what ``import draupnir`` offers. Each function is thin over the one that the command of its name uses.

Input that cannot be used raises ``InputError``, with one line that says what, where,
and what would be right. Arrays are NumPy's; files are paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator import chips as registry
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.package import ChipPackage
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import batch, levels
from draupnir.rtl.design import SourceOptions

if TYPE_CHECKING:
    from draupnir.golden.case import Case
    from draupnir.golden.compare import FirstDifference, RowDevice
    from draupnir.golden.compare.device import Device
    from draupnir.golden.regress import CaseOutcome
    from draupnir.golden.replay import ReplayResult

__all__ = [
    "Configuration",
    "Environment",
    "InputError",
    "Run",
    "SourceOptions",
    "chip",
    "chips",
    "compare",
    "load_config",
    "model",
    "pack",
    "record",
    "regress",
    "replay",
    "run",
    "run_many",
]
Simulator = Literal["verilator", "icarus", "model"]


@dataclass(frozen=True)
class Run:
    """The outcome of a run of events.

    cycles : (n,) int64, the model's clock, counted from its very first one, in which each thing sent by the chip is
        first seen
    out : (n,) int64, what was sent: the addresses of spikes, or the bytes that the host of a led chip took
    n_cycles : clocks that the run took
    done : everything was sent, and the chip came to rest; False: ``max_cycles`` came first
    """

    cycles: np.ndarray
    out: np.ndarray
    n_cycles: int
    done: bool


# --- Chips ------------------------------------------------------------------------------------------------------


def chips() -> tuple[str, ...]:
    """The names of all chips, Draupnir's own and those of installed packages, in alphabetical order.

    >>> import draupnir
    >>> "odin" in draupnir.chips()
    True
    """
    return registry.names()


def chip(name: str) -> ChipPackage:
    """The chip of this name, as the object on which all of its parts hang; ``declared`` is what is declared of it.

    Of a chip whose sizes can be chosen, ``sized(NAME=N)`` is what is declared of one with these sizes.
    Raises InputError for a name that is not one of ``chips()``, or that two packages offer.

    >>> import draupnir
    >>> declared = draupnir.chip("odin").declared
    >>> [(memory.name, memory.depth, memory.width) for memory in declared.memories]
    [('neurons', 256, 128), ('synapses', 8192, 32)]
    """
    return registry.package(name)


def model(
    name: str,
    config: Configuration | Path | str | None = None,
    seed: int | None = None,
    sizes: Mapping[str, int] | None = None,
) -> ClockLevel:
    """Make a golden model of a chip: clock level, all registers and memories 0.

    config : what it is programmed with, as ``load_config`` takes or returns it; None leaves it unprogrammed
    seed : 0 .. 2**32 - 1, gives the registers that no reset touches random contents; None leaves them 0
    sizes : of a chip that has parameters, those that are not at their defaults
    ``step`` runs one clock, ``drive`` rows of pins, ``memories`` and ``registers`` are yours between two calls.

    >>> import draupnir
    >>> odin = draupnir.model("odin")
    >>> odin.reset()
    >>> int(odin.registers[0].cycle)
    8
    """
    made = registry.model(name, sizes)(seed)
    if config is not None:
        wanted = config if isinstance(config, Configuration) else load_config(name, config, sizes)
        wanted.apply(made)
    return made


# --- Configurations ---------------------------------------------------------------------------------------------


def load_config(name: str, path: Path | str, sizes: Mapping[str, int] | None = None) -> Configuration:
    """Read what a chip is programmed with: a TOML file, an SPI stream in any form, or a folder that ``pack`` wrote.

    sizes : as ``model`` takes them
    Raises InputError, with file, line and field, for whatever is not right.

    >>> import draupnir, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "net.toml").write_text("[registers]\\nSPI_OPEN_LOOP = 1\\n")
    ...     config = draupnir.load_config("odin", f"{folder}/net.toml")
    >>> config.registers["SPI_OPEN_LOOP"]
    (1,)
    """
    from draupnir.tools.compile import packed

    return packed.read(Path(path), registry.declaration(name, sizes))


def pack(config: Configuration, folder: Path | str, onto: Configuration | None = None) -> list[Path]:
    """Write all files that program a chip into a folder, or none of them; returns them.

    onto : what the memories hold before: the SPI streams write only what differs; None: nobody knows, they write all
    Raises InputError for a chip that has no SPI port, and for a folder that is none.

    >>> import draupnir, tempfile
    >>> config = draupnir.load_config("tinyodin", "examples/tinyodin/net.toml")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sorted(path.name for path in draupnir.pack(config, folder) if path.suffix == ".hex")
    ['neurons.hex', 'synapses.hex']
    """
    from draupnir.tools.compile import packed

    return packed.pack(config, Path(folder), onto.memories if onto else None)


# --- Events -----------------------------------------------------------------------------------------------------


def run(
    model: ClockLevel,
    events: ArrayLike,
    environment: Any = None,
    max_cycles: int | None = None,
    clock_level: bool = False,
) -> Run:
    """Send events to a model, and take what it sends until it is at rest; the model is left as the run ends.

    events : (n,) integers, the address of each on the chip's input bus; or (n, 2), the model's clock before which each
        is not sent, and its address. Of a chip that its host leads (n, 2), the host's operations and their operands
    environment : the delays of sender and receiver in clocks, an ``Environment``, or the chip's own ``Host``; None: 0
    max_cycles : clocks after which the run ends; None: as many as should do, or NotAtRest is raised
    clock_level : run every clock by itself, as with ``model.stretch`` False: the same results, later
    Raises InputError for a chip without an event level, and for events of another shape.

    >>> import draupnir
    >>> odin = draupnir.model("odin", "examples/odin/net.toml")
    >>> found = draupnir.run(odin, [0x6407])
    >>> found.out[:4].tolist(), found.cycles[:4].tolist()
    ([0, 1, 2, 3], [20, 543, 1066, 1589])
    """
    package = registry.package(model.chip.name)
    sent = np.asarray(events, np.int64)
    stretch, model.stretch = model.stretch, model.stretch and not clock_level
    try:
        if package.host is not None:
            return _run_led(package, model, sent, environment, max_cycles)
        addrs, not_before = _columns(sent)
        engine = levels.BUS_ENGINE.needed(package)
        ran = engine.run(model, addrs, environment or Environment(), max_cycles, not_before)
        return Run(ran.cycles, ran.addrs, ran.n_cycles, ran.done)
    finally:
        model.stretch = stretch


def _run_led(package: ChipPackage, model: ClockLevel, ops: np.ndarray, host: Any, max_cycles: int | None) -> Run:
    """Let the host of a led chip carry out its operations."""
    level = levels.HOSTED_ENGINE.needed(package)
    ran = level.run(model, ops, host or levels.HOST.needed(package).Host(), max_cycles)
    return Run(ran.cycles, ran.received, ran.n_cycles, ran.done)


def _columns(events: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Addresses, and the clocks before which they are not sent, if there are such."""
    if events.ndim == 1:
        return events, None
    if events.ndim != 2 or events.shape[1] != 2:
        raise InputError(f"events of shape {events.shape}; right is (n,) addresses, or (n, 2) clocks and addresses")
    return events[:, 1], events[:, 0]


def run_many(
    runs: Iterable[tuple[ClockLevel, ArrayLike]],
    environment: Any = None,
    max_cycles: int | None = None,
    n_threads: int | None = None,
) -> Iterator[Run]:
    """Run many models at once, on all cores; gives the results in the order of the runs, each as soon as it is there.

    runs : a model of its own for each, and its addresses (n,), or a host's operations (n, 2); taken as threads become
        free
    environment, max_cycles : of all of them, as ``run`` takes them; n_threads : None is one for each core

    >>> import draupnir
    >>> models = [draupnir.model("odin", "examples/odin/net.toml") for _ in range(3)]
    >>> [found.done for found in draupnir.run_many((model, [0x6407]) for model in models)]
    [True, True, True]
    """
    for ran in batch.run_batch((_sample(*each, environment, max_cycles) for each in runs), n_threads):
        yield Run(ran.cycles, ran.addrs if hasattr(ran, "addrs") else ran.received, ran.n_cycles, ran.done)


def _sample(model: ClockLevel, events: ArrayLike, environment: Any, max_cycles: int | None) -> batch.Sample:
    host = levels.HOST.of(registry.package(model.chip.name))
    default = host.Host() if host else Environment()
    return batch.Sample(model, np.asarray(events, np.int64), environment or default, max_cycles)


# --- Comparisons ------------------------------------------------------------------------------------------------


def replay(
    name: str,
    wave: Path | str,
    scope: str | None = None,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
    ignore: Sequence[str] = (),
    max_mismatches: int = 1,
    seed: int | None = None,
    sizes: Mapping[str, int] | None = None,
) -> ReplayResult:
    """Hold a recorded waveform against the golden model, every output pin before every clock edge.

    wave : VCD or FST; or the folder of a golden case, whose memory images are then loaded and expected
    scope : where the pins are, dotted, if several scopes have them
    load, expect : memory images ($readmemh) before the first edge and after the last one, by memory
    ignore : pins that are not recorded; max_mismatches : clocks with a difference after which it stops, at least 1
    seed, sizes : as ``model`` takes them; a golden case has its own sizes
    ``holds`` of the result says whether all was compared and nothing differs.

    >>> import draupnir
    >>> draupnir.replay("odin", draupnir.chip("odin").cases / "unconfigured").holds
    True
    """
    from draupnir.golden.case import case_at
    from draupnir.golden.replay import replay_recording
    from draupnir.golden.wave import Reading

    path = Path(wave)
    recorded = case_at(path, name)
    model = registry.model(name, recorded.parameters if recorded else sizes)(seed)
    reading = Reading(scope, ignored=tuple(ignore))
    return replay_recording(model, path, reading, load, expect, max_mismatches)


def regress(
    name: str,
    rtl: Path | str | None = None,
    simulator: Simulator = "verilator",
    cases: Sequence[str] = (),
    n_cycles: int | None = None,
    build: Path | str = "build",
    top: str | None = None,
    options: SourceOptions | None = None,
    sizes: Mapping[str, int] | None = None,
    golden: Path | str | None = None,
) -> list[CaseOutcome]:
    """Drive the inputs of a chip's golden cases into an RTL, and compare every pin at every clock, and the memories.

    rtl : a folder of Verilog, or a list of its files (.f); None: the chip's own RTL; neither where the simulator is
        "model", the golden model itself
    cases : names; all if there are none; n_cycles : the first clocks of each case, all if None
    build : a folder for what is compiled
    top : the top module of ``rtl``, where several modules have the chip's pins
    options : macros, folders, empty modules, parameters and outside memories of ``rtl``: what the options -D, -I,
        --stub, --set and --memory of the commands say
    sizes : only the cases that were recorded with these sizes; golden : another folder of cases than the chip's own
    ``holds`` of each outcome says whether it is as recorded.

    >>> import draupnir
    >>> [outcome.holds for outcome in draupnir.regress("odin", simulator="model", cases=["unconfigured"])]
    [True]
    """
    from draupnir.golden import case
    from draupnir.golden import regress as regressing
    from draupnir.golden.compare.device import ModelDevice
    from draupnir.rtl import devices
    from draupnir.rtl.initial import Initial

    folder = Path(build)
    outcomes: list[CaseOutcome] = []
    found = case.discover(Path(golden)) if golden is not None else case.of_chip(name)
    for declared, group in regressing.by_sizes(name, regressing.select(found, cases), sizes or {}):
        device: Device
        if simulator == "model":
            device = ModelDevice(declared)
        else:
            design = _design(declared, rtl, folder, top, options)
            start = Initial("zero" if simulator == "verilator" else "unknown")
            device = devices.simulated(design, declared, simulator, folder / "compiled", start)
        outcomes += regressing.regress(device, declared, group, n_cycles)
    return outcomes


def record(
    name: str,
    rtl: Path | str,
    recipe: str,
    folder: Path | str,
    seed: int = 1,
    build: Path | str = "build",
    top: str | None = None,
    options: SourceOptions | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Case:
    """Record what a folder of Verilog does in Verilator, under a recipe's stimulus, as a golden case in ``folder``.

    rtl : the folder, or a list of files (.f); recipe : one of those that ``draupnir record CHIP --list`` names
    top, options : as ``regress`` takes them; sizes : as ``model`` takes them
    seed : of the stimulus, 0 .. 2**32 - 1
    folder : appears, or is replaced, when the case is complete; build : a folder for what is compiled
    Returns the case. Raises InputError if the sources are not the chip's, or the folder holds something else.

    An example, for which Verilog is needed: ``draupnir.record("odin", "ODIN/src", "lif_events", "golden/lif_events")``.
    """
    from draupnir.golden import record as recording
    from draupnir.golden.recipes import recipe as recipe_of
    from draupnir.golden.recipes import record_recipe
    from draupnir.rtl import verilated
    from draupnir.tools.report.provenance import source_of_recording
    from draupnir.tools.terminal.options import Rtl

    declared = registry.declaration(name, sizes)
    why = recipe_of(declared, recipe).why
    recording.check_replaceable(Path(folder))
    design = _design(declared, rtl, Path(build), top, options)
    device = verilated.build(design, declared, Path(build) / "compiled")
    recorded = record_recipe(device, declared, recipe, seed)
    source = Rtl(Path(rtl), top, options or SourceOptions())
    command = f"draupnir record {name} {source.elsewhere(sizes or {})} --recipe {recipe} --seed {seed}"
    origin = source_of_recording(source.folder or Path(rtl), design.files)
    return recording.save(recorded, Path(folder), why, origin, command, seed)


def compare(
    device: RowDevice, model: ClockLevel, inputs: np.ndarray, clk: np.ndarray | None = None
) -> FirstDifference | None:
    """Run rows of pins on anything that has ``run(inputs, clk)``, and on a golden model; None if all outputs are equal.

    device : a simulator, a chip on a board, another model; in the same state as the model
    inputs : (n,) or (n, words) int64, the input pins of each row, packed as ``draupnir.emulator.trace`` says
    clk : (n,) uint8, the clock edges that end each row; None: the first clock rises in all
    At a difference it gives the clock, the pins, and what the model is doing; the model stands just before that edge.

    >>> import draupnir, numpy as np
    >>> class Twin:
    ...     run = draupnir.model("odin").drive
    >>> draupnir.compare(Twin(), draupnir.model("odin"), np.arange(1000) % 7) is None
    True
    """
    from draupnir.golden.compare import hold

    return hold(device, model, inputs, np.ones(len(inputs), np.uint8) if clk is None else clk)


def _design(
    chip: Chip, rtl: Path | str | None, build: Path, top: str | None = None, options: SourceOptions | None = None
) -> Any:
    """Somebody's RTL, or the chip's own. Raises InputError for a top or options of the latter."""
    if rtl is not None:
        from draupnir.rtl import foreign

        return foreign.read(Path(rtl), chip, top, options)
    if top is not None or options is not None:
        raise InputError("top and options: only with rtl; the chip's own RTL has one top and needs nothing else")
    from draupnir.rtl import emit

    return emit.design(chip.name, build / "rtl", **chip.sizes)
