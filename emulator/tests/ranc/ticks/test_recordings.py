"""The tick level against recordings of RANC's C++ simulator and of its RTL."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from draupnir.emulator.ranc.ticks import hardware, simulator
from draupnir.emulator.ranc.ticks.clocked_state import NOT_RUN
from draupnir.emulator.ranc.ticks.hardware import Hardware
from draupnir.emulator.ranc.ticks.semantics import REASONS, RTL, SIMULATOR
from draupnir.emulator.ranc.ticks.simulator import TickRun
from draupnir.emulator.tests.ranc.ticks import recorded


@cache
def rtl_run(case: str, off: str = "") -> TickRun:
    """A case with the RTL's semantics, without one difference."""
    semantics = replace(RTL, **{off: False}) if off else RTL
    return hardware.run(recorded.network_of(case), recorded.facts(case)["ticks"], semantics, recorded.hardware_of(case))


def writes_of(run: TickRun) -> list[list[int]]:
    """The words that the cores write, core by core in the order of ticks: core, neuron, potential, spike."""
    assert run.spikes is not None and run.potentials is not None
    by_core = run.spikes.transpose(1, 0, 2)
    places = np.argwhere(by_core != NOT_RUN)
    return [
        [core, n, int(run.potentials[tick, core, n]), int(by_core[core, tick, n])] for core, tick, n in places.tolist()
    ]


def is_as_recorded(case: str, run: TickRun) -> bool:
    """True if a run has every written word and every output of a recording of the RTL."""
    outputs = recorded.table(case, "outputs.csv")
    chip, n_ticks = recorded.hardware_of(case), recorded.facts(case)["ticks"]
    rows = np.zeros_like(run.outputs)
    ticks = np.searchsorted(chip.tick_clocks(n_ticks), outputs[:, 0])
    is_inside = ticks < n_ticks
    np.add.at(rows, (ticks[is_inside], outputs[is_inside, 1]), 1)
    return np.array_equal(rows, run.outputs) and writes_of(run) == recorded.table(case, "writes.csv").tolist()


@pytest.mark.parametrize("case", recorded.SIMULATOR_CASES)
def test_outputs_and_console_of_the_simulator_are_the_same_text(case: str) -> None:
    network = recorded.network_of(case)
    run = simulator.simulate(network, recorded.facts(case)["ticks"], record_warnings=True)
    folder = recorded.FOLDER / case
    assert simulator.output_text(run.outputs) == (folder / "output.txt").read_text("utf-8")
    assert simulator.console_text(network, run) == (folder / "console.txt").read_text("utf-8")
    assert np.array_equal(simulator.read_output(folder / "output.txt", network.n_outputs), run.outputs)


@pytest.mark.parametrize("case", recorded.RTL_CASES)
def test_written_potentials_and_outputs_of_the_rtl_are_the_same(case: str) -> None:
    assert is_as_recorded(case, rtl_run(case))


@pytest.mark.parametrize("name", REASONS)
def test_each_difference_is_needed_for_a_recording_of_the_rtl(name: str) -> None:
    assert any(not is_as_recorded(case, rtl_run(case, name)) for case in recorded.RTL_CASES)


@pytest.mark.parametrize("case", recorded.SIMULATOR_CASES)
def test_clocked_cores_without_a_difference_are_the_simulator(case: str) -> None:
    network, n_ticks = recorded.network_of(case), recorded.facts(case)["ticks"]
    expected = simulator.simulate(network, n_ticks, record_neurons=True)
    run = hardware.run(network, n_ticks, SIMULATOR, Hardware(width=32))
    cores = network.is_core & (np.arange(network.grid.n_cores) != network.output)
    assert run.potentials is not None and run.spikes is not None
    assert expected.potentials is not None and expected.spikes is not None
    assert np.array_equal(run.outputs, expected.outputs)
    assert np.array_equal(run.potentials[:, cores], expected.potentials[:, cores])
    assert np.array_equal(run.spikes[:, cores], expected.spikes[:, cores])
