"""Links that lead elsewhere have the right form. Whether the pages are there, only `make links` asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from draupnir.tools.docs import notebooks
from draupnir.tools.tests.docs.sites import ROOT
from draupnir.tools.tests.test_readme import PAGES

CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
TARGET = re.compile(r"\]\(\s*([a-z]+:[^)]*|[^)]*//[^)]*)\)|<([a-z]+:[^>]*)>")
BARE = re.compile(r"(?<![(<])\bhttps?://\S+")
HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


def links_elsewhere(text: str) -> Iterator[str]:
    """All targets of a page that name a scheme or a host, and addresses that are not links; code is left out."""
    prose = CODE.sub("", text)
    yield from (first or second for first, second in TARGET.findall(prose))
    yield from BARE.findall(prose)


def mistake(link: str) -> str:
    """Return what is wrong with the form of a link; "" if nothing is."""
    parts = urlsplit(link)
    if re.search(r"\s", link):
        return "a space"
    if parts.scheme != "https":
        return "not https"
    if not HOST.fullmatch(parts.netloc):
        return "no name of a host"
    return "a mark of punctuation at its end" if link[-1] in ".,;:" else ""


def test_links_elsewhere_have_the_right_form() -> None:
    texts = {page: (ROOT / page).read_text() for page in PAGES}
    for path in notebooks.FOLDER.glob(f"*{notebooks.SUFFIX}"):
        cells = notebooks.read(path)["cells"]
        texts[path.name] = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    links = [(page, link) for page, text in texts.items() for link in links_elsewhere(text)]
    assert len(links) > 15
    assert [(page, link, mistake(link)) for page, link in links if mistake(link)] == []


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("[a](https://example.org/a_b?c=d#e)", [""]),
        ("[a](http://example.org)", ["not https"]),
        ("[a](https:/example.org)", ["no name of a host"]),
        ("[a](https://example)", ["no name of a host"]),
        ("[a](//example.org/a)", ["not https"]),
        ("[a](https://example.org/a b)", ["a space"]),
        ("see https://example.org/a.", ["a mark of punctuation at its end"]),
        ("<https://example.org>", [""]),
        ("`http://example.org` and [a](b.md)", []),
        ("```\nhttp://example.org\n```", []),
    ],
)
def test_a_link_of_another_form_is_found(text: str, mistakes: list[str]) -> None:
    assert [mistake(link) for link in links_elsewhere(text)] == mistakes
