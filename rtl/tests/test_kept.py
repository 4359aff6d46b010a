"""A file that has been made once is found again, as long as everything that it depends on is the same."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from draupnir.rtl import kept


class Made:
    """A function that makes a file, and counts its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.n = folder, 0

    def __call__(self, *made_from: str | bytes, name: str = "a.o") -> bytes:
        def make() -> None:
            self.n += 1
            (self.folder / name).write_bytes(b"%d" % self.n)

        target = self.folder / name
        assert kept.put(target, made_from, make) == target
        content = target.read_bytes()
        target.unlink()
        return content


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return Made(tmp_path)


def test_it_is_made_once_and_anew_from_other_parts(maker: Made) -> None:
    assert [maker("ab", "c"), maker("ab", b"c"), maker("a", "bc"), maker("ab", "c")] == [b"1", b"1", b"2", b"1"]


def test_a_failure_keeps_nothing(maker: Made, tmp_path: Path) -> None:
    def fail() -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        kept.put(tmp_path / "a.o", ("x",), fail)
    assert maker("x") == b"1"


def test_where_nothing_can_be_kept_it_is_made_each_time(maker: Made, tmp_path: Path) -> None:
    (tmp_path / "caches").write_text("a file, and no folder")
    assert [maker("x"), maker("x")] == [b"1", b"2"]


def test_what_was_long_not_used_is_removed_when_more_is_kept(maker: Made) -> None:
    for part in ("old", "used"):
        maker(part)
    folder = kept.store()
    assert folder is not None
    long_ago = time.time() - (kept.DAYS + 1) * 24 * 3600
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    assert maker("used") == b"2"
    maker("new")
    assert [maker("used"), maker("old")] == [b"2", b"4"]


def test_a_compiler_is_told_by_its_file_and_by_where_its_headers_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "compiler"
    shutil.copy("/bin/true", program)
    digests = [kept.compiler.__wrapped__(str(program))]
    os.utime(program, ns=(1, 1))
    digests.append(kept.compiler.__wrapped__(str(program)))
    monkeypatch.setenv("CPLUS_INCLUDE_PATH", "/elsewhere")
    digests.append(kept.compiler.__wrapped__(str(program)))
    assert len(set(digests)) == 3


def test_headers_are_told_by_name_and_content(tmp_path: Path) -> None:
    hashes = set()
    for name, text in (("a.h", "1"), ("a.h", "2"), ("b.h", "1"), ("sub/c.h", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        hashes.add(kept.headers.__wrapped__(tmp_path))
    assert len(hashes) == 4
