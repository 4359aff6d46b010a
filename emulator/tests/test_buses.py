"""Kinds of buses: what a declaration refuses, and both sides of each kind face to face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator import chips
from draupnir.emulator.buses import fifo_pull, four_phase, stream
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.fifo_pull import FIFO_PULL
from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.buses.spi import SPI, levels
from draupnir.emulator.buses.stream import STREAM
from draupnir.emulator.declare import (
    Bus,
    BusKind,
    Chip,
    DeclarationError,
    Pin,
    Role,
    Script,
    Step,
    WiredBus,
    clock_by_clock,
)

CLK = Pin("CLK", "in", 1, "clock", "")
INWARD = (
    Pin("VALID", "in", 1, "bus", ""),
    Pin("READY", "out", 1, "bus", ""),
    Pin("DATA", "in", 8, "bus", ""),
    Pin("LAST", "in", 1, "bus", ""),
)
IN = Bus("in", STREAM, {"valid": "VALID", "ready": "READY", "payload": ("DATA", "LAST")})


def chip(*pins: Pin, buses: tuple[Bus, ...] = ()) -> Chip:
    return Chip("toy", "", (CLK, *pins), (), (), (), (), "", buses)


# --- Declarations ------------------------------------------------------------------------------------------------


def test_a_bus_is_found_with_its_pins_and_its_side() -> None:
    toy = chip(*INWARD, buses=(IN,))
    bus = toy.bus("in")
    assert (bus.side, bus.payload_width) == ("receiver", 9)
    assert (bus.driven_roles(by_chip=False), bus.driven_roles(by_chip=True)) == (("valid", "payload"), ("ready",))
    assert toy.buses_of(STREAM) == toy.buses_of(STREAM, "receiver") == (bus,)
    assert toy.buses_of(STREAM, "sender") == toy.buses_of(FOUR_PHASE) == ()
    assert [toy.place_of(pin) for pin in toy.pins] == [
        ("", ""), ("in", "valid"), ("in", "ready"), ("in", "payload"), ("in", "payload")
    ]  # fmt: skip
    with pytest.raises(KeyError, match="toy has no bus 'out'"):
        toy.bus("out")


def test_an_item_is_spread_over_a_roles_pins_the_first_in_the_lowest_bits() -> None:
    bus = chip(*INWARD, buses=(IN,)).bus("in")
    pins = bus.levels({"payload": 0x1A5, "valid": 1})
    assert pins == {"DATA": 0xA5, "LAST": 1, "VALID": 1}
    assert bus.level("payload", pins) == 0x1A5
    with pytest.raises(ValueError, match="bus in: payload 0x200 is not within"):
        bus.levels({"payload": 0x200})
    with pytest.raises(ValueError, match="unpack"):
        bus.pin("payload")


OUT = replace(IN, name="out")


@pytest.mark.parametrize(
    ("pins", "buses", "message"),
    [
        (INWARD, (), "toy: pin VALID has the role 'bus', and no bus has the pin"),
        (INWARD[:3], (IN,), "toy: bus in has a pin LAST, which is not declared"),
        (INWARD, (IN, OUT), "toy: pin VALID is in bus in and in bus out"),
        (INWARD, (replace(IN, clock="VALID"),), "toy: bus in has the clock VALID; right is one of CLK"),
        (INWARD, (IN, IN), "toy: bus 'in' is declared twice; each name must be unique"),
        (
            (replace(INWARD[0], role="control"), *INWARD[1:]),
            (IN,),
            "toy: pin VALID is in bus in, and its role is 'control'; right is 'bus'",
        ),
        (
            (replace(INWARD[0], width=2), *INWARD[1:]),
            (IN,),
            "bus in: valid has 2 bits; in stream it has 1",
        ),
        (
            (*INWARD[:2], replace(INWARD[2], direction="out"), INWARD[3]),
            (IN,),
            "bus in: pin DATA is out, though the receiver of stream, which the chip is by its first pin, does not "
            "drive payload",
        ),
        (
            (INWARD[0], replace(INWARD[1], direction="in"), *INWARD[2:]),
            (IN,),
            "bus in: pin READY is in, though the receiver of stream, which the chip is by its first pin, drives ready",
        ),
    ],
)
def test_a_bus_that_does_not_fit_its_chip_is_refused(
    pins: tuple[Pin, ...], buses: tuple[Bus, ...], message: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        chip(*pins, buses=buses)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        ({"valid": "VALID", "payload": "DATA"}, "'ready' has no pin"),
        ({"valid": "VALID", "ready": "READY", "payload": "DATA", "last": "LAST"}, "'last' is not one of its roles"),
    ],
)
def test_a_bus_has_pins_for_exactly_the_roles_of_its_kind(pins: Mapping[str, str], message: str) -> None:
    with pytest.raises(DeclarationError) as error:
        Bus("in", STREAM, pins)
    assert str(error.value) == f"bus in: {message}; a bus of kind stream has pins for valid, ready, payload"


def test_a_parameter_is_one_of_the_kind_s_and_within_its_range() -> None:
    pins = {"data": "D", "empty": "E", "pull": "P"}
    assert [Bus("q", FIFO_PULL, pins, parameters=p).parameter("latency") for p in ({}, {"latency": 1})] == [0, 1]
    with pytest.raises(DeclarationError, match=r"^bus q: latency is 2; right is 0\.\.1$"):
        Bus("q", FIFO_PULL, pins, parameters={"latency": 2})
    with pytest.raises(DeclarationError, match=r"^bus q: the kind FIFO pull has no parameter 'depth'$"):
        Bus("q", FIFO_PULL, pins, parameters={"depth": 2})


def test_a_kind_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^bus kind k: side 'c' drives 'x'; its sides are a and b$"):
        BusKind("k", "", ("a", "b"), (Role("x", "c", ""),))
    with pytest.raises(DeclarationError, match=r"^bus kind k: no role 'y'; it has x$"):
        BusKind("k", "", ("a", "b"), (Role("x", "a", ""),), payload="y")


def test_only_the_side_outside_of_the_chip_is_played_in_software() -> None:
    bus, rng = chip(*INWARD, buses=(IN,)).bus("in"), np.random.default_rng(0)
    with pytest.raises(DeclarationError, match=r"^bus in: the chip itself is the receiver$"):
        bus.receiver_script(rng)
    spi = chips.declaration("odin").bus("spi")
    with pytest.raises(DeclarationError, match=r"^bus spi: nobody has written the master of kind SPI$"):
        spi.sender_script(iter([]), rng)
    with pytest.raises(DeclarationError, match=r"^bus spi: nobody has written a monitor of kind SPI$"):
        spi.monitor()


def test_edges_matter_at_a_reset_and_at_the_clock_of_an_spi() -> None:
    odin = chips.declaration("odin")
    assert [pin.name for pin in odin.inputs if odin.acts_at_edges(pin)] == ["RST", "SCK"]
    assert [bus.name for bus in odin.buses_of(SPI)] == ["spi"]


# --- Steps -------------------------------------------------------------------------------------------------------


def test_a_step_ends_by_its_clocks_or_by_what_it_waits_for() -> None:
    answers = []

    def script() -> Script:
        answers.append((yield Step({"a": 1}, clocks=2)))
        answers.append((yield Step({"a": 2}, clocks=0)))  # This step does not take place.
        answers.append((yield Step({"a": 3}, ("b", 1), 3)))
        answers.append((yield Step({"a": 4}, ("b", 1))))

    clocks = clock_by_clock(script())
    steps = [next(clocks)] + [clocks.send(met) for met in (True, False, False, False, False, False, True, True)]
    assert [step.levels["a"] for step in steps] == [1, 1, 3, 3, 3, 4, 4, 4, 4]
    assert answers == [False, False, False, True]


def test_a_script_without_a_step_drives_nothing() -> None:
    def script() -> Iterator[Step]:
        yield from ()

    assert next(clock_by_clock(script())).levels == {}  # type: ignore[arg-type]


# --- Both sides face to face --------------------------------------------------------------------------------------


def wired(kind: BusKind, to_chip: bool, **parameters: int) -> WiredBus:
    """Return a bus of a kind, for a chip that receives or that sends."""
    sender = kind.sides[0]
    pins = {
        role.name: (Pin(role.name, "in" if (role.side == sender) == to_chip else "out", role.width or 8, "bus", ""),)
        for role in kind.roles
    }
    return WiredBus(Bus("b", kind, {role: role for role in pins}, parameters=parameters), pins)


def face_to_face(kind: BusKind, timings: tuple[Any, Any], items: list[int], seed: int, **parameters: int) -> list[int]:
    """Return the items that a monitor finds if both sides drive a bus; each side sees the last clock's levels."""
    rng = np.random.default_rng(seed)
    to_chip, from_chip = wired(kind, True, **parameters), wired(kind, False, **parameters)
    sides = [
        clock_by_clock(to_chip.sender_script(iter(items), rng, timings[0])),
        clock_by_clock(from_chip.receiver_script(rng, timings[1])),
    ]
    steps = [next(side) for side in sides]
    monitor, passed = to_chip.monitor(), []
    for _ in range(60 * len(items) + 60):
        levels = {role.name: 0 for role in kind.roles} | {**steps[0].levels, **steps[1].levels}
        if (item := monitor.send(levels)) is not None:
            passed.append(item)
        steps = [
            side.send(step.end is not None and levels[step.end[0]] == step.end[1])
            for side, step in zip(sides, steps, strict=True)
        ]
    return passed


clocks = st.builds(lambda lo, more: Clocks(lo, lo + more), st.integers(0, 3), st.integers(0, 3))
senders: dict[str, Callable[..., Any]] = {
    "four-phase": lambda gap, setup, hold: four_phase.SenderTiming(gap, setup, hold),
    "stream": lambda gap, *_: stream.StreamSenderTiming(gap),
    "FIFO pull": lambda gap, *_: fifo_pull.FifoTiming(gap),
}
receivers: dict[str, Callable[..., Any]] = {
    "four-phase": lambda a, b, share: four_phase.ReceiverTiming(a, b),
    "stream": lambda a, _, share: stream.StreamReceiverTiming(a, patient=share),
    "FIFO pull": lambda a, _, share: fifo_pull.ReaderTiming(a, blind=share),
}


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [(FOUR_PHASE, {}), (STREAM, {}), (FIFO_PULL, {"latency": 0}), (FIFO_PULL, {"latency": 1})],
    ids=lambda one: one.name if isinstance(one, BusKind) else str(one.get("latency", "")),
)
@given(
    items=st.lists(st.integers(0, 255), max_size=12),
    ours=st.tuples(clocks, clocks, clocks),
    theirs=st.tuples(clocks, clocks, st.sampled_from([0.0, 0.5, 1.0])),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_whatever_their_timing_each_item_passes_once(
    kind: BusKind, parameters: dict[str, int], items: list[int], ours: Any, theirs: Any, seed: int
) -> None:
    timings = senders[kind.name](*ours), receivers[kind.name](*theirs)
    assert face_to_face(kind, timings, items, seed, **parameters) == items


@pytest.mark.parametrize(
    ("kind", "timing", "effect"),
    [
        (FOUR_PHASE, four_phase.SenderTiming(early=1.0, early_after=Clocks(0, 0)), "fewer"),
        (STREAM, stream.StreamSenderTiming(withdraw=1.0, withdraw_after=Clocks(0, 0)), "fewer"),
        (STREAM, stream.StreamSenderTiming(change=1.0, change_after=Clocks(0, 0)), "others"),
    ],
)
def test_a_sender_that_breaks_the_rules_loses_or_changes_items(kind: BusKind, timing: Any, effect: str) -> None:
    items = list(range(100, 140))
    patient = {
        "four-phase": four_phase.ReceiverTiming(latency=Clocks(3, 3)),
        "stream": stream.StreamReceiverTiming(pause=Clocks(3, 9)),
    }[kind.name]
    passed = face_to_face(kind, (timing, patient), items, 1)
    assert passed and set(passed) <= set(items)
    assert (len(passed) < len(items)) if effect == "fewer" else (passed != items)


def test_a_receiver_that_breaks_the_rules_acknowledges_what_is_not_there() -> None:
    bus, rng = wired(FOUR_PHASE, False), np.random.default_rng(1)
    side = clock_by_clock(bus.receiver_script(rng, four_phase.ReceiverTiming(glitch=Clocks(2, 5))))
    assert {step.levels["ack"] for step in [next(side)] + [side.send(False) for _ in range(40)]} == {0, 1}


# --- SPI ---------------------------------------------------------------------------------------------------------


def test_each_bit_is_there_before_sck_rises_and_stays_until_it_falls() -> None:
    bits = [1, 0, 1, 1]
    steps = list(levels(bits))
    assert [one["sck"] for one in steps] == [0, 1] * 4
    assert [one["mosi"] for one in steps[::2]] == [one["mosi"] for one in steps[1::2]] == bits
