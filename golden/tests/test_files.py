"""Files whole or not at all, made by one process at a time."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from golden.files import alone, replacing


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("before")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [each.read_text() for each in tmp_path.iterdir()] == ["before"]
    with replacing(path) as temporary:
        temporary.write_text("after")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["after"]


def test_who_is_alone_keeps_others_out(tmp_path: Path) -> None:
    path = tmp_path / "builds" / "odin.lock"
    with alone(path), path.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
