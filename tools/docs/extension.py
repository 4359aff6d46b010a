"""The parts of the site that Sphinx does not know: links into the tree, and our form of docstrings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from draupnir.tools.docs import benchmarks, chip_pages, docstrings, links, notebooks, sources, words


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx which of our functions to call, and when."""
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", docstrings.convert)
    app.connect("sphinx-click-process-description", docstrings.convert_help)
    app.connect("sphinx-click-process-options", docstrings.convert_options)
    app.connect("doctree-read", _rooms_need_no_table_of_contents)
    app.connect("doctree-read", _draw)
    app.connect("write-started", _write_sources)
    app.add_directive("benchmarks", benchmarks.Benchmarks)
    app.add_directive("words", words.WordTables)
    app.add_post_transform(sources.LinkToSource)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    """Turn a notebook into a page, and let each link to a folder lead to the page of the folder."""
    if Path(app.env.doc2path(docname)).suffix == notebooks.SUFFIX:
        content[0] = notebooks.markdown(json.loads(content[0]))
    content[0] = links.folders_to_pages(content[0], Path(app.srcdir, docname).parent)


def _rooms_need_no_table_of_contents(app: Sphinx, _doctree: Any) -> None:
    """Let the page of a room be reached by the links of other pages alone, as on GitHub."""
    docname = app.env.docname
    if docname.endswith("/README"):
        app.env.metadata[docname]["orphan"] = "true"


def _draw(app: Sphinx, document: nodes.document) -> None:
    chip_pages.draw_blocks(document, app.env.docname)
    chip_pages.draw_waves(document, app.env.docname)


def _write_sources(app: Sphinx, _builder: Any) -> None:
    sources.write_pages(app.env, Path(app.outdir))
