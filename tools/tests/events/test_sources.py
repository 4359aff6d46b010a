"""The recordings that a user names: files, folders, a folder a label, and lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.events.binning import TimeSpan
from draupnir.tools.events.sources import EventSource, number_of, sources


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def labelled(*paths: str) -> list[tuple[str, str | None]]:
    return [(str(source.path), source.label) for source in sources([Path(path) for path in paths]).files]


def test_a_folder_a_label_and_files_in_the_order_of_their_names():
    touch("Test/1/00002.bin", "Test/1/00001.bin", "Test/0/00003.bin", "Test/.cache/x.bin", "Test/0/.hidden.bin")
    assert labelled("Test") == [("Test/0/00003.bin", "0"), ("Test/1/00001.bin", "1"), ("Test/1/00002.bin", "1")]
    files = sources([Path("Test")])
    assert files.notes == () and files.classes() == ()
    assert [number_of(source.label, ()) for source in files.files] == [0, 1, 1]


def test_labels_with_names_are_numbered_in_the_order_of_the_names():
    touch("data/left/a.es", "data/down/b.es", "data/10/c.es")
    files = sources([Path("data")])
    assert files.classes() == ("10", "down", "left")
    assert [number_of(source.label, files.classes()) for source in files.files] == [0, 1, 2]


def test_a_folder_of_files_has_no_labels_and_other_files_are_noted():
    touch("data/b.es", "data/a.aedat4", "data/readme.md", "data/x.npz")
    assert labelled("data", "data/b.es") == [("data/a.aedat4", None), ("data/b.es", None), ("data/b.es", None)]
    assert sources([Path("data")]).notes == ("data: 2 file(s) of other kinds are left out",)


def test_a_list_names_files_from_its_own_folder():
    touch("data/x.txt")
    Path("data/list.csv").write_text("file,label\na.es,3\n\nsub/b.es , left\nc.es,\n")
    assert labelled("data/list.csv") == [("data/a.es", "3"), ("data/sub/b.es", "left"), ("data/c.es", None)]
    Path("spans.csv").write_text("\ufefffile,label,begin,end\na.aedat,1,0,1000000\na.aedat,2,1000000,3000000\n")
    assert list(sources([Path("spans.csv")]).files) == [
        EventSource(Path("a.aedat"), "1", TimeSpan(0, 1_000_000)),
        EventSource(Path("a.aedat"), "2", TimeSpan(1_000_000, 3_000_000)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: header ''; right is file,label or file,label,begin,end"),
        ("name,class\n", "1: header 'name,class'; right is file,label or file,label,begin,end"),
        ("file,label\na.es\n", "2: 1 columns; the header has 2"),
        ("file,label\n,1\n", "2: it names no file"),
        ("file,label\na\0b.es,1\n", "2: "),
        ("file,label,begin,end\na.es,1,0,1.5\n", "2: '1.5' is no time; right is a whole number of us"),
        ("file,label,begin,end\na.es,1,0," + "9" * 5000, "2: '" + "9" * 40 + "' is no time; right is a whole"),
        ("file,label\na.es," + "9" * 5000, "2: a label of 5,000 letters; right is at most 100"),
        ("x" * 200_000, "1: field larger than field limit (131072)"),
        ("file,label\n" + "x" * 200_000, "2: field larger than field limit (131072)"),
        ("file,label,begin,end\na.es,1,7,7\n", "2: it ends at 7, and begins at 7; right is an end after the beginning"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(text, message):
    Path("list.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        sources([Path("list.csv")])
    assert str(caught.value).startswith(f"list.csv:{message}")


def test_folders_that_are_no_recordings_are_refused():
    touch("both/a.es", "both/1/b.es", "deep/Train/0/a.bin")
    Path("empty").mkdir()
    with pytest.raises(InputError) as caught:
        sources([Path("both")])
    assert str(caught.value) == "both: it has recordings, and the folder 1; right is one of the two"
    for folder in ("empty", "deep"):
        with pytest.raises(InputError) as caught:
            sources([Path(folder)])
        assert str(caught.value).startswith(f"{folder}: it has no recordings; right is a folder with files of .aedat, ")
