"""Readers: each format gives the events that were written by hand from its definition, or by a library's own writer."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.events import aedat, library, library_child, nmnist, numpy_file
from draupnir.tools.events.files import read
from draupnir.tools.events.recording import EventRecording, Events, FileOptions, SensorSize
from draupnir.tools.tests.events import writers
from draupnir.tools.tests.events.writers import CAMERA, random_events

EXTRA = "needs the extra [events]: pip install 'draupnir[events]'"


def needs(*names: str) -> pytest.MarkDecorator:
    """A mark that skips a test if one of these libraries is missing."""
    return pytest.mark.skipif(not all(map(find_spec, names)), reason=EXTRA)


faery, h5py, nix = needs("faery"), needs("h5py"), needs("neo", "nixio")


def recordings(path: Path, size: SensorSize | None = None) -> list[tuple[EventRecording, Events]]:
    """All recordings of a file with their events."""
    return [(one, np.concatenate(list(one.blocks))) for one in read(path, FileOptions(size))]


def recording(path: Path, size: SensorSize | None = None) -> tuple[EventRecording, Events]:
    ((one, events),) = recordings(path, size)
    return one, events


CAMERAS = [
    pytest.param("a.bin", writers.write_nmnist, SensorSize(34, 34), id="nmnist"),
    pytest.param("a.dat", writers.write_dat, CAMERA, id="dat", marks=faery),
    pytest.param("a.dat", partial(writers.write_dat, kind=0), CAMERA, id="dat of type 0", marks=faery),
    pytest.param("a.dat", partial(writers.write_dat, version=1), CAMERA, id="dat 1", marks=faery),
    pytest.param("a.raw", writers.write_evt2, CAMERA, id="evt2", marks=faery),
    pytest.param("a.raw", writers.write_evt3, CAMERA, id="evt3", marks=faery),
    pytest.param("a.es", writers.write_es, CAMERA, id="es", marks=faery),
    pytest.param("a.aedat4", writers.write_aedat4, CAMERA, id="aedat4", marks=faery),
    pytest.param("a.aedat", writers.write_aedat4, CAMERA, id="aedat4 with another suffix", marks=faery),
    pytest.param("a.aedat", writers.write_aedat3, SensorSize(128, 128), id="aedat3.1"),
]


@pytest.mark.parametrize(("name", "write", "size"), CAMERAS)
def test_a_file_gives_the_events_that_were_written(name, write, size, tmp_path):
    events = random_events()
    write(tmp_path / name, events)
    one, back = recording(tmp_path / name)
    assert np.array_equal(back, events)
    assert (one.size, one.has_polarity, one.label, one.name) == (size, True, None, str(tmp_path / name))


@pytest.mark.parametrize(("name", "write", "size"), CAMERAS)
def test_times_pass_ten_seconds(name, write, size, tmp_path):
    events = random_events(300, longest_gap=100_000)
    write(tmp_path / name, events)
    assert np.array_equal(recording(tmp_path / name)[1], events)


@pytest.mark.parametrize("name", ["a.bin", "a.aedat"])
def test_a_large_file_is_read_in_blocks(name, tmp_path, monkeypatch):
    monkeypatch.setattr(nmnist, "BLOCK", 7)
    monkeypatch.setattr(aedat, "BLOCK", 7)
    events = random_events(300, longest_gap=100_000)
    {"a.bin": writers.write_nmnist, "a.aedat": writers.write_aedat3}[name](tmp_path / name, events)
    (one,) = read(tmp_path / name, FileOptions())
    blocks = list(one.blocks)
    assert len(blocks) > 40 and max(map(len, blocks)) <= 7
    assert np.array_equal(np.concatenate(blocks), events)


# --- AEDAT ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", [None, "ch.unizh.ini.jaer.chip.retina.DVS128"])
def test_aedat_2_of_a_dvs128(chip, tmp_path):
    events = random_events(size=SensorSize(128, 128))
    path = tmp_path / "a.aedat"
    writers.write_aedat2(path, writers.dvs128_addresses(events), events["t"].tolist(), chip)
    one, back = recording(path)
    assert one.size == SensorSize(128, 128)
    assert np.array_equal(back, events)


@pytest.mark.parametrize(("chip", "size"), [("davis.DAVIS240C", (240, 180)), ("davis.Davis346blue", (346, 260))])
def test_aedat_2_of_a_davis(chip, size, tmp_path):
    size = SensorSize(*size)
    events = random_events(size=size)
    path = tmp_path / "a.aedat"
    addresses = writers.davis_addresses(events, size)
    pictures, pins = [1 << 31 | 77, 1 << 31 | 1 << 10], [1 << 10]
    times = [*events["t"].tolist(), *[10**6] * 3]
    writers.write_aedat2(path, addresses + pictures + pins, times, f"eu.seebetter.ini.chips.{chip}")
    one, back = recording(path)
    assert one.size == size
    assert np.array_equal(back, events)


def test_times_of_aedat_2_go_on_after_71_minutes_and_may_step_back(tmp_path, monkeypatch):
    monkeypatch.setattr(aedat, "BLOCK", 2)
    path = tmp_path / "a.aedat"
    times = [0xFFFFFFF0, 0xFFFFFFFF, 5, 3, 0x80000000, 0xFFFFFFFF, 9]
    writers.write_aedat2(path, [0] * len(times), times)
    t = recording(path)[1]["t"]
    assert (t - t[0]).tolist() == [0, 15, 21, 19, 0x80000010, 0x10000000F, 0x100000019]


def test_input_pins_of_a_dvs128_are_no_events(tmp_path):
    writers.write_aedat2(tmp_path / "a.aedat", [0, 1 << 15, 1], [1, 2, 3])
    assert recording(tmp_path / "a.aedat")[1]["t"].tolist() == [1, 3]


def test_an_address_of_an_unknown_camera_is_refused(tmp_path):
    path = tmp_path / "a.aedat"
    writers.write_aedat2(path, [0, 1 << 20], [1, 2], "some.other.Camera")
    with pytest.raises(InputError) as caught:
        recording(path)
    text = "the address 0x100000 is of no DVS128, and the header names no other camera that is known"
    right = "right is a line '# AEChip:' with one of " + ", ".join(aedat.CAMERAS)
    assert str(caught.value) == f"{path}: {text}; {right}"


def test_an_event_outside_of_the_sensor_is_named_as_the_file_has_it(tmp_path):
    path = tmp_path / "a.aedat"
    writers.write_aedat2(path, [3 << 8 | 5 << 1, 9 << 8 | 70 << 1], [1, 2])
    with pytest.raises(InputError) as caught:
        recording(path, SensorSize(64, 64))
    place = "x = 70 from the right, y = 9 from below"
    assert str(caught.value) == f"{path}: an event at {place} is outside of 64 x 64 pixels; right is with --size WxH"


def test_times_of_aedat_3_pass_31_bits(tmp_path):
    events = random_events(300, longest_gap=1 << 26)
    assert events["t"][-1] >> 31 > 2
    writers.write_aedat3(tmp_path / "a.aedat", events, n_packet=1)
    assert np.array_equal(recording(tmp_path / "a.aedat")[1], events)


def test_y_of_aedat_3_0_counts_from_below(tmp_path):
    events = random_events(size=SensorSize(240, 180))
    upside_down = events.copy()
    upside_down["y"] = 179 - events["y"]
    writers.write_aedat3(tmp_path / "a.aedat", upside_down, "3.0", "DAVIS240C")
    assert np.array_equal(recording(tmp_path / "a.aedat")[1], events)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "it is not AEDAT of version 2 to 4: it does not begin with '#!AER-DAT'"),
        (lambda data: b"#!AER-DAT3.1\r\n#Format", "it is cut: the header has no line '#!END-HEADER'"),
        (lambda data: data.replace(b"#!END-HEADER", b"no header"), "it is cut: the header has no line '#!END-HEADER'"),
        (lambda data: data[:-1], "it is cut within a packet"),
        (lambda data: data[:-400], "it is cut within a packet"),
        (lambda data: data + bytes(3), "it is cut within the header of a packet"),
        (lambda data: data + b"\1\0\0\0" + b"\7" * 24, "it has a packet with an impossible header: "),
        (lambda data: data + b"\0\0\0\0" + b"\377" * 24, "it has a packet with an impossible header: "),
    ],
)
def test_broken_aedat_3_gives_one_line(change, message, tmp_path):
    path = tmp_path / "a.aedat"
    writers.write_aedat3(path, random_events())
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError) as caught:
        recording(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_header_without_an_end_is_not_read_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(aedat, "MOST_HEADER", 1000)
    path = tmp_path / "a.aedat"
    path.write_bytes(b"#!AER-DAT2.0\r\n" + b"# and so on\r\n" * 1000)
    with pytest.raises(InputError) as caught:
        recording(path)
    assert str(caught.value) == f"{path}: its header does not end within 1,000 bytes"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.bin", bytes(12), "it is cut: 12 bytes; right is 5 bytes an event"),
        ("a.aedat", b"#!AER-DAT2.0\r\n" + bytes(12), "it is cut: 12 bytes of events; right is 8 an event"),
        (
            "a.aedat",
            b"#!AER-DAT3.0\r\n" + bytes(12),
            "the header names no camera that is known; right is with --size WxH",
        ),
        ("a.dat", b"% Version 2\n\0\10" + bytes(13), "it is cut: 13 bytes of events; right is a multiple of 8"),
        ("a.dat", b"", "it is cut: 0 bytes of events; right is a multiple of 8"),
        ("a.raw", b"% evt 2.0\n" + bytes(13), "it is cut: 13 bytes of events; right is a multiple of 4"),
        ("a.raw", b"% evt 3.0\n" + bytes(13), "it is cut: 13 bytes of events; right is a multiple of 2"),
        ("a.raw", b"", "its header does not say that it is EVT 2 or 3; right is a line '% evt 3.0'"),
        ("a.raw", b"% evt 2.1\n", "its header does not say that it is EVT 2 or 3; right is a line '% evt 3.0'"),
        ("a.es", b"", "it is empty; right is a file of event_stream"),
        ("a.txt", b"", "it is empty; right is a line of times for each channel"),
        ("a.txt", b"\xff\xfe\xfd", "it is no text; right is a line of times for each channel"),
    ],
)
def test_a_broken_file_gives_one_line(name, data, message, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        recording(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_other_files_are_refused_and_pickles_never_read(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.mp4", FileOptions())
    assert str(caught.value).startswith(
        f"{tmp_path / 'a.mp4'}: its suffix is '.mp4'; right is one of .aedat, .aedat4, "
    )
    for name in ("a.pkl", "a.pickle"):
        with pytest.raises(InputError) as caught:
            read(tmp_path / name, FileOptions())
        text = "a pickle can run any program, and is never read; right is: save the spike trains as .nix, .nwb or .txt"
        assert str(caught.value) == f"{tmp_path / name}: {text}"


# --- Tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "types"),
    [("t x y p", "<u8 <u2 <u2 ?"), ("timestamp x y polarity", "<i8 <i2 <i2 i1"), ("ts x y on", ">i8 >i4 >i4 |u1")],
)
def test_a_table_of_any_library(names, types, tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_file, "BLOCK", 7)
    events = random_events()
    writers.write_npy(tmp_path / "a.npy", events, names, types)
    one, back = recording(tmp_path / "a.npy", CAMERA)
    assert np.array_equal(back, events)
    assert (one.size, one.has_polarity, one.begins_at_zero) == (CAMERA, True, False)


def test_a_table_without_y_and_p_has_channels(tmp_path):
    events = random_events(size=SensorSize(20, 1))
    writers.write_npy(tmp_path / "a.npy", events, "t x", "<i8 <i4")
    one, back = recording(tmp_path / "a.npy", SensorSize(20, 1))
    events["p"] = 1
    assert np.array_equal(back, events) and not one.has_polarity


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros(3), "it holds float64 of shape (3,); right is a table with the whole numbers t, x, y and p"),
        (
            np.zeros((3, 2), "<i8"),
            "it holds int64 of shape (3, 2); right is a table with the whole numbers t, x, y and p",
        ),
        (
            np.zeros(3, [("t", "<f8"), ("x", "<i8")]),
            "it holds [('t', '<f8'), ('x', '<i8')] of shape (3,); right is a t",
        ),
        (
            np.zeros((3, 2), [("t", "<i8"), ("x", "<i8")]),
            "it holds [('t', '<i8'), ('x', '<i8')] of shape (3, 2); right",
        ),
        (np.zeros(3, [("t", "<i8"), ("x", "<i8"), ("o", "O")]), "it holds [('t', '<i8'), ('x', '<i8'), ('o', 'O')] of"),
        (np.array([(1, 0), (2, -1)], [("t", "<i8"), ("x", "<i8")]), "event 1: x is -1; right is within 0..4294967295"),
    ],
)
def test_another_table_is_refused(table, message, tmp_path):
    np.save(tmp_path / "a.npy", table, allow_pickle=True)
    with pytest.raises(InputError) as caught:
        recording(tmp_path / "a.npy")
    assert str(caught.value).startswith(f"{tmp_path / 'a.npy'}: {message}")


def test_a_table_that_is_cut_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    writers.write_npy(path, random_events(300))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError) as caught:
        recording(path)
    assert str(caught.value) == f"{path}: it is cut: 298 of 300 events"


# --- Files that libraries read ----------------------------------------------------------------------------------


@faery
@pytest.mark.parametrize("write", [writers.write_dat, writers.write_evt2, writers.write_evt3])
def test_a_size_that_the_file_lacks_is_unknown_or_the_user_s(write, tmp_path):
    path = tmp_path / ("a.dat" if write is writers.write_dat else "a.raw")
    write(path, random_events(), size=None)
    assert recording(path)[0].size is None
    assert recording(path, SensorSize(40, 50))[0].size == SensorSize(40, 50)


@faery
def test_a_cut_es_file_is_noticed_after_its_last_whole_event(tmp_path):
    path = tmp_path / "a.es"
    writers.write_es(path, random_events(2000, longest_gap=127))
    whole = path.read_bytes()
    for n, n_left in ((1, 4), (4, 1), (5 + 4, 1)):
        path.write_bytes(whole[:-n])
        with pytest.raises(InputError) as caught:
            recording(path)
        text = f"it is not a file of event_stream, or not a whole one: it is cut: {n_left} bytes are left"
        assert str(caught.value).startswith(f"{path}: {text}")


@faery
def test_a_reader_goes_on_after_a_damaged_file(tmp_path):
    good, bad = tmp_path / "good.aedat4", tmp_path / "bad.aedat4"
    events = random_events()
    writers.write_aedat4(good, events)
    bad.write_bytes(good.read_bytes()[:700])
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            recording(bad)
        assert str(caught.value).startswith(f"{bad}: it is not an AEDAT 4 file, or not a whole one: ")
        assert "\n" not in str(caught.value)
        assert np.array_equal(recording(good)[1], events)


@faery
def test_one_process_reads_all_files_and_an_unread_rest_harms_nobody(tmp_path):
    events = random_events()
    paths = [tmp_path / f"{i}.es" for i in range(3)]
    for path in paths:
        writers.write_es(path, events)
    recording(paths[0])
    process = library._PROCESS._process
    recording(paths[1])
    assert process is not None and library._PROCESS._process is process
    next(read(paths[1], FileOptions()))  # its blocks are left
    assert np.array_equal(recording(paths[2])[1], events)
    assert library._PROCESS._process is not process and process.poll() is not None


@h5py
@pytest.mark.parametrize("labels", [None, [3, 0, 19]])
def test_shd_has_700_channels_and_a_label_a_recording(labels, tmp_path):
    originals = [random_events(n, SensorSize(700, 1), seed=n) for n in (50, 2, 300)]
    for events in originals:
        events["p"] = 1
    writers.write_heidelberg(tmp_path / "a.h5", originals, labels)
    back = recordings(tmp_path / "a.h5")
    assert all(np.array_equal(events, right) for (_, events), right in zip(back, originals, strict=True))
    assert [one.label for one, _ in back] == (labels or [None] * 3)
    assert {(one.size, one.has_polarity, one.begins_at_zero) for one, _ in back} == {(SensorSize(700, 1), False, True)}
    assert [one.name for one, _ in back] == [f"{tmp_path / 'a.h5'}: recording {i}" for i in range(3)]


@h5py
def test_recordings_that_nobody_reads_are_passed_over(tmp_path):
    writers.write_heidelberg(tmp_path / "a.h5", [random_events(n, SensorSize(700, 1)) for n in (50, 2, 300)], [1, 2, 3])
    assert [one.label for one in read(tmp_path / "a.h5", FileOptions())] == [1, 2, 3]


@h5py
def test_half_precision_times_of_shd_are_taken_to_the_nearest_microsecond(tmp_path):
    events = random_events(20, SensorSize(700, 1), longest_gap=9000)
    writers.write_heidelberg(tmp_path / "a.h5", [events], None, "<f2")
    seconds = (events["t"] / 1e6).astype(np.float16).astype(np.float64)
    assert recordings(tmp_path / "a.h5")[0][1]["t"].tolist() == [round(1e6 * t) for t in seconds]


TRAINS = [[0.001, 0.002, 20.001], [0.0015], [], [0.002]]
SPIKES = [(1000, 0), (1500, 1), (2000, 0), (2000, 3), (20_001_000, 0)]


def spikes(events: Events) -> list[tuple[int, int]]:
    assert set(events["p"].tolist()) == {1} and set(events["y"].tolist()) == {0}
    return list(zip(events["t"].tolist(), events["x"].tolist(), strict=True))


@h5py
def test_spike_trains_in_nwb(tmp_path):
    writers.write_nwb(tmp_path / "a.nwb", TRAINS)
    one, events = recording(tmp_path / "a.nwb")
    assert spikes(events) == SPIKES
    assert (one.size, one.has_polarity, one.begins_at_zero) == (SensorSize(4, 1), False, False)


@nix
def test_spike_trains_in_nix_with_a_recording_a_segment(tmp_path):
    writers.write_nix(tmp_path / "a.nix", [TRAINS, [[0.5]]])
    (first, events), (second, others) = recordings(tmp_path / "a.nix")
    assert spikes(events) == SPIKES and spikes(others) == [(500_000, 0)]
    assert (first.size, second.size) == (SensorSize(4, 1), SensorSize(1, 1))
    assert first.begins_at_zero and not first.has_polarity


@nix
def test_a_nix_file_may_have_the_name_h5_as_pynn_writes_it(tmp_path):
    writers.write_nix(tmp_path / "a.nix", [TRAINS])
    (tmp_path / "a.nix").rename(tmp_path / "a.h5")
    assert spikes(recording(tmp_path / "a.h5")[1]) == SPIKES


@pytest.mark.parametrize("unit", ["", " s", " ms", " us"])
def test_spike_trains_in_text_with_and_without_units(unit, tmp_path):
    """Neo's AsciiSpikeTrainIO writes "0.001 s", a tab after each time, and a line for each train."""
    factor = {"": 1, " s": 1, " ms": 1000, " us": 1_000_000}[unit]
    lines = ["".join(f"{t * factor!r}{unit}\t" for t in train) for train in TRAINS]
    (tmp_path / "a.txt").write_text("".join(f"{line}\n" for line in lines))
    one, events = recording(tmp_path / "a.txt")
    assert spikes(events) == SPIKES
    assert (one.size, one.has_polarity, one.begins_at_zero) == (SensorSize(4, 1), False, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0.1 0.2x", "it is no line of numbers; right is times, in s, ms or us"),
        ("0.1 s 2 ms", "its units are ms and s; right is one unit in a line"),
        ("0.1 nan", "'nan' is no time, or more than two years"),
        ("1e300", "'1e300' is no time, or more than two years"),
    ],
)
def test_a_wrong_line_of_spike_trains_is_named(line, message, tmp_path):
    (tmp_path / "a.txt").write_text(f"0.5\n{line}\n")
    with pytest.raises(InputError) as caught:
        recording(tmp_path / "a.txt")
    assert str(caught.value) == f"{tmp_path / 'a.txt'}:2: {message}"


@h5py
@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("a.h5", {"x": [1]}, "it has no 'spikes/times', which the files of SHD and SSC have"),
        ("a.h5", {"spikes/times": [1.0]}, "it has no 'spikes/units', which the files of SHD and SSC have"),
        (
            "a.h5",
            {"spikes/times": [1.0], "spikes/units": [1, 2]},
            "'spikes/times', 'spikes/units' and 'labels' are not of the same length",
        ),
        ("a.h5", {"spikes/times": [1.0], "spikes/units": [1]}, "spikes/units[0] is not a channel for each time"),
        ("a.h5", {"spikes/times": [[np.nan]], "spikes/units": [[1]]}, "a time is no number of seconds"),
        ("a.nwb", {"x": [1]}, "it has no 'units/spike_times', the spike trains of an NWB file"),
        (
            "a.nwb",
            {"units/spike_times": [1.0, 2.0], "units/spike_times_index": [3]},
            "'units/spike_times_index' does not fit 'units/spike_times'",
        ),
    ],
)
def test_an_hdf5_file_of_another_kind_gives_one_line(name, arrays, message, tmp_path):
    import h5py

    with h5py.File(tmp_path / name, "w") as file:
        for array, content in arrays.items():
            file[array] = np.array(content)
    with pytest.raises(InputError) as caught:
        recordings(tmp_path / name)
    kind = {"a.h5": "a file of SHD or SSC", "a.nwb": "an NWB file"}[name]
    assert str(caught.value) == f"{tmp_path / name}: it is not {kind}, or not a whole one: {message}"


# --- The process that reads -------------------------------------------------------------------------------------


def run_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Path:
    """Let another program answer. Returns a file to read."""
    library.end()
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(library_child, "__file__", str(tmp_path / "child.py"))
    path = tmp_path / "a.es"
    writers.write_es(path, random_events())
    return path


ANSWER = "import struct, sys; sys.stdin.readline()\nend = {}\n"
ANSWER += "sys.stdout.buffer.write(struct.pack('<cq', b'.', len(end)) + end); sys.stdout.flush()\n"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("", "it is not a file of event_stream, or not a whole one: the library fails on it"),
        ("import os; os.abort()", "it is not a file of event_stream, or not a whole one: the library fails on it"),
        (
            "import time; time.sleep(30)",
            "it is not a file of event_stream, or not a whole one: reading it does not end",
        ),
        (
            ANSWER.format(b'{"missing": "faery"}'),
            "a file of event_stream needs faery to be read; right is: pip install 'draupnir[events]'",
        ),
    ],
)
def test_a_library_that_dies_hangs_or_is_missing_gives_one_line(program, message, tmp_path, monkeypatch):
    path = run_instead(tmp_path, monkeypatch, program)
    monkeypatch.setattr(library, "SECONDS", 0.5 if "sleep" in program else 30)
    with pytest.raises(InputError) as caught:
        recording(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    for name in ("a.es", "a.bin", "a.aedat", "a.txt", "a.raw", "a.dat", "a.npy"):
        with pytest.raises(FileNotFoundError) as caught:
            recording(tmp_path / name)
        assert caught.value.filename == str(tmp_path / name) or caught.value.filename == tmp_path / name
