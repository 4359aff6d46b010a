"""The documentation site: it builds without a warning, offline, and has every page, chip, command and function."""

from __future__ import annotations

import re

import draupnir
from draupnir.emulator import chips
from draupnir.tools.cli import COMMANDS
from draupnir.tools.tests.docs.sites import OPTIONS, ROOT, Site
from draupnir.tools.tests.test_readme import PAGES


def test_the_site_builds_without_a_warning(site: Site) -> None:
    assert site.messages == ""


def test_make_docs_builds_it_with_the_same_options() -> None:
    assert f"sphinx {' '.join(OPTIONS[:4])} " in (ROOT / "Makefile").read_text()


def test_every_page_of_the_checkout_is_on_the_site(site: Site) -> None:
    assert [page for page in PAGES if not (site.folder / page).with_suffix(".html").is_file()] == []


def test_every_chip_is_in_the_table_of_contents(site: Site) -> None:
    home = (site.folder / "docs/index.html").read_text()
    assert [name for name in chips.names() if f'href="../emulator/{name}/README.html"' not in home] == []


def test_every_command_and_every_option_is_in_the_reference(site: Site) -> None:
    text = (site.folder / "docs/command_reference.html").read_text()
    assert [name for name in COMMANDS if f'id="draupnir-{name}"' not in text] == []
    assert 'id="cmdoption-draupnir-replay-max-mismatches"' in text
    assert "PosixPath" not in text


def test_every_name_of_the_library_is_in_the_reference(site: Site) -> None:
    text = (site.folder / "docs/api_reference.html").read_text()
    names = set(draupnir.__all__) - {"__version__"}
    assert {name for name in names if f'id="draupnir.{name}"' not in text} == set()


def test_a_link_to_a_file_of_the_tree_leads_to_its_text(site: Site) -> None:
    page = site.folder / "emulator/odin/README.html"
    link = re.search(r'href="([^"]*sources/emulator/odin/lif\.py\.html)"', page.read_text())
    assert link is not None
    assert "def " in (page.parent / link[1]).read_text()


def test_a_link_to_a_folder_leads_to_its_page(site: Site) -> None:
    page = site.folder / "emulator/odin/README.html"
    assert 'href="../crossbar/README.html"' in page.read_text()


def test_the_search_needs_no_server(site: Site) -> None:
    """The index is a script, which a browser loads from a folder too; and no page loads anything from elsewhere."""
    assert (site.folder / "searchindex.js").read_text().startswith("Search.setIndex(")
    loaded = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//')
    assert [page for page in site.folder.rglob("*.html") if loaded.search(page.read_text())] == []


def test_the_top_of_the_site_leads_to_its_home(site: Site) -> None:
    link = re.search(r"url=([^\"]+)", (site.folder / "index.html").read_text())
    assert link is not None and (site.folder / link[1]).is_file()
