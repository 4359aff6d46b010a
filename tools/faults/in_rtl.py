"""The same fault in golden model and RTL: all output pins at every clock, and the memories at the end.

Registers have faults where the RTL has a flip-flop for them: the originals have one for each, our RTL for most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.codec import from_limbs, to_limbs
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import CLOSED_LOOP
from draupnir.emulator.trace import any_bit
from draupnir.rtl import devices
from draupnir.rtl.initial import ZERO
from draupnir.rtl.registers import RegisterAccess
from draupnir.rtl.verilated import Verilated
from draupnir.tools.bench.workloads import Workload
from draupnir.tools.faults import job
from draupnir.tools.faults.subject import limit_after
from draupnir.tools.jobs import rtl
from draupnir.tools.jobs.job import PureJob
from draupnir.tools.terminal.options import Rtl

BUILD = Path("build/inject")
RUNS = 25  # in a job
INITIAL = {"kind": "zero", "seed": 1}


def description(chip: Chip, options: Rtl, work: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the RTL as the ``about`` of jobs; it is compiled.

    Raises InputError for work without rows of inputs, for faults that come again, and for sources that are wrong.
    """
    if "workload" not in work or kind != "flip":
        raise InputError("--confirm: only with --workload and --kind flip")
    design = options.design(chip, BUILD)
    rtl.device(chip, design, "verilator", ZERO, BUILD, takes_state=True)
    return rtl.description(chip, options, design)


def jobs(
    about: Mapping[str, Any], work: Mapping[str, Any], faults: Mapping[str, Any], seed: int, n: int
) -> Iterator[PureJob]:
    """Yield the jobs of n faults.

    about : the RTL, of ``rtl.description``; work, faults : as for ``job.jobs``
    """
    for first in range(0, n, RUNS):
        n_runs = min(RUNS, n - first)
        same = {"about": dict(about), "work": dict(work), "faults": dict(faults)}
        arguments = {**same, "seed": seed, "first": first, "n": n_runs}
        name = f"{work['chip']} in RTL, faults {first}..{first + n_runs - 1}"
        yield PureJob(name, f"{__name__}:compare", arguments)


def compare(
    about: Mapping[str, Any], work: Mapping[str, Any], faults: Mapping[str, Any], seed: int, first: int, n: int
) -> list[list[Any]]:
    """Run faults in golden model and RTL: a job. Registers that the RTL does not have get no faults.

    Returns for each fault its number, clock, register or memory, element and bit, and the difference: "" for none.
    """
    subject, workload = job.subject_of(work, 0), job.workload_of(work)
    device = rtl.device_of(about, "verilator", INITIAL, takes_state=True)
    assert isinstance(device, devices.InVerilator)
    faults = {**faults, "absent": device.registers.absent}
    rows = []
    for number in range(first, first + n):
        clock, site, change = job.fault_of(subject, faults, seed, number)
        text = _difference(workload, device, clock, limit_after(subject.n_cycles, clock), change)
        rows.append([number, clock, site.name, site.element, site.bit, text])
    return rows


def _difference(
    workload: Workload, device: devices.InVerilator, clock: int, limit: int, change: Callable[[Any], None]
) -> str:
    """Run one fault on both, and say what differs first; "" for nothing."""
    design = device.stepped()
    early, late = _rows(workload, clock, limit, change)
    model = workload.new_model()
    for name, content in workload.memories.items():
        design.write_memory(name, content)
    outputs = []
    for number, (inputs, clk) in enumerate((early, late)):
        if number:
            change(model)
            change(_RtlState(design, device.registers))
        outputs.append(model.drive(inputs, clk) ^ design.run(inputs, clk))
    wrong_rows = np.flatnonzero(any_bit(np.concatenate(outputs)))
    if len(wrong_rows):
        return f"pins differ in row {wrong_rows[0]}"
    wrong_memories = [n for n, words in model.memories.items() if not np.array_equal(words, design.read_memory(n))]
    return f"differs at the end: {', '.join(wrong_memories)}" if wrong_memories else ""


class _RtlState:
    """The registers and memories of a design, with the methods of a model that a fault uses."""

    def __init__(self, design: Verilated, registers: RegisterAccess) -> None:
        self._design, self._registers = design, registers

    def peek(self, name: str, element: int) -> int:
        if self._registers.has(name):
            return self._registers.peek(name, element)
        return from_limbs(self._design.read_memory(name).reshape(-1, self._n_limbs(name))[element])

    def poke(self, name: str, content: int, element: int) -> None:
        if self._registers.has(name):
            self._registers.poke(name, content, element)
            return
        words, n_limbs = self._design.read_memory(name), self._n_limbs(name)
        words.reshape(-1, n_limbs)[element] = to_limbs(content, n_limbs)
        self._design.write_memory(name, words)

    def _n_limbs(self, name: str) -> int:
        return int(self._design.read_memory(name).shape[-1])


def _rows(
    workload: Workload, clock: int, limit: int, change: Callable[[Any], None]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The rows of inputs before and after a fault, as sender and receiver drive them."""
    loop = CLOSED_LOOP.require(chips.package(workload.chip.name))
    model, n_sent, buses = workload.model(), 0, None
    inputs = workload.inputs
    if clock:
        run = loop.run(model, workload.events, workload.environment, clock, record_rows=True)
        n_sent, buses = run.n_sent, run.buses
        inputs = np.concatenate([inputs, run.rows])
    change(model)
    options_of_run: dict[str, Any] = {"record_rows": True} | ({} if buses is None else {"buses": buses})
    rest = loop.run(model, workload.events[n_sent:], workload.environment, limit, **options_of_run)
    clk = np.concatenate([workload.clk, np.ones(len(inputs) - len(workload.inputs), np.uint8)])
    return (inputs, clk), (rest.rows, np.ones(len(rest.rows), np.uint8))
