"""The library: the functions and classes that ``import draupnir`` offers.

Each function calls the same code as the command of its name. Wrong input raises ``InputError``; its message is one line
that says what is wrong, where it is, and what would be right. Arrays are NumPy arrays, and files are given by their
paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from draupnir import many
from draupnir.emulator import chips as registry
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.package import ChipPackage
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import batch, levels
from draupnir.result import ManyRuns, Run
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
    "ManyRuns",
    "Run",
    "SourceOptions",
    "chip",
    "chips",
    "compare",
    "emit",
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


# --- Chips ------------------------------------------------------------------------------------------------------


def chips() -> tuple[str, ...]:
    """The names of all chips in alphabetical order: Draupnir's own, and those of installed packages.

    >>> import draupnir
    >>> "odin" in draupnir.chips()
    True
    """
    return registry.names()


def chip(name: str) -> ChipPackage:
    """The chip of this name: one object that holds all parts of the chip.

    ``declared`` of the object is the chip's declaration: its pins, registers, memories and events. If a chip has sizes
    to choose, ``sized(NAME=N)`` gives the declaration for these sizes.
    Raises InputError for a name that is not one of ``chips()``, and for a name that two packages offer.

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
    """Make a golden model of a chip at clock level. All its registers and memories are 0.

    config : a configuration, or the path of a file that ``load_config`` reads; None leaves the chip unprogrammed
    seed : 0..2**32 - 1, start value of the random contents of all registers without a reset; None leaves them 0
    sizes : parameter of the chip -> its value, for each parameter that does not have its default value
    ``step`` of the model runs one clock, and ``drive`` runs rows of pins. Between two calls you may read and write
    ``memories`` and ``registers``.

    >>> import draupnir
    >>> odin = draupnir.model("odin")
    >>> odin.reset()
    >>> int(odin.registers[0].cycle)
    8
    """
    from draupnir.tools.layers.part import form_of

    golden_model = registry.model(name, sizes)(seed)
    if config is not None:
        configuration = config if isinstance(config, Configuration) else load_config(name, config, sizes)
        form = form_of(name)
        if form is None:
            configuration.apply(golden_model)
        else:
            form.apply(configuration, golden_model)
    return golden_model


# --- Configurations ---------------------------------------------------------------------------------------------


def load_config(name: str, path: Path | str, sizes: Mapping[str, int] | None = None) -> Configuration:
    """Read a configuration: a TOML file, an SPI stream in any form, or a folder that ``pack`` has written.

    sizes : as for ``model``
    Raises InputError, with file, line and field, for each mistake.

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
    """Write all files that program a chip into a folder, or none of them. Returns their paths.

    onto : the earlier contents of the memories; the SPI streams then write only the words that differ. None means that
        the contents are not known, and the streams write all words
    Raises InputError for a chip without an SPI port, and if ``folder`` exists and is not a folder.

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
    """Send events to a model, and receive its spikes until the chip is at rest. The model keeps that state.

    events : (n,) integers, the address of each event on the chip's input bus, 0..2**width - 1 of the bus; or (n, 2),
        for each event the first clock of the model in which it may be sent, and its address; -1 for the clock sends
        it when the chip is at rest. For a chip that its host leads: (n, 2), the host's operations and their operands
    environment : the delays of sender and receiver, in clocks: an ``Environment``, or the ``Host`` of a chip that its
        host leads; None means that all delays are 0
    max_cycles : the number of clocks after which the run ends, at least 0; None chooses a limit that is large enough
        for any run that ends, and raises NotAtRest if the chip is not at rest then
    clock_level : run every clock by itself, as with ``model.stretch`` False; the results are the same, but they take
        longer
    Raises InputError for a chip without an event level, and for events of another shape.

    >>> import draupnir
    >>> odin = draupnir.model("odin", "examples/odin/net.toml")
    >>> found = draupnir.run(odin, [0x6407])
    >>> found.out[:4].tolist(), found.cycles[:4].tolist()
    ([0, 1, 2, 3], [20, 543, 1066, 1589])
    """
    package = registry.package(model.chip.name)
    sent_events = np.asarray(events, np.int64)
    stretch, model.stretch = model.stretch, model.stretch and not clock_level
    try:
        if package.host is not None:
            return _run_led(package, model, sent_events, environment, max_cycles)
        addrs, not_before = _columns(sent_events)
        engine = levels.BUS_ENGINE.require(package)
        ran = engine.run(model, addrs, environment or Environment(), max_cycles, not_before)
        return Run(ran.cycles, ran.addrs, ran.n_cycles, ran.done)
    finally:
        model.stretch = stretch


def _run_led(package: ChipPackage, model: ClockLevel, ops: np.ndarray, host: Any, max_cycles: int | None) -> Run:
    """Run a chip that its host leads: the host carries out the operations."""
    level = levels.HOSTED_ENGINE.require(package)
    ran = level.run(model, ops, host or levels.HOST.require(package).Host(), max_cycles)
    return Run(ran.cycles, ran.received, ran.n_cycles, ran.done)


def _columns(events: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The addresses, and for each the first clock in which it may be sent; None if there is no such column."""
    if events.ndim == 1:
        return events, None
    if events.ndim != 2 or events.shape[1] != 2:
        raise InputError(f"events of shape {events.shape}; right is (n,) addresses, or (n, 2) clocks and addresses")
    return events[:, 1], events[:, 0]


@overload
def run_many(
    runs: Iterable[tuple[ClockLevel, ArrayLike]],
    environment: Any = None,
    max_cycles: int | None = None,
    n_threads: int | None = None,
    *,
    backend: str = "cpu",
) -> Iterator[Run]: ...


@overload
def run_many(
    runs: Configuration | ClockLevel | ManyRuns,
    environment: Any = None,
    max_cycles: int | Sequence[int] | np.ndarray | None = None,
    n_threads: int | None = None,
    *,
    events: ArrayLike | Sequence[ArrayLike],
    changes: Sequence[Mapping[str, Any]] | None = None,
    finish: bool = True,
    keep_states: bool = False,
    backend: str = "cpu",
) -> ManyRuns: ...


def run_many(
    runs: Any,
    environment: Any = None,
    max_cycles: Any = None,
    n_threads: int | None = None,
    *,
    events: Any = None,
    changes: Sequence[Mapping[str, Any]] | None = None,
    finish: bool = True,
    keep_states: bool = False,
    backend: str = "cpu",
) -> Iterator[Run] | ManyRuns:
    """Run many chips of one kind at once, on all cores: a base with changes, or models of your own.

    runs : the base: a configuration, a model in any state, which stays as it is, or the outcome of a call before, whose
        runs go on. Or, for each run, a model of its own and its events, or the operations of its host, as for ``run``;
        the results are then yielded in this order, each as soon as it is ready
    environment : as for ``run``, the same for all runs
    max_cycles : as for ``run``; with a base also one for each run, and no run raises NotAtRest: a run that did not end
        has ``done`` False
    n_threads : the number of threads, at least 1; None is one for each core
    events : with a base: the events as for ``run``, the same for all runs; or a list with an array for each run
    changes : with a base: for each run what is different in it, place -> content. A place is some words of a memory, or
        one of their fields ("neurons[0-9].thr"); entries of a matrix ("synapses[5][0-63].syn_weight"); a register of
        the chip's state; and, with a configuration as the base, a configuration register ("registers.SPI_OPEN_LOOP") or
        "seed", as for ``model``. Without brackets it is all elements. The content is an integer, or an array with one
        for each element. Words and registers of the state are written after the reset, as by ``model.poke``
    finish : with a base: True lets each run end when the chip is at rest; False as soon as its last event is sent, so
        that a next call goes on exactly as one long run would
    keep_states : with a base: True keeps the chips at the end, so that a next call can go on with them
    backend : "cpu"; or, with a base, "cuda" for an NVIDIA GPU (extra ``[cuda]``), with the same results
    Raises InputError for a place that the chip does not have, a content that does not fit, and lists of other lengths.
    Also raises it for "cuda" if this machine has no GPU, or the chip does not run there.

    >>> import draupnir
    >>> config = draupnir.load_config("odin", "examples/odin/net.toml")
    >>> found = draupnir.run_many(config, events=[0x6407], changes=[{"neurons[0-9].thr": n} for n in (1, 100, 200)])
    >>> found.figures["n_spikes"].tolist(), found.spikes_of(0)["cycle"][:2].tolist()
    ([10, 0, 0], [20, 543])
    >>> models = [draupnir.model("odin", "examples/odin/net.toml") for _ in range(3)]
    >>> [found.done for found in draupnir.run_many((model, [0x6407]) for model in models)]
    [True, True, True]
    """
    many.check_backend(backend)
    if isinstance(runs, Configuration | ClockLevel | ManyRuns):
        if events is None:
            raise InputError("run_many: events= is missing")
        return many.run(runs, events, changes, environment, max_cycles, n_threads, finish, keep_states, backend)
    if events is not None or changes is not None or keep_states or not finish:
        raise InputError("run_many: events=, changes=, finish= and keep_states= need a base; here each run has a model")
    if backend == "cuda":
        raise InputError("backend 'cuda': it needs a base with changes; right is backend 'cpu' for models of your own")
    return _run_models(runs, environment, max_cycles, n_threads)


def _run_models(
    runs: Iterable[tuple[ClockLevel, ArrayLike]], environment: Any, max_cycles: int | None, n_threads: int | None
) -> Iterator[Run]:
    """Run models of the user's own."""
    for ran in batch.run_batch((_sample(*each, environment, max_cycles) for each in runs), n_threads):
        yield Run(ran.cycles, ran.addrs if hasattr(ran, "addrs") else ran.received, ran.n_cycles, ran.done)


def _sample(model: ClockLevel, events: ArrayLike, environment: Any, max_cycles: int | None) -> batch.Sample:
    host = levels.HOST.load(registry.package(model.chip.name))
    sent_events = np.asarray(events, np.int64)
    if host is not None:
        return batch.Sample(model, sent_events, environment or host.Host(), max_cycles)
    addrs, not_before = _columns(sent_events)
    return batch.Sample(model, addrs, environment or Environment(), max_cycles, not_before)


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
    """Compare a recorded waveform with the golden model: every output pin before every clock edge.

    wave : a VCD or FST file; or the folder of a golden case, whose memory images are then loaded and compared
    scope : the scope of the pins, with dots, for instance "tb.dut"; needed if several scopes have them
    load, expect : memory -> image ($readmemh), which it holds before the first edge, or after the last one
    ignore : names of pins that the recording does not have
    max_mismatches : the comparison ends after so many clocks with a difference, at least 1
    seed, sizes : as for ``model``; a golden case has its own sizes
    ``holds`` of the result is True if every output pin was compared and nothing differs.

    >>> import draupnir
    >>> draupnir.replay("odin", draupnir.chip("odin").cases / "unconfigured").holds
    True
    """
    from draupnir.golden.case import case_at
    from draupnir.golden.replay import replay_recording
    from draupnir.golden.wave import Reading

    path = Path(wave)
    case = case_at(path, name)
    model = registry.model(name, case.parameters if case else sizes)(seed)
    reading_options = Reading(scope, ignored=tuple(ignore))
    return replay_recording(model, path, reading_options, load, expect, max_mismatches)


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
    """Drive the inputs of a chip's golden cases into an RTL; compare every pin at every clock, and the memories.

    rtl : a folder of Verilog, or a list of its files (.f); None is the chip's own RTL. It is not used if the simulator
        is "model", which runs the golden model in place of an RTL
    cases : the names of the cases; an empty sequence means all
    n_cycles : how many clocks of each case to compare, from its first one, at least 1; None means all
    build : the folder for compiled simulators
    top : the top module of ``rtl``, needed if several modules have the chip's pins
    options : macros, include folders, empty modules, parameters and outside memories of ``rtl``, as the options -D, -I,
        --stub, --set and --memory of the commands give them
    sizes : parameter -> value; only the cases that were recorded with these sizes are compared
    golden : a folder of cases; None is the folder of the chip's own cases
    ``holds`` of each outcome is True if the RTL does what was recorded.

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
    all_cases = case.discover(Path(golden)) if golden is not None else case.holding_on(name)
    for declaration, group in regressing.by_sizes(name, regressing.select(all_cases, cases), sizes or {}):
        device: Device
        if simulator == "model":
            device = ModelDevice(declaration)
        else:
            design = _design(declaration, rtl, folder, top, options)
            start = Initial("zero" if simulator == "verilator" else "unknown")
            device = devices.simulated(design, declaration, simulator, folder / "compiled", start)
        outcomes += regressing.regress(device, declaration, group, n_cycles)
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
    """Run Verilog in Verilator with the stimulus of a recipe, and write the recording as a golden case.

    rtl : a folder of Verilog, or a list of its files (.f)
    recipe : a name that ``draupnir record CHIP --list`` prints
    folder : the folder of the case; it appears, or is replaced, when the case is complete
    seed : start value of the random stimulus, 0..2**32 - 1
    build : the folder for compiled simulators
    top, options : as for ``regress``
    sizes : as for ``model``
    Returns the case. Raises InputError if the sources are not those of the chip, and if the folder holds anything but a
    golden case.

    An example, which needs the Verilog of ODIN: ``draupnir.record("odin", "ODIN/src", "lif_events",
    "golden/lif_events")``.
    """
    from draupnir.golden import record as recording
    from draupnir.golden.recipes import recipe as recipe_of
    from draupnir.golden.recipes import record_recipe
    from draupnir.rtl import verilated
    from draupnir.tools.report.provenance import source_of_recording
    from draupnir.tools.terminal.options import Rtl

    declaration = registry.declaration(name, sizes)
    why = recipe_of(declaration, recipe).why
    recording.check_replaceable(Path(folder))
    design = _design(declaration, rtl, Path(build), top, options)
    device = verilated.build(design, declaration, Path(build) / "compiled")
    recording_result = record_recipe(device, declaration, recipe, seed)
    source = Rtl(Path(rtl), top, options or SourceOptions())
    command = f"draupnir record {name} {source.elsewhere(sizes or {})} --recipe {recipe} --seed {seed}"
    origin = source_of_recording(source.folder or Path(rtl), design.files)
    return recording.save(recording_result, Path(folder), why, origin, command, seed)


def emit(name: str, folder: Path | str, settings: Mapping[str, Any] | None = None) -> Path:
    """Write our RTL of a chip, in Verilog-2005, as one file into a folder. Returns its path.

    settings : parameter of the RTL -> value, for each parameter that does not have its default value; ``draupnir rtl``
        has the same parameters as ``--set``
    Raises InputError for a chip without an RTL of its own, and for a parameter or value that it cannot have.

    >>> import draupnir, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draupnir.emit("tinyodin", folder, {"n_neurons": 64}).name
    'tinyODIN.v'
    """
    from draupnir.rtl import emit as emitting

    return emitting.emit(name, Path(folder), **(settings or {}))


def compare(
    device: RowDevice, model: ClockLevel, inputs: np.ndarray, clk: np.ndarray | None = None
) -> FirstDifference | None:
    """Run the same rows of pins on a device and on a golden model, and compare all outputs.

    device : any object that has ``run(inputs, clk)``: a simulator, a chip on a board, another model. It must be in the
        same state as the model
    inputs : (n,) or (n, words) int64, the input pins of each row, packed as ``draupnir.emulator.trace`` describes
    clk : (n,) uint8, the clock edges that end each row, one bit for each edge; None: the first clock rises in each row
    Returns None if all outputs are equal. Otherwise it returns the clock and the pins of the first difference, and the
    state of the chip at that time; the model then stands just before this edge.

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
    """The design in ``rtl``, or the chip's own RTL. Raises InputError if a top or options are given for the latter."""
    if rtl is not None:
        from draupnir.rtl import foreign

        return foreign.read(Path(rtl), chip, top, options)
    if top is not None or options is not None:
        raise InputError("top and options: only with rtl; the chip's own RTL has one top and needs nothing else")
    from draupnir.rtl import emit as emitting

    return emitting.design(chip.name, build / "rtl", **chip.sizes)
