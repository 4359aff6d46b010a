"""Notebooks: run one without Jupyter, keep in it what its cells show, and make a page of the site of it.

A notebook is a file of Jupyter's format 4. Our chips do the same in every run, so the outputs in the file are exactly
those that a run gives, and a test compares them. ``python -m draupnir.tools.docs.notebooks`` makes them anew.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from draupnir.golden.files import replacing

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
SUFFIX = ".ipynb"
Notebook: TypeAlias = dict[str, Any]  # as in the file


def read(path: Path) -> Notebook:
    """Return a notebook."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def write(path: Path, notebook: Notebook) -> None:
    """Write a notebook in the form that Jupyter gives it."""
    with replacing(path) as temporary:
        temporary.write_text(f"{json.dumps(notebook, indent=1, ensure_ascii=False)}\n", encoding="utf-8")


def run(notebook: Notebook, title: str, names: dict[str, Any]) -> Notebook:
    """Run all cells of code in their order, and return the notebook with what they print and show.

    title : the notebook's name in the traceback of an error
    names : the names that the cells bind are added to it
    """
    cells, n_run = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            n_run += 1
            outputs = list(_outputs("".join(cell["source"]), f"{title}, cell {n_run}", names, n_run))
            cell = {**cell, "execution_count": n_run, "outputs": outputs}
        cells.append(cell)
    return {**notebook, "cells": cells}


def _outputs(code: str, title: str, names: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """Run a cell, and yield its outputs as the file has them: what it prints, and its last expression."""
    tree = ast.parse(code, title)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        exec(compile(tree, title, "exec"), names)
        result = eval(compile(ast.Expression(last.value), title, "eval"), names) if isinstance(last, ast.Expr) else None
    if printed := stdout.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": printed.splitlines(keepends=True)}
    if result is not None:
        data = _data(result)
        yield {"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"}


def _data(cell_result: object) -> dict[str, list[str]]:
    """Return an object as HTML if it has such a form, else as text."""
    to_html = getattr(cell_result, "_repr_html_", None)
    kind, text = ("text/plain", repr(cell_result)) if to_html is None else ("text/html", to_html())
    return {kind: text.splitlines(keepends=True)}


def markdown(notebook: Notebook) -> str:
    """Return a notebook as a page for MyST: each cell, and below it its outputs."""
    return "\n".join(block for cell in notebook["cells"] for block in _blocks(cell))


def _blocks(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        yield f"{source}\n"
        return
    yield f"```python\n{source}\n```\n"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "text/html" in data:
            yield f"```{{raw}} html\n{''.join(data['text/html'])}\n```\n"
        else:
            yield f"```text\n{''.join(output.get('text') or data['text/plain']).rstrip()}\n```\n"


def main() -> None:
    """Run all notebooks, each in an empty folder, and keep their outputs in them."""
    for path in sorted(FOLDER.glob(f"*{SUFFIX}")):
        start = Path.cwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                notebook = run(read(path), path.name, {})
            finally:
                os.chdir(start)
        write(path, notebook)
        print(f"{path.relative_to(FOLDER.parents[1])}: {sum('outputs' in cell for cell in notebook['cells'])} cells")


if __name__ == "__main__":
    main()
