"""Files that are no HDF5, or a damaged one: a process of its own reads them, and may crash or hang."""

from __future__ import annotations

import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.conventions import Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.read import hdf, hdf_child
from draupnir.tools.mapping.read.nir_file import read_nir
from draupnir.tools.tests.mapping.graphs import DT, small, write


def run_instead(tmp_path, monkeypatch, source):
    """Let the reading child process run this source."""
    child = tmp_path / "child.py"
    child.write_text(source)
    monkeypatch.setattr(hdf_child, "__file__", str(child))


def test_the_other_process_reads_what_this_one_would(tmp_path, in_process):
    path = write(tmp_path, small())
    here = read_nir(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hdf, "answer", ANSWER)
        other = read_nir(path)
    assert here.edges == other.edges
    assert here.nodes.keys() == other.nodes.keys()
    for name, node in other.nodes.items():
        assert node.kind == here.nodes[name].kind
        numbers = {key: (array.shape, array.tolist()) for key, array in node.numbers.items()}
        assert numbers == {key: (array.shape, array.tolist()) for key, array in here.nodes[name].numbers.items()}


ANSWER = hdf.answer


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"hello", "it is not a NIR file (HDF5): it does not begin as one"), (b"", "it is not a NIR file (HDF5)")],
    ids=["text", "empty"],
)
def test_what_is_no_hdf5_file(tmp_path, content, line):
    path = tmp_path / "net.nir"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path, DT, Reset.ZERO)
    assert f"{path}: {line}" in str(caught.value)


def test_a_truncated_file(tmp_path):
    path = write(tmp_path, small())
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError) as caught:
        load(path, DT, Reset.ZERO)
    assert str(caught.value).startswith(f"{path}: it is not a whole NIR file (HDF5): OSError: ")
    assert "truncated file" in str(caught.value)


def test_a_library_that_does_not_end_on_a_file(tmp_path, monkeypatch):
    path = write(tmp_path, small())
    run_instead(tmp_path, monkeypatch, "import time\ntime.sleep(60)\n")
    monkeypatch.setattr(hdf, "SECONDS", 0.2)
    with pytest.raises(InputError, match=r"it is not a whole NIR file .HDF5.: reading it does not end"):
        load(path, DT, Reset.ZERO)


def test_a_library_that_crashes_on_a_file(tmp_path, monkeypatch):
    path = write(tmp_path, small())
    run_instead(tmp_path, monkeypatch, "import os\nos.abort()\n")
    with pytest.raises(InputError, match=r"it is not a whole NIR file .HDF5.: the HDF5 library fails on it"):
        load(path, DT, Reset.ZERO)


def test_without_the_extra_the_line_says_what_to_install(tmp_path, monkeypatch):
    path = write(tmp_path, small())
    run_instead(tmp_path, monkeypatch, 'print(\'{"missing": "h5py"}\')\n')
    with pytest.raises(InputError) as caught:
        load(path, DT, Reset.ZERO)
    assert str(caught.value) == f"{path}: a NIR file needs h5py to be read; right is: pip install 'draupnir[nir]'"
