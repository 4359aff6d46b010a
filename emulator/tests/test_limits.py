"""A run without a limit ends after a default number of clocks, and a bus may have any declared speed."""

from __future__ import annotations

import time
from importlib import import_module

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.delays import LONGEST_DELAY
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.emulator.speeds.limits import NotAtRest, clock_limit

SPIKE = 0x307


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
@pytest.mark.parametrize("level", ["engine", "closed_loop"])
def test_a_fresh_chip_that_spikes_for_ever_is_stopped_and_said_to_be(
    chip: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All words of its memories are 0, and so are the thresholds."""
    monkeypatch.setattr(limits, "BASE", 50_000)
    monkeypatch.setattr(limits, "PER_EVENT", 1000)
    model = chips.model(chip)()
    model.reset()
    run = import_module(f"draupnir.emulator.{chip}.events.{level}").run
    began, e = int(model.registers[0].cycle), Environment()
    bound = clock_limit(1, 0, e.gap + e.hold, e.ack_delay + e.ack_hold)
    with pytest.raises(
        NotAtRest, match=rf"^stopped after {bound:,} clocks: the chip has not come to rest \(\d.*spikes"
    ):
        run(model, np.array([SPIKE]), e)
    assert model.registers[0].cycle == began + bound
    cut = run(model, np.array([SPIKE]), e, 500)  # A run with a limit returns how it ended.
    assert (cut.done, cut.n_cycles) == (False, 500)


def test_the_bound_that_nobody_gave_is_reached_soon() -> None:
    model = chips.model("odin")()
    model.reset()
    began = time.monotonic()
    with pytest.raises(NotAtRest, match=r"though without a limit of its own a run has 10,000,000 clocks"):
        import_module("draupnir.emulator.odin.events.engine").run(model, np.array([SPIKE]), Environment())
    assert time.monotonic() - began < 120


def test_a_host_that_waits_for_ever_is_stopped() -> None:
    """A ReckOn without a configuration answers no tick."""
    hosts, engine = (
        import_module("draupnir.emulator.reckon.host"),
        import_module("draupnir.emulator.reckon.events.engine"),
    )
    model = chips.model("reckon")()
    model.reset()
    with pytest.raises(NotAtRest, match=r"^stopped after [\d,]+ clocks"):
        engine.run(model, [(hosts.Op.TICK, 1)], hosts.Host())


def test_events_that_wait_for_their_cycle_are_no_reason_to_stop() -> None:
    model = chips.model("tinyodin")()
    model.reset()
    model.memories["neurons"][:] = 1 << 31  # All neurons are disabled.
    first = int(model.registers[0].cycle)
    late = np.array([first + 50_000_000])
    ran = import_module("draupnir.emulator.tinyodin.events.engine").run(
        model, np.array([SPIKE]), Environment(), not_before=late
    )
    assert ran.done and ran.n_cycles > 50_000_000


def test_the_bound_grows_with_all_that_takes_time() -> None:
    assert clock_limit(0) == limits.BASE
    assert clock_limit(3) == limits.BASE + 3 * limits.PER_EVENT
    assert clock_limit(0, waits=7) == limits.BASE + 7
    assert clock_limit(2, gap=5) == limits.BASE + 2 * (limits.PER_EVENT + 5)
    slow = clock_limit(2, ack=LONGEST_DELAY)
    assert slow > limits.BASE + 2 * limits.SPIKES_PER_EVENT * LONGEST_DELAY
    assert clock_limit(1 << 60, 1 << 62) == limits.MAX_CYCLES


@pytest.mark.parametrize("name", ["gap", "hold", "ack_delay", "ack_hold"])
@pytest.mark.parametrize("clocks", [-1, 65536, 10**15, 1 << 70])
def test_a_delay_out_of_range_is_refused(name: str, clocks: int) -> None:
    with pytest.raises(InputError, match=rf"^handshake: {name} is {clocks}; a delay is 0\.\.65535 clocks$"):
        Environment(**{name: clocks})
    Environment(**{name: 65535})


@pytest.mark.parametrize("name", ["gap", "hold", "tick", "ack_delay", "ack_hold"])
def test_a_hosts_delay_out_of_range_is_refused(name: str) -> None:
    host = import_module("draupnir.emulator.reckon.host").Host
    with pytest.raises(InputError, match=rf"^host: {name} is 65536; this delay is [01]\.\.65535 clocks$"):
        host(**{name: 65536})
