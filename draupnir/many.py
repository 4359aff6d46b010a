"""The input of ``run_many`` from a base and changes: what the user gives becomes arrays, and columns come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator import chips as registry
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.places import ChipPlace, parse
from draupnir.emulator.speeds import levels, many_runs
from draupnir.emulator.speeds.many import ARRAY
from draupnir.emulator.speeds.many import REGISTERS as STATE
from draupnir.emulator.speeds.many_jobs import NO_CHANGES, ChipStates, ManyJobs, states_of
from draupnir.result import ManyRuns
from draupnir.tools.gpu import on_gpu, toolchain

Changes = Mapping[str, Any]
REGISTERS, SEED = "registers.", "seed"


def check_backend(backend: str) -> None:
    """Raise InputError for a backend that does not exist, or that this machine does not have."""
    if backend == "cuda":
        toolchain.cuda_with_gpu()
    elif backend != "cpu":
        raise InputError(f"backend {backend!r}: right is 'cpu' or 'cuda'")


def run(
    base: Configuration | ClockLevel | ManyRuns,
    events: ArrayLike | Sequence[ArrayLike],
    changes: Sequence[Changes] | None,
    environment: Any,
    max_cycles: int | Sequence[int] | np.ndarray | None,
    n_threads: int | None,
    finish: bool,
    keep_states: bool,
    backend: str = "cpu",
) -> ManyRuns:
    """Run many chips; parameters and errors are as for ``draupnir.run_many``."""
    jobs = jobs_of(base, events, changes, environment, max_cycles, finish, keep_states)
    ran = on_gpu.run(jobs) if backend == "cuda" else many_runs.run(jobs, n_threads)
    return ManyRuns(jobs.chip.name, ran.figures, ran.spikes, ran.states, jobs.chip, jobs.stretch)


def jobs_of(
    base: Configuration | ClockLevel | ManyRuns,
    events: ArrayLike | Sequence[ArrayLike],
    changes: Sequence[Changes] | None = None,
    environment: Any = None,
    max_cycles: int | Sequence[int] | np.ndarray | None = None,
    finish: bool = True,
    keep_states: bool = False,
) -> ManyJobs:
    """Return the runs of a call as arrays; parameters and errors are as for ``draupnir.run_many``."""
    chip, stretch = _chip_of(base)
    own = _own(events)
    n = _n_runs(base, changes, own)
    package = registry.package(chip.name)
    host = levels.HOST.load(package)
    levels.ENGINE.require(package)
    starts, rows = _starts(base, chip, changes, n)
    arrays = {id(one): one for one in (own if own is not None else [np.asarray(events)])}
    columns = [_events(one, host) for one in arrays.values()]
    limits = _limits(columns)
    if (isinstance(base, ManyRuns) or not finish or limits is not None) and many_runs.level_of(chip) is None:
        raise InputError(f"{chip.name}: its engine has no ManyLevel; right is whole runs, and events without clocks")
    per_run = _changes(chip, starts, rows, changes)
    return ManyJobs(
        chip,
        stretch,
        starts,
        rows,
        per_run,
        _changes_registers(per_run),
        np.ascontiguousarray(np.concatenate([addrs for addrs, _ in columns])),
        _bounds(columns, list(arrays), own, n),
        limits,
        environment or (host.Host() if host is not None else Environment()),
        _max_cycles(max_cycles, n),
        finish,
        keep_states,
    )


def _bounds(
    columns: Sequence[tuple[np.ndarray, Any]], ids: Sequence[int], own: Sequence[np.ndarray] | None, n: int
) -> np.ndarray:
    """The first event of each run, and the one after its last; ids : of the arrays of events, which runs may share"""
    ends = np.cumsum([len(addrs) for addrs, _ in columns])
    bounds = np.column_stack([ends - [len(addrs) for addrs, _ in columns], ends])
    if own is None:
        return np.tile(bounds, (n, 1))
    numbers = {one: number for number, one in enumerate(ids)}
    return bounds[[numbers[id(one)] for one in own]]


def _chip_of(base: Configuration | ClockLevel | ManyRuns) -> tuple[Chip, bool]:
    """The chip of a base, and whether it runs in stretches."""
    if isinstance(base, ManyRuns):
        if base.states is None:
            raise InputError("run_many: these runs kept no states; right is keep_states=True in the call before")
        return base.declaration, base.stretch
    return base.chip, base.stretch if isinstance(base, ClockLevel) else True


def _own(events: Any) -> list[np.ndarray] | None:
    """The events of each run, if each has its own: a list of arrays, or an array with three dimensions."""
    if isinstance(events, np.ndarray):
        return None
    parts = list(events)
    if not parts or not isinstance(parts[0], np.ndarray | list | tuple) or _is_row(parts):
        return None
    return [np.asarray(one) for one in parts]


def _is_row(parts: Sequence[Any]) -> bool:
    """Tell whether a list is one of pairs of a clock and an address, and not one of the events of each run."""
    return all(not isinstance(one, np.ndarray) and len(one) == 2 and not np.ndim(one[0]) for one in parts)


def _n_runs(base: Any, changes: Sequence[Changes] | None, own: Sequence[Any] | None) -> int:
    """The number of runs, which all that comes by run must have."""
    numbers = {
        "states of the base": len(base.figures) if isinstance(base, ManyRuns) else None,
        "changes": None if changes is None else len(changes),
        "lists of events": None if own is None else len(own),
    }
    present = {name: n for name, n in numbers.items() if n is not None}
    if not present:
        raise InputError("run_many: how many runs? right is changes= for each run, or a list with events for each run")
    if len(set(present.values())) > 1:
        raise InputError(
            f"run_many: {', '.join(f'{n} {name}' for name, n in present.items())}; right is one for each run"
        )
    return next(iter(present.values()))


def _events(events: np.ndarray, host: levels.HostRoom | None) -> tuple[np.ndarray, np.ndarray | None]:
    """The addresses of events and the first clock of each, or the operations of a host and nothing."""
    if host is not None:
        return host.operations(events), None
    addrs = np.asarray(events, np.int64)
    if addrs.ndim == 1:
        return addrs, None
    if addrs.ndim != 2 or addrs.shape[1] != 2:
        raise InputError(f"events of shape {addrs.shape}; right is (n,) addresses, or (n, 2) clocks and addresses")
    return addrs[:, 1], addrs[:, 0]


def _limits(columns: Sequence[tuple[np.ndarray, np.ndarray | None]]) -> np.ndarray | None:
    """The first clocks of all events; 0, which is no limit, for those of runs that give none."""
    if all(limits is None for _, limits in columns):
        return None
    return np.concatenate([np.zeros(len(addrs), np.int64) if limits is None else limits for addrs, limits in columns])


def _max_cycles(max_cycles: Any, n: int) -> np.ndarray | None:
    """The largest number of clocks of each run."""
    if max_cycles is None:
        return None
    numbers = np.asarray(max_cycles, np.int64)
    if numbers.shape not in ((), (n,)) or (numbers < 0).any():
        raise InputError(f"max_cycles {max_cycles}: right is a number of clocks, or one for each of the {n} runs")
    return np.broadcast_to(numbers, n)


# --- States and changes ------------------------------------------------------------------------------------------


def _starts(base: Any, chip: Chip, changes: Sequence[Changes] | None, n: int) -> tuple[ChipStates, np.ndarray]:
    """The first states, and the number of that of each run. Runs with the same configuration share one."""
    keys = [_before_reset(one) for one in changes] if changes is not None else [()] * n
    if not isinstance(base, Configuration):
        if early := next((key for key in keys if key), None):
            raise InputError(f"{early[0][0]}: these chips are configured already; right is a configuration as the base")
        if isinstance(base, ManyRuns):
            assert base.states is not None
            return base.states, np.arange(n)
        return states_of(base), np.zeros(n, np.int64)
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    states = configured(base, list(numbers) or [()])
    return states, np.array([numbers[key] for key in keys], np.int64)


def starts_of(base: Configuration, changes: Sequence[Changes]) -> tuple[ChipStates, np.ndarray]:
    """Return the first states of runs with these changes, and the number of that of each run."""
    return _starts(base, base.chip, changes, len(changes))


def configured(base: Configuration, keys: Sequence[tuple[tuple[str, int], ...]]) -> ChipStates:
    """Return the states of chips after their configuration; keys : for each, registers and SEED with their contents"""
    chip, states = base.chip, []
    model = registry.model(chip.name, chip.sizes)()
    blank = model.snapshot()
    for key in keys:
        contents = dict(key)
        seed = contents.pop(SEED, None)
        if seed is None:
            model.restore(blank)
        else:
            model = registry.model(chip.name, chip.sizes)(_seed(seed))
        _with_registers(base, chip, contents).apply(model)
        states.append(states_of(model))
    return _joined(states)


def _seed(seed: Any) -> int:
    if not isinstance(seed, int) or not 0 <= seed < 1 << 32:
        raise InputError(f"{SEED}: {seed!r} is not within 0..{(1 << 32) - 1}")
    return seed


def _joined(states: Sequence[ChipStates]) -> ChipStates:
    names = states[0].memories
    registers = np.concatenate([one.registers for one in states]).view(np.recarray)
    return ChipStates(registers, {name: np.concatenate([one.memories[name] for one in states]) for name in names})


def _before_reset(changes: Changes) -> tuple[tuple[str, int], ...]:
    """The changes of a run that are made before the reset: configuration registers and the seed."""
    return tuple((name, content) for name, content in changes.items() if is_before_reset(name))


def is_before_reset(name: str) -> bool:
    """Tell whether a change with this name is made before the reset."""
    return name == SEED or name.startswith(REGISTERS)


def _with_registers(base: Configuration, chip: Chip, contents: Mapping[str, int]) -> Configuration:
    """A configuration with other contents of some registers."""
    registers = dict(base.registers)
    by_name = {register.name.lower(): register for register in chip.registers}
    for name, content in contents.items():
        register = by_name.get(name.removeprefix(REGISTERS).lower())
        if register is None:
            raise InputError(f"{name}: {chip.name} has {', '.join(one.name for one in chip.registers)}")
        low, high = register.low, register.high
        if register.n_addrs > 1:
            low, high = 0, (1 << register.width * register.n_addrs) - 1
        if not isinstance(content, int | np.integer) or not low <= content <= high:
            raise InputError(f"{name}: {content!r} is not within {low}..{high}")
        mask = (1 << register.width) - 1
        registers[register.name] = tuple(int(content) >> register.width * i & mask for i in range(register.n_addrs))
    return replace(base, registers=registers)


def _changes(
    chip: Chip, starts: ChipStates, rows: np.ndarray, changes: Sequence[Changes] | None
) -> list[np.ndarray] | None:
    """The changes of memories and of the registers of the state, for each run; None if there are none at all."""
    if changes is None:
        return None
    resolve = places(chip, starts)
    changes_by_key: dict[tuple[str, int, int], np.ndarray] = {}

    def one_change(name: str, row: int, content: Any) -> np.ndarray:
        """The change of a place. That to an integer is computed once, because many runs have it."""
        if not isinstance(content, int):
            return resolve(name, row).changes(content)
        key = name, row, content
        if key not in changes_by_key:
            changes_by_key[key] = resolve(name, row).changes(content)
        return changes_by_key[key]

    per_run, by_object = [], dict[tuple[int, int], np.ndarray]()
    for row, by_name in zip(rows.tolist(), list(changes), strict=True):
        key = id(by_name), row  # runs may share their changes
        if key not in by_object:
            parts = [one_change(name, row, c) for name, c in by_name.items() if not is_before_reset(name)]
            by_object[key] = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else NO_CHANGES
        per_run.append(by_object[key])
    return per_run


def _changes_registers(changes: Sequence[np.ndarray] | None) -> bool:
    """Tell whether some run changes a register of the state."""
    distinct = {id(one): one for one in changes or ()}
    return any((one[:, ARRAY] == STATE).any() for one in distinct.values())


def places(chip: Chip, starts: ChipStates) -> Callable[[str, int], ChipPlace]:
    """Return a function that finds the place with a name, in the state with a number, and remembers it.

    Words of one memory may have another view in another state only if it is a state in which a run ended.
    """
    places_by_name: dict[tuple[str, int], ChipPlace] = {}
    is_configured = starts.buses is None

    def place(name: str, row: int) -> ChipPlace:
        key = name, 0 if is_configured else row
        if key not in places_by_name:
            memories = {memory: content[key[1]] for memory, content in starts.memories.items()}
            places_by_name[key] = parse(chip, starts.part([key[1]]).registers, memories, name)
        return places_by_name[key]

    return place
