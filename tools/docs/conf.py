"""The settings of Sphinx for the documentation site. `make docs` uses them, with the checkout as the folder of sources.

All pages stay where GitHub shows them: docs/*.md, and the README.md of each room.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

project = "Draupnir"
version = release = PROJECT["version"]
copyright = "the authors of Draupnir"
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "draupnir.tools.docs.extension",
]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}  # a notebook becomes Markdown while Sphinx reads it
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/**.md",
    *(f"{room}/**.md" for room in ("emulator", "rtl", "golden", "cocotb_tests", "tools", "examples")),
    "examples/notebooks/*.ipynb",
]
exclude_patterns = [".*", "build", "draupnir", "**/__pycache__"]

# Markdown: each heading down to the fourth level is a target, as on GitHub.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
highlight_language = "text"
smartquotes = False  # two dashes are an option of a command
nitpicky = True
nitpick_ignore_regex = [
    # Python's and NumPy's types, and those of ours that the library only hands out: they have no page here.
    (r"py:.*", r".*"),
]
autodoc_typehints = "none"
autodoc_member_order = "bysource"

linkcheck_ignore = [r"(?!https?://)"]  # `make docs` has checked all others

html_theme = "furo"
html_title = "Draupnir"
html_static_path = [str(Path(__file__).parent / "static")]
html_search_scorer = str(Path(__file__).parent / "scorer.js")
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_permalinks_icon = "#"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5d57", "color-brand-content": "#0b5d57"},
    "dark_css_variables": {"color-brand-primary": "#5fd0c5", "color-brand-content": "#5fd0c5"},
}
templates_path = [str(Path(__file__).parent / "templates")]
html_additional_pages = {"index": "redirect.html"}
