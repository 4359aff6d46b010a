"""The words of the command line for a waveform, and the message for each mistake in them."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden.waves.signals import WatchedWord
from draupnir.golden.waves.watch import ClockWindow, every_word, watched_words, window_of


def chip(name: str = "odin", **sizes: int) -> Chip:
    return chips.declaration(name, sizes)


@pytest.mark.parametrize(
    ("text", "window"),
    [("3:8", ClockWindow(3, 8)), (":8", ClockWindow(0, 8)), ("3:", ClockWindow(3, None)), (":", ClockWindow())],
)
def test_a_window_may_leave_out_each_end(text: str, window: ClockWindow) -> None:
    assert window_of(text) == window


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8:8", "--window 8:8: no clock is in it; right is A:B with A below B"),
        ("9:8", "--window 9:8: no clock is in it; right is A:B with A below B"),
        ("9", "--window 9: right is A:B, the first clock and the one after the last, such as 100:200"),
        ("-1:8", "--window -1:8: right is A:B, the first clock and the one after the last, such as 100:200"),
        (f"{1 << 63}:", f"--window {1 << 63}:: too late; right is at most {1 << 62}"),
    ],
)
def test_a_wrong_window_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        window_of(text)
    assert str(error.value) == message


def test_words_are_addresses_ranges_and_entries_of_a_matrix() -> None:
    assert watched_words(chip(), ["neurons=0,17,20-21", "neurons=17"]) == tuple(
        WatchedWord("neurons", 0, addr) for addr in (0, 17, 20, 21)
    )
    assert watched_words(chip(), ["synapses=3:17-18"]) == (
        WatchedWord("synapses", 0, 3 * 32 + 2, (3, 17, 4)),
        WatchedWord("synapses", 0, 3 * 32 + 2, (3, 18, 8)),
    )
    assert watched_words(chip("ranc"), ["csram[2]=5"]) == (WatchedWord("csram", 2, 5),)
    assert [word.copy for word in watched_words(chip("ranc"), ["csram=5"])] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("neurons", "--watch neurons: right is MEM=WORDS, such as neurons=0,17 or synapses=3:17"),
        ("neurons=", "--watch neurons=: right is MEM=WORDS, such as neurons=0,17 or synapses=3:17"),
        ("cells=3", "--watch cells=3: odin has no memory 'cells'; it has neurons, synapses"),
        ("neurons=256", "--watch neurons=256: neurons has no word 256; right is 0..255"),
        ("neurons=9-8", "--watch neurons=9-8: neurons has no word 9-8; right is 0..255"),
        ("neurons=a", "--watch neurons=a: 'a' is no word of neurons; right is N or FIRST-LAST"),
        ("neurons=3:4", "--watch neurons=3:4: neurons is no matrix; right is neurons=0..255"),
        ("synapses=256:1", "--watch synapses=256:1: synapses has no pre 256; right is 0..255"),
        ("synapses=1:256", "--watch synapses=1:256: synapses has no post 256; right is 0..255"),
    ],
)
def test_a_wrong_word_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        watched_words(chip(), [text])
    assert str(error.value) == message


def test_a_chip_without_memories_has_no_words() -> None:
    with pytest.raises(InputError, match="snn_accelerator has no memory 'neurons'; it has none"):
        watched_words(chip("snn_accelerator"), ["neurons=1"])
    assert every_word(chip("snn_accelerator")) == ()


def test_every_word_of_a_matrix_is_an_entry() -> None:
    assert len(every_word(chip())) == 256 + 256 * 256
