"""Differences show themselves in a notebook with the words of the report."""

from __future__ import annotations

from dataclasses import replace

from draupnir.golden.compare import ComparedBits, FieldDifference, FirstDifference, MemoryDifference, WordDifference
from draupnir.golden.compare.pins import PinDifference
from draupnir.golden.replay import ReplayResult

PINS = (PinDifference("REQ", 1, 1, 0, 1), PinDifference("ADDR", 4, 0b1010, 0b0010, 0b0111))
MEMORY = MemoryDifference(
    "ram", 8, "", 16, 3, (WordDifference(5, 0x0D, 0x0C, "sum", (FieldDifference("sum", 1300, -12),)),)
)
BITS = ComparedBits(12, {"ADDR": 2})


def cells(html: str) -> list[str]:
    """The texts between the tags."""
    return [text for part in html.split("<")[1:] if (text := part.partition(">")[2])]


def test_pins_show_both_levels_and_unknown_bits() -> None:
    html = FirstDifference(1234, PINS, bits=BITS, time_text="7 ns", context=("a < b",))._repr_html_()
    assert cells(html) == [
        *("First difference: clock 1,234 (7 ns)", "Pins that differ", "pin", "bits", "expected", "got"),
        *("REQ", "1", "0x1", "0x0", "ADDR", "4", "0b1010", "0bx010"),
        *("What the golden model does", "a &lt; b", f"Up to there: {BITS}, 2 unknown"),
    ]
    assert "<strong>0x0</strong>" in html and "Last events" not in html


def test_memories_show_words_and_fields() -> None:
    html = FirstDifference(7, memories=(MEMORY,), bits=BITS, last_events=("cycle 3: POP",))._repr_html_()
    assert cells(html)[:2] == ["First difference: after clock 7", "ram: 3 of 16 words differ"]
    assert cells(html)[-8:-3] == ["ram[0x5]", "sum", "sum", "1,300", "-12"]
    assert cells(html)[-3:-1] == ["Last events", "cycle 3: POP"]
    assert "after the last clock" in FirstDifference(None, memories=(MEMORY,))._repr_html_()


def test_a_replay_says_whether_it_holds_and_why_not() -> None:
    result = ReplayResult("toy", "wave.fst", "", 2, n_cycles=1000, bits=BITS, memories=[replace(MEMORY, n_differing=0)])
    assert cells(result._repr_html_()) == [
        f"toy: no difference. 1,000 clocks, 2 pins, 0 mismatches; {BITS}.",
        "ram: all 16 words are equal.",
    ]
    result.shortfalls.append("REQ was never known")
    result.warnings.append("undefined")
    assert cells(result._repr_html_())[0].startswith("toy: not shown to be equal. ")
    assert cells(result._repr_html_())[1::2] == ["REQ was never known", "Warning: undefined"]
    mismatches = [FirstDifference(5, PINS), FirstDifference(6, PINS)]
    result = replace(result, n_mismatches=1, mismatches=mismatches, stopped=True)
    assert "1 mismatches, stopped at the limit of mismatches" in result._repr_html_()
    assert "clock 5" in result._repr_html_() and "clock 6" not in result._repr_html_()
