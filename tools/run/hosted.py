"""A chip whose host leads it timestep by timestep: files of what the host does, and runs.

A CSV with the header ``op,operand`` has the host's operations by name, in order. One with ``time,addr`` has the spikes
of one sample, by timestep: the host shows them, ticks, counts every timestep for the inference, and takes what is sent
once the sample is over.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import HOST, HostRoom
from draupnir.tools.run import levels
from draupnir.tools.run.session import RunOutcome
from draupnir.tools.run.spikes import Take

OPERATIONS, SPIKES = ["op", "operand"], ["time", "addr"]
LAST_TIME = 10_000_000


def is_hosted(chip: str) -> bool:
    """Tell whether the chip is led by a host's operations, and not by mere events."""
    return chips.package(chip).host is not None


def read(path: Path, model: Any, timesteps: int | None = None) -> np.ndarray:
    """The operations in a file, (n, 2) int64.

    model : configured, and so known to send a label or potentials
    timesteps : of the sample, if its last ones have no spikes
    Raises InputError, with the line, for whatever is not right.
    """
    header, rows = _table(path)
    if header == OPERATIONS:
        if timesteps is not None:
            raise InputError(f"--timesteps {timesteps}: {path} has operations; right is only with {','.join(SPIKES)}")
        return np.array(list(_operations(path, rows, _host(model))), np.int64).reshape(-1, 2)
    return np.array(list(_sample(_spikes(path, rows), model, timesteps, path)), np.int64)


def run(
    model: Any,
    events: Path,
    timesteps: int | None,
    delays: Mapping[str, int],
    max_cycles: int | None = None,
    take: Take = lambda cycles, received: None,
) -> RunOutcome:
    """Let the host carry out what a file says; as ``session.run``, with what was received for spikes."""
    ops, hosts = read(events, model, timesteps), _host(model)
    host = hosts.Host(**delays)
    limit = hosts.clock_limit(ops, host) if max_cycles is None else max_cycles
    level = levels.hosted_engine(model.chip.name)
    level.run(model, ops[:0], host, 0)  # nothing: to have it loaded, or compiled
    started, first = time.perf_counter(), int(model.registers[0].cycle)
    ran = level.run(model, ops, host, limit)
    take(ran.cycles - first, ran.received)
    return RunOutcome(
        n_events=int(np.count_nonzero(ops[:, 0] == hosts.Op.SPIKE)),
        n_spikes=len(ran.received),
        n_cycles=ran.n_cycles,
        done=ran.done,
        seconds=time.perf_counter() - started,
        statistics={"clocks_taken_at_once": ran.n_swept},
    )


def operations_of(model: Any) -> Any:
    """The ``Op`` of the chip's host."""
    return _host(model).Op


def _host(model: Any) -> HostRoom:
    return HOST.needed(chips.package(model.chip.name))


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the other lines with their numbers."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except csv.Error as error:
        raise InputError(f"{path}: no events: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no events: {reason}") from error
    header = [name.strip() for name in lines[0]] if lines else []
    if header not in (OPERATIONS, SPIKES):
        given = ",".join(header)[:40]
        raise InputError(f"{path}:1: header {given!r}; right is {','.join(SPIKES)}, or {','.join(OPERATIONS)}")
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if line]
    for number, line in rows:
        if len(line) != len(header):
            raise InputError(f"{path}:{number}: {len(line)} columns; the header has {len(header)}")
    return header, rows


def _integer(path: Path, number: int, name: str, text: str, high: int) -> int:
    try:
        given = int(text, 0)
    except ValueError as error:
        raise InputError(f"{path}:{number}: {name}: {text.strip()[:40]!r} is not an integer") from error
    if not 0 <= given <= high:
        raise InputError(f"{path}:{number}: {name}: {given} is not within 0..{high}")
    return given


def _operations(path: Path, rows: Sequence[tuple[int, list[str]]], host: Any) -> Iterator[tuple[int, int]]:
    for number, (name, operand) in rows:
        try:
            code = host.Op[name.strip().upper()]
        except KeyError as error:
            right = ", ".join(op.name for op in host.Op)
            raise InputError(f"{path}:{number}: no operation {name.strip()[:40]!r}; there are {right}") from error
        low, high = host.operand_range(code)
        operation = int(code), _integer(path, number, name.strip(), operand, high)
        if operation[1] < low:
            raise InputError(f"{path}:{number}: {name.strip()}: {operation[1]} is not within {low}..{high}")
        yield operation


def _spikes(path: Path, rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, int]]:
    """(timestep, input neuron), in ascending order of timesteps."""
    found: list[tuple[int, int]] = []
    for number, (timestep, addr) in rows:
        spike = _integer(path, number, "time", timestep, LAST_TIME), _integer(path, number, "addr", addr, 255)
        if found and spike[0] < found[-1][0]:
            raise InputError(
                f"{path}:{number}: time: {spike[0]} comes after {found[-1][0]}; right is in ascending order"
            )
        found.append(spike)
    return found


def _sample(spikes: list[tuple[int, int]], model: Any, timesteps: int | None, path: Path) -> Iterator[tuple[int, int]]:
    """Yield what the host does for one sample: the last tick ends the last timestep, and the chip sends."""
    op, r = _host(model).Op, model.registers[0]
    if r.spi_send_per_timestep or r.spi_local_tick:
        why = "SPI_SEND_PER_TIMESTEP" if r.spi_send_per_timestep else "SPI_LOCAL_TICK"
        raise InputError(f"{path}: {why} is 1, so the host does not lead alone; right is {','.join(OPERATIONS)}")
    n_timesteps = spikes[-1][0] + 1 if spikes else 1
    if timesteps is not None:
        if timesteps < n_timesteps:
            raise InputError(f"--timesteps {timesteps}: {path} has a spike in timestep {n_timesteps - 1}")
        n_timesteps = timesteps
    by_time: dict[int, list[int]] = {}
    for timestep, addr in spikes:
        by_time.setdefault(timestep, []).append(addr)
    yield op.SAMPLE, 1
    yield op.INFER_ACC, 1
    for timestep in range(n_timesteps):
        yield from ((op.SPIKE, addr) for addr in by_time.get(timestep, ()))
        yield op.TICK, 1
    yield op.SAMPLE, 0
    yield op.TICK, 0
    yield op.TAKE, 1 if r.spi_send_label_only else 2 * (int(r.spi_num_out_neur) + 1)
