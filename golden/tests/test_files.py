"""Files are written whole or not at all, under the name that the caller gave, which errors name too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from draupnir.golden.files import filling, replacing, replacing_all


def test_of_several_files_all_are_there_or_none(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("old")
    with pytest.raises(RuntimeError), replacing_all([one, other]) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
        raise RuntimeError
    assert (one.read_text(), os.listdir(tmp_path)) == ("old", ["one"])
    with replacing_all([one, other]) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
    assert (one.read_text(), other.read_text(), len(os.listdir(tmp_path))) == ("new", "new", 2)


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as caught, replacing(path) as temporary:
        temporary.write_text("x")
    assert caught.value.filename == str(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_device_is_written_and_stays_and_is_named_when_it_is_full(tmp_path: Path) -> None:
    path = tmp_path / "full"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as caught, replacing(path) as temporary:
        temporary.write_text("x")
    assert caught.value.filename == str(path)
    assert path.is_symlink() and path.is_char_device()


def test_a_symbolic_link_leads_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    with replacing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with pytest.raises(FileNotFoundError) as caught, filling(folder) as temporary:
        (temporary / "one").write_text("1")
        (temporary / "missing" / "two").write_text("2")
    assert caught.value.filename == str(folder / "missing" / "two")
    assert not list(tmp_path.iterdir())
    with filling(folder) as temporary:
        (temporary / "one").write_text("1")
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_what_a_dead_process_has_left_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = (tmp_path / f".file.{pid}.part" for pid in (ended.pid, os.getppid()))
    for path in (dead, alive):
        path.write_text("half")
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, "file"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_two_renames_is_handled_after_both(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def renamed_and_interrupted(self: Path, target: Path) -> Path:
        path = rename(self, target)
        signal.raise_signal(number)
        return path

    monkeypatch.setattr(Path, "replace", renamed_and_interrupted)
    previous = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), replacing_all([tmp_path / "a", tmp_path / "b"]) as (a, b):
            a.write_text("new a")
            b.write_text("new b")
        with pytest.raises(KeyboardInterrupt), filling(tmp_path / "folder") as folder:
            (folder / "c").write_text("new c")
            (folder / "d").write_text("new d")
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, previous)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a", "b", "c", "d"]
