"""Links between pages: on GitHub a folder shows its README.md, and on the site it has to be named."""

from __future__ import annotations

import re
from pathlib import Path

CODE = re.compile(r"(```.*?```)", re.DOTALL)
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def folders_to_pages(text: str, folder: Path) -> str:
    """Return a page's Markdown, in which a link to a folder leads to the README.md there.

    A link to a folder without such a page becomes plain text. Code blocks stay as they are.

    text : the page
    folder : the folder of the page
    """
    parts = CODE.split(text)  # every second part is a block of code
    parts[::2] = [LINK.sub(lambda match: _link(match, folder), part) for part in parts[::2]]
    return "".join(parts)


def _link(match: re.Match[str], folder: Path) -> str:
    words, target, anchor = match.groups()
    if not (folder / target).is_dir():
        return match.group()
    if not (folder / target / "README.md").is_file():
        return words
    return f"[{words}]({target.rstrip('/')}/README.md{anchor or ''})"
