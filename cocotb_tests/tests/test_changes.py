"""The followers of the pins: which one is chosen, and how the log is read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from draupnir.cocotb_tests.lib import bus, wrapper
from draupnir.cocotb_tests.lib.changes import Followed, Logged, changes
from draupnir.emulator.odin.layout import CHIP


def pins(handle: object, steps_a_picosecond: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pins of a top in which this is found."""
    monkeypatch.setattr(bus, "get_sim_steps", lambda time, unit, round_mode: 1000 * steps_a_picosecond * time)
    return SimpleNamespace(chip=CHIP, dut=SimpleNamespace(_get=lambda name: handle))


def test_the_log_is_read_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(changes(pins(SimpleNamespace(), 1, monkeypatch)), Logged)


def test_python_follows_the_pins_of_any_other_top(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(changes(pins(None, 1, monkeypatch)), Followed)


def test_python_follows_the_pins_where_the_simulator_counts_femtoseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(changes(pins(SimpleNamespace(), 1000, monkeypatch)), Followed)


def test_an_entry_of_the_log_is_read_as_the_simulators_write_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Icarus 11 writes this for a time of 2**32 + 7, AEROUT_REQ = x, MISO = z, RST = 1 and SCK = x."""
    monkeypatch.chdir(tmp_path)
    x_out, z_out = (1 << CHIP.output_word[name].lsb for name in ("AEROUT_REQ", "MISO"))
    one, x_in = (1 << CHIP.input_word[name].lsb for name in ("RST", "SCK"))
    logged = Logged(pins(None, 1, monkeypatch), SimpleNamespace())
    logged.start()
    words = [one | x_in, x_in, 0, 0, x_out, x_out | z_out, 0, 0, 7, 0, 1, 0]
    (tmp_path / wrapper.LOG).write_bytes(np.array(words, dtype="<u4").tobytes())
    moments = logged.take()
    known_bits = (1 << CHIP.output_word.width) - 1 & ~(x_out | z_out)
    assert [column.tolist() for column in (moments.times, moments.inputs, moments.outputs, moments.known_bits)] == [
        [(1 << 32) + 7],
        [one],
        [0],
        [known_bits],
    ]
    assert len(logged.take().times) == 0
