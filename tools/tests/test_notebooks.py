"""Notebooks run from top to bottom, show what their files show, and say what is true."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from draupnir.tools.docs import notebooks
from draupnir.tools.docs.notebooks import Notebook

PATHS = sorted(notebooks.FOLDER.glob(f"*{notebooks.SUFFIX}"))
KEYS = {"code": {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}}
KEYS["markdown"] = {"cell_type", "id", "metadata", "source"}


class RunNotebook(NamedTuple):
    """A notebook as its file has it, after a run, and the names that its cells have bound."""

    file: Notebook
    run: Notebook
    names: Mapping[str, Any]


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunNotebook:
    """Run a notebook in an empty folder, with names of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    names: dict[str, Any] = {"__name__": "__main__"}
    notebook = notebooks.read(notebooks.FOLDER / f"{name}{notebooks.SUFFIX}")
    return RunNotebook(notebook, notebooks.run(notebook, name, names), names)


def assert_shows_what_its_file_shows(result: RunNotebook) -> None:
    """Compare cell by cell, so that the first difference is short."""
    for cell, rerun in zip(result.file["cells"], result.run["cells"], strict=True):
        assert cell == rerun, "python -m draupnir.tools.docs.notebooks makes the outputs anew"


def outputs(notebook: Notebook) -> list[str]:
    """Return the output of each cell of code, as one text."""
    cells = [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    texts = ([output.get("text") or next(iter(output["data"].values())) for output in cell] for cell in cells)
    return ["".join(line for text in cell for line in text) for cell in texts]


def test_odin_in_ten_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("odin_in_ten_cells", tmp_path, monkeypatch)
    assert_shows_what_its_file_shows(result)
    assert len(outputs(result.run)) == 10
    assert result.names["potentials"] == [3, 1, 4, 2, 5, 3, 6, 4]
    assert result.names["run"].out.tolist() == list(range(20))
    steps = np.diff(result.names["run"].cycles)
    assert (steps[:10] == 523).all() and (steps[10:] == 10).all()
    assert result.names["result"].holds and result.names["result"].bits.n_compared == 550_000
    assert "<svg" in outputs(result.run)[7] and "no difference" in outputs(result.run)[9]


@pytest.mark.verilator
def test_hold_your_own_verilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("g++") is None:
        pytest.skip("needs a C++ compiler (g++)")
    result = run("hold_your_own_verilog", tmp_path, monkeypatch)
    assert_shows_what_its_file_shows(result)
    right, wrong = result.names["right"], result.names["wrong"]
    assert right.holds and right.difference is None and right.agreement.bits.n_compared == 480_000
    assert not wrong.holds and wrong.n_mismatches > 10_000
    assert wrong.memory.cycle == 1790 and wrong.difference.cycle == 1791
    assert [pin.pin for pin in wrong.difference.pins] == ["AEROUT_ADDR", "AEROUT_REQ"]
    assert "<strong>0x0</strong>" in outputs(result.run)[4]
    assert "First difference: clock 1,791 (17920000 ps)" in outputs(result.run)[4]
    assert "First difference: clock 1,071 (10720000 ps)" in outputs(result.run)[6]
    assert list(tmp_path.iterdir()) == []


def test_eprop_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("eprop_step_by_step", tmp_path, monkeypatch)
    assert_shows_what_its_file_shows(result)
    names = result.names
    for moves, change in ((names["moves_in"], names["change_in"]), (names["moves_out"], names["change_out"])):
        has_moved = moves != 0
        assert has_moved.any() and (np.sign(moves[has_moved]) == np.sign(change[has_moved])).all()
    assert "SDONE" in outputs(result.run)[2] and "before learning: 26 of 40" in outputs(result.run)[1]
    assert names["curve"][-3:] == [40, 40, 40]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_file_has_the_form_of_jupyter(path: Path) -> None:
    notebook = notebooks.read(path)
    assert path.read_text() == f"{json.dumps(notebook, indent=1, ensure_ascii=False)}\n"
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[\w-]{1,64}", name) for name in ids)
    assert all(set(cell) == KEYS[cell["cell_type"]] for cell in notebook["cells"])
    assert all(isinstance(line, str) for cell in notebook["cells"] for line in cell["source"])
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_each_notebook_is_run_and_listed() -> None:
    names = [path.stem for path in PATHS]
    assert len(names) == 3 and all(f"test_{name}" in globals() for name in names)
    for page in ("docs/notebooks.md", "examples/README.md"):
        text = (notebooks.FOLDER.parents[1] / page).read_text()
        assert [name for name in names if f"{name}{notebooks.SUFFIX})" not in text] == []


class Rich:
    """An object with a form for notebooks."""

    def _repr_html_(self) -> str:
        return "<p>a</p>\n<p>b</p>"


def cells_of(*sources: str) -> Notebook:
    cells = [{"cell_type": "markdown", "source": ["# A\n", "b"]}]
    return {"cells": cells + [{"cell_type": "code", "source": [source]} for source in sources]}


def test_a_cell_shows_what_it_prints_and_its_last_expression() -> None:
    names: dict[str, Any] = {"rich": Rich()}
    result = notebooks.run(cells_of("a = 1\nprint(a)\na + 1", "rich", "a", "b = a\n", "None"), "n", names)
    assert outputs(result) == ["1\n2", "<p>a</p>\n<p>b</p>", "1", "", ""]
    assert names["b"] == 1
    assert [cell.get("execution_count") for cell in result["cells"]] == [None, 1, 2, 3, 4, 5]


def test_an_error_names_the_notebook_and_the_cell() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        notebooks.run(cells_of("a = 1", "a / 0"), "n.ipynb", {})
    assert raised.traceback[-1].frame.code.raw.co_filename == "n.ipynb, cell 2"


def test_a_notebook_becomes_a_page() -> None:
    result = notebooks.run(cells_of("print(1)", "rich", "2"), "n", {"rich": Rich()})
    assert notebooks.markdown(result).split("\n\n") == [
        "# A\nb",
        "```python\nprint(1)\n```",
        "```text\n1\n```",
        "```python\nrich\n```",
        "```{raw} html\n<p>a</p>\n<p>b</p>\n```",
        "```python\n2\n```",
        "```text\n2\n```\n",
    ]
