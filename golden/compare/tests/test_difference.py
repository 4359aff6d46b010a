"""The report of a difference: where it is, both values, what the model does, and how much was compared."""

from __future__ import annotations

import json

import numpy as np

from draupnir.emulator.trace import Trace
from draupnir.golden.compare import Comparison, FirstDifference, memory_difference
from draupnir.golden.compare.difference import UNKNOWN_DIFFERS
from draupnir.golden.compare.memories import unknown_words
from draupnir.golden.rows import cut
from draupnir.golden.tests.toy import RAM, Model, recording

TRACE = recording(200, seed=3)


def row_of(cycle: int) -> int:
    return int(np.flatnonzero(TRACE.clk)[cycle])


def first_difference(trace: Trace, must_know: bool = False, piece: int = 50) -> FirstDifference:
    """Compare a trace with the toy's model, piece by piece, and return the first difference."""
    comparison = Comparison(Model())
    for first in range(0, len(trace), piece):
        rows = cut(trace, first, first + piece)
        needed = np.where(rows.clk != 0, 31, 0) if must_know else None
        result = comparison.compare(rows, needed)
        if result.wrong_rows:
            row = result.wrong_rows[0]
            return comparison.difference(result, row, f"{rows.times[row]} ns")
        comparison.count(rows)
    raise AssertionError("no difference")


def with_faults(cycle: int, wrong: int = 0, unknown: int = 0) -> Trace:
    """Return the trace with wrong and unknown output bits before a clock edge."""
    trace = cut(TRACE, 0, len(TRACE))
    outputs, known_bits = trace.outputs.copy(), trace.known_bits.copy()
    outputs[row_of(cycle)] ^= wrong
    known_bits[row_of(cycle)] &= ~unknown
    return Trace(trace.chip, trace.inputs, trace.clk, outputs & known_bits, known_bits, trace.times)


def test_a_pin_is_told_with_time_context_events_and_bits() -> None:
    difference = first_difference(with_faults(120, wrong=1))
    right = int(TRACE.outputs[row_of(120)]) & 15
    head, pin, context, events, *event_lines, bits = difference.lines()
    assert head == f"mismatch at {TRACE.times[row_of(120)]} ns, cycle 120:"
    assert pin == f"  SUM: expected {right:#x}, got {right ^ 1:#x}"
    assert context == f"  sum {right}"
    assert events == "  last events:" and all(line.endswith(": sum is 0") for line in event_lines)
    assert bits == "  up to there: 605 of 605 output bits compared, 0 unknown"
    assert str(difference) == f"cycle 120: SUM expected {right:#x}, got {right ^ 1:#x}"
    assert difference.row == row_of(120)


def test_an_unknown_bit_differs_only_where_it_has_to_be_known() -> None:
    trace = with_faults(120, unknown=2)
    trace.outputs[row_of(130)] ^= 16
    difference = first_difference(trace)
    assert (difference.cycle, [pin.pin for pin in difference.pins], difference.bits.unknown) == (
        130,
        ["ODD"],
        {"SUM": 1},
    )
    difference = first_difference(trace, must_know=True)
    right = int(TRACE.outputs[row_of(120)]) & 15
    level = f"{right & ~2:04b}"
    _, pin, why, *_, bits = difference.lines()
    assert pin == f"  SUM: expected 0b{right:04b}, got 0b{level[:2]}x{level[3]}"
    assert why == f"  {UNKNOWN_DIFFERS}"
    assert bits == "  up to there: 604 of 605 output bits compared, 1 unknown"


def test_the_events_before_a_back_door_write_are_those_that_were() -> None:
    """The pieces are run again, each from the model as it was."""
    comparison = Comparison(model := Model())
    first, second = cut(TRACE, 0, 60), cut(with_faults(100, wrong=1), 60, 200)
    assert comparison.compare(first).wrong_rows == []
    comparison.count(first)
    model.memories["ram"][3, 0] = 7 << 4
    result = comparison.compare(second)
    difference = comparison.difference(result, result.wrong_rows[0])
    straight = first_difference(with_faults(100, wrong=1), piece=60)
    assert (difference.cycle, difference.last_events) == (100, straight.last_events)
    assert model.memories["ram"][3, 0] != 0


def test_memories_say_whether_it_is_the_first_clock() -> None:
    right = np.zeros((8, 2), np.uint32)
    wrong = right.copy()
    wrong[5, 0], wrong[6, 0] = 0x30, 0x40
    memories = (memory_difference(RAM, right, wrong),)
    assert str(memories[0]) == "ram[0x5].sum expected 0, got 3, and 1 more word"
    heads = [
        next(FirstDifference(c, memories=memories, is_first=f).lines())
        for c, f in ((7, True), (7, False), (None, True))
    ]
    assert heads == [
        "memories first differ after cycle 7:",
        "memories differ after cycle 7 (and did not after earlier clocks that were compared):",
        "memories differ after the last clock:",
    ]
    lines = list(FirstDifference(None, memories=memories).lines())
    assert lines[1:3] == ["  ram: 2 of 8 words differ", "    ram[0x5] (plain): sum expected 0, got 3"]


def test_only_known_bits_of_memories_are_compared() -> None:
    right, wrong, known_bits = (
        np.zeros((8, 2), np.uint32),
        np.full((8, 2), 0xFF, np.uint32),
        np.zeros((8, 2), np.uint32),
    )
    known_bits[2, 0] = 0x10
    difference = memory_difference(RAM, right, wrong, known_bits=known_bits)
    assert [(w.addr, w.expected, w.got) for w in difference.words] == [(2, 0, 0x10)]
    known_bits[:] = 0xFFFFFFFF
    known_bits[7, 0] ^= 1
    assert unknown_words(RAM, known_bits) == [("ram[0x7]", 1)]


def test_the_json_has_all_of_it() -> None:
    report = first_difference(with_faults(120, wrong=1)).as_object()
    read = json.loads(json.dumps(report))
    assert list(read) == list(report) and read["pins"][0]["pin"] == "SUM" and read["memories"] == []
    assert (report["cycle"], report["time_text"]) == (120, f"{TRACE.times[row_of(120)]} ns")
    assert report["bits"] == {"total": 605, "compared": 605, "unknown": {}}
    assert report["text"].startswith("cycle 120: SUM expected ")
