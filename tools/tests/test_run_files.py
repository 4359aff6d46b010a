"""Event files, piece by piece; spike files, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.tools.run import events, spikes

WIDTHS = (1, 3, 100_000)


def event_file(path: Path, content: str | bytes | np.ndarray) -> Path:
    if isinstance(content, np.ndarray):
        np.save(path, content)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> list[tuple[int | None, int]]:
    """Cycle and address of each event, however the file is read."""
    all_events: list[tuple[int | None, int]] = []
    for block in events.blocks(path, CHIP):
        cycles = [None] * len(block.addrs) if block.cycles is None else block.cycles.tolist()
        all_events += zip(cycles, block.addrs.tolist(), strict=True)
    return all_events


@pytest.fixture(params=WIDTHS)
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in pieces of so many events."""
    monkeypatch.setattr(events, "BLOCK", request.param)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.csv", "cycle,addr\n5,1\n5,0x1F\n 7 , 3 \n7,4\n7,5\n\n9,6\n\n"),
        ("e.csv", "addr,cycle\r\n1,5\r\n31,5\r\n3,7\r\n4,7\r\n5,7\r\n6,9"),
        ("e.npy", np.array([[5, 1], [5, 31], [7, 3], [7, 4], [7, 5], [9, 6]])),
        ("e.npy", np.array([[5, 1], [5, 31], [7, 3], [7, 4], [7, 5], [9, 6]], ">u4")),
    ],
)
def test_events_come_with_their_cycles(tmp_path: Path, name: str, content: str | np.ndarray) -> None:
    assert read(event_file(tmp_path / name, content)) == [(5, 1), (5, 31), (7, 3), (7, 4), (7, 5), (9, 6)]


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.csv", "cycle,addr\nrest,1\n5,2\n rest ,3\n-1,4\n5,5\n"),
        ("e.csv", "addr,cycle\r\n1,rest\r\n2,5\r\n3,rest\r\n4,rest\r\n5,5"),
        ("e.npy", np.array([[-1, 1], [5, 2], [-1, 3], [-1, 4], [5, 5]])),
    ],
)
def test_events_that_wait_for_rest(tmp_path: Path, name: str, content: str | np.ndarray) -> None:
    timed_events = read(event_file(tmp_path / name, content))
    assert timed_events == [(AT_REST, 1), (5, 2), (AT_REST, 3), (AT_REST, 4), (5, 5)]


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(("name", "content"), [("e.csv", "addr\n3\n2\n1\n"), ("e.npy", np.array([3, 2, 1], np.uint8))])
def test_events_without_cycles_have_none(tmp_path: Path, name: str, content: str | np.ndarray) -> None:
    path = event_file(tmp_path / name, content)
    assert read(path) == [(None, 3), (None, 2), (None, 1)]
    assert events.count(path) == 3


@pytest.mark.parametrize(("name", "content"), [("e.csv", "addr\n"), ("e.npy", np.zeros(0, int))])
def test_no_events_are_no_block(tmp_path: Path, name: str, content: str | np.ndarray) -> None:
    path = event_file(tmp_path / name, content)
    assert read(path) == []
    assert events.count(path) == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", "time,addr\n1,2\n", ":1: header 'time,addr'; right is addr, or cycle,addr"),
        ("e.csv", "1\n2\n", ":1: header '1'; right is addr, or cycle,addr"),
        ("e.csv", "", ":1: header ''; right is addr, or cycle,addr"),
        ("e.csv", "addr\n1\n\n2.5\n", ":4: '2.5' is not an integer, decimal or with 0x"),
        ("e.csv", b"addr\n\xff\n", ":2: '\ufffd' is not an integer, decimal or with 0x"),
        ("e.csv", "addr\n0xG\n", ":2: '0xG' is not an integer, decimal or with 0x"),
        ("e.csv", "cycle,addr\n1,2\n3\n", ":3: 1 columns; the header has 2"),
        ("e.csv", "addr\n1\n131072\n", ":3: addr: 131072 is not within 0..131071"),
        ("e.csv", "addr\n-1\n", ":2: addr: -1 is not within 0..131071"),
        ("e.csv", f"addr\n{1 << 63}\n", ":2: a number of more than 63 bits; right is a smaller one"),
        ("e.csv", "cycle,addr\n-2,2\n", f":2: cycle: -2 is not within 0..{(1 << 62) - 1}, and not -1, which is rest"),
        ("e.csv", "cycle,addr\nreset,2\n", ":2: 'reset' is not an integer, decimal or with 0x, and not the word rest"),
        ("e.csv", "cycle,addr\n1,rest\n", ":2: 'rest' is not an integer, decimal or with 0x"),
        ("e.csv", "addr\nrest\n", ":2: 'rest' is not an integer, decimal or with 0x"),
        ("e.csv", "cycle,addr\n9,2\nrest,2\n8,2\n", ":4: cycle: 8 comes after 9; right is in ascending order"),
        ("e.csv", "cycle,addr\n9,2\n8,2\n", ":3: cycle: 8 comes after 9; right is in ascending order"),
        ("e.npy", np.array([1, 131072]), ": event 1: addr: 131072 is not within 0..131071"),
        ("e.npy", np.array([[3, 0], [2, 0]]), ": event 1: cycle: 2 comes after 3; right is in ascending order"),
        ("e.npy", np.zeros(3), ": float64, 3; right are integers, n addr or n x 2 cycle and addr"),
        ("e.npy", np.zeros((3, 4), int), ": int64, 3 x 4; right are integers, n addr or n x 2 cycle and addr"),
        ("e.npy", np.array(3), ": int64, a single number; right are integers, n addr or n x 2 cycle and addr"),
        (
            "e.npy",
            np.asfortranarray(np.zeros((3, 2), int)),
            ": int64, 3 x 2 in Fortran order; right are integers, n addr or n x 2 cycle and addr",
        ),
        ("e.npy", np.array([1 << 63], np.uint64), ": a number of more than 63 bits; right is a smaller one"),
        ("e.npy", b"addr\n1\n", ": not a .npy file"),
        ("e.txt", "addr\n1\n", ": events are read from .csv or .npy; draupnir convert makes such files of recordings"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, name: str, content: str | bytes | np.ndarray, message: str) -> None:
    path = event_file(tmp_path / name, content)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == f"{path}{message}"


def test_a_mistake_in_a_later_block_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BLOCK", 1)
    path = event_file(tmp_path / "e.csv", "addr\n" + "1\n" * 50 + "x\n")
    with pytest.raises(InputError, match=r"e\.csv:52: 'x' is not"):
        read(path)


def test_a_truncated_npy_file(tmp_path: Path) -> None:
    path = event_file(tmp_path / "e.npy", np.arange(10))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"e\.npy: ends after 7 of 10 events$"):
        read(path)


def test_events_that_are_not_there(tmp_path: Path) -> None:
    for use in (read, events.count):
        with pytest.raises(InputError, match=r"e\.csv: no events: No such file or directory$"):
            use(tmp_path / "e.csv")


# --- Spikes -----------------------------------------------------------------------------------------------------

CYCLES, ADDRS = np.array([5, 1 << 40, 7]), np.array([0, 255, 3])


@pytest.mark.parametrize("n", [1, 2, 100_000])
def test_spikes_are_read_as_they_were_taken(tmp_path: Path, n: int) -> None:
    for name in ("s.csv", "s.npy"):
        with spikes.spike_file(tmp_path / name) as take:
            for _ in range(n):
                take(CYCLES, ADDRS)
    expected = np.tile(np.stack([CYCLES, ADDRS], axis=1), (n, 1))
    assert np.array_equal(np.load(tmp_path / "s.npy"), expected)
    assert (tmp_path / "s.csv").read_text().startswith("cycle,addr\n5,0\n1099511627776,255\n")
    assert np.array_equal(np.loadtxt(tmp_path / "s.csv", dtype=int, delimiter=",", skiprows=1), expected)


@pytest.mark.parametrize("name", ["s.csv", "s.npy"])
def test_no_spikes_are_a_file_too(tmp_path: Path, name: str) -> None:
    with spikes.spike_file(tmp_path / name):
        pass
    assert (tmp_path / name).stat().st_size > 0
    if name == "s.npy":
        assert np.load(tmp_path / name).shape == (0, 2)


@pytest.mark.parametrize("name", ["s.csv", "s.npy"])
def test_what_fails_leaves_nothing_and_what_was_there_before(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("before")
    with pytest.raises(RuntimeError), spikes.spike_file(tmp_path / name) as take:
        take(CYCLES, ADDRS)
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_another_form_of_spikes_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"s\.txt: spikes are written to \.csv or \.npy$"),
        spikes.spike_file(tmp_path / "s.txt"),
    ):
        pass
