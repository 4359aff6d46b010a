"""The files of the tree to which a page links: each has a plain page of its own on the site."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

FOLDER = "sources"
TEXT = (".py", ".toml", ".sh", ".json", ".sv", ".cpp", ".txt", ".csv", ".hex", ".yml", ".md", "")
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{path}</title>
<h1 style="font: bold 1.2em monospace; overflow-wrap: anywhere">{path}</h1>
<pre style="overflow-x: auto">{code}</pre>
</html>
"""


def write_pages(env: BuildEnvironment, folder: Path) -> None:
    """Write a page for each file of text that a page of the site links to.

    env : afterwards it does not list these files as downloads any more
    folder : the site
    """
    for path in [path for path in env.dlfiles if _is_text(Path(env.srcdir, path))]:
        target = folder / FOLDER / f"{path}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        code = Path(env.srcdir, path).read_text()
        target.write_text(PAGE.format(path=html.escape(str(path)), code=html.escape(code)))
        env.dlfiles.pop(path)


class LinkToSource(SphinxPostTransform):
    """Turn each link to a file of the tree, which Sphinx would offer as a download, into one to its page."""

    default_priority = 300
    formats = ("html",)

    def run(self, **_: Any) -> None:
        for node in list(self.document.findall(addnodes.download_reference)):
            path = self._path(node["reftarget"])
            if _is_text(Path(self.env.srcdir, path)):
                uri = self.app.builder.get_relative_uri(self.env.docname, f"{FOLDER}/{path}")
                node.replace_self(nodes.reference("", "", *node.children, internal=True, refuri=uri))

    def _path(self, target: str) -> str:
        """The path, from the checkout's folder, of a file that the page names from its own folder."""
        if target.startswith("/"):
            return target.lstrip("/")
        return os.path.normpath(Path(self.env.docname).parent / target)


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT and path.is_file()
