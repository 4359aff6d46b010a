"""Runs of a chip that its host leads timestep by timestep, and the files of the host's operations.

A CSV with the header ``op,operand`` has the operations of the host by name, in order. A CSV with the header
``time,addr`` has the spikes of one sample, by timestep. The host then sends the spikes of each timestep and a tick,
counts every timestep for the inference, and receives the chip's output after the sample.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import HOST, HostRoom
from draupnir.tools.run import levels, op_files
from draupnir.tools.run.op_files import OPERATIONS
from draupnir.tools.run.session import RunOutcome
from draupnir.tools.run.spikes import Take

if TYPE_CHECKING:
    from draupnir.tools.run.waves import RunTap

SPIKES = ["time", "addr"]
LAST_TIME = 10_000_000


def is_hosted(chip: str) -> bool:
    """True if operations of a host lead the chip, False if it receives only events."""
    return chips.package(chip).host is not None


def read(path: Path, model: Any, timesteps: int | None = None) -> np.ndarray:
    """The operations in a file: (n, 2) int64, the code of each and its operand in the range that the host gives for it.

    model : a configured model; its configuration decides whether the chip sends a label or potentials
    timesteps : the number of timesteps of the sample, at least 1, needed if its last ones have no spikes
    Raises InputError, with the line, for each mistake.
    """
    header, rows = op_files.table(path, (SPIKES, OPERATIONS))
    if header == OPERATIONS:
        if timesteps is not None:
            raise InputError(f"--timesteps {timesteps}: {path} has operations; right is only with {','.join(SPIKES)}")
        return np.array(list(op_files.operations(path, rows, _host(model))), np.int64).reshape(-1, 2)
    return np.array(list(_sample(_spikes(path, rows), model, timesteps, path)), np.int64)


def run(
    model: Any,
    events: Path,
    timesteps: int | None,
    delays: Mapping[str, int],
    max_cycles: int | None = None,
    take: Take = lambda cycles, content: None,
    tap: RunTap | None = None,
) -> RunOutcome:
    """Let the host carry out the operations of a file. The same as ``session.run``, with received bytes for spikes."""
    ops, hosts = read(events, model, timesteps), _host(model)
    host = hosts.Host(**delays)
    limit = hosts.clock_limit(ops, host) if max_cycles is None else max_cycles
    level = levels.hosted_engine(model.chip.name)
    level.run(model, ops[:0], host, 0)  # an empty run, which loads or compiles the engine
    start, first_cycle = time.perf_counter(), int(model.registers[0].cycle)
    snapshot = tap.snapshot(model) if tap else None
    ran = level.run(model, ops, host, limit)
    take(ran.cycles - first_cycle, ran.received)
    seconds = time.perf_counter() - start
    if tap:
        tap.hosted(snapshot, ops, host, ran.n_cycles)
    return RunOutcome(
        n_events=int(np.count_nonzero(ops[:, 0] == hosts.Op.SPIKE)),
        n_spikes=len(ran.received),
        n_cycles=ran.n_cycles,
        done=ran.done,
        seconds=seconds,
        statistics={**_counts_of(ran), "clocks_taken_at_once": ran.n_swept},
    )


def _counts_of(ran: Any) -> dict[str, int]:
    """The figures that the chip's engine counts, by name; none if it counts nothing."""
    return asdict(ran.statistics) if hasattr(ran, "statistics") else {}


def operations_of(model: Any) -> Any:
    """The ``Op`` of the chip's host."""
    return _host(model).Op


def _host(model: Any) -> HostRoom:
    return HOST.require(chips.package(model.chip.name))


def _spikes(path: Path, rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, int]]:
    """The spikes as (timestep, input neuron), in ascending order of timesteps."""
    spikes: list[tuple[int, int]] = []
    for number, (timestep, addr) in rows:
        spike = (
            op_files.integer(path, number, "time", timestep, LAST_TIME),
            op_files.integer(path, number, "addr", addr, 255),
        )
        if spikes and spike[0] < spikes[-1][0]:
            raise InputError(
                f"{path}:{number}: time: {spike[0]} comes after {spikes[-1][0]}; right is in ascending order"
            )
        spikes.append(spike)
    return spikes


def _sample(spikes: list[tuple[int, int]], model: Any, timesteps: int | None, path: Path) -> Iterator[tuple[int, int]]:
    """Yield the operations of the host for one sample. After the last tick the chip sends its output."""
    op, r = _host(model).Op, model.registers[0]
    if r.spi_send_per_timestep or r.spi_local_tick:
        why = "SPI_SEND_PER_TIMESTEP" if r.spi_send_per_timestep else "SPI_LOCAL_TICK"
        raise InputError(
            f"{path}: {why} is 1, so the host alone does not lead the chip; right is {','.join(OPERATIONS)}"
        )
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
