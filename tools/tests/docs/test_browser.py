"""The pages of the site in a real browser, on a desktop and on a phone, in light and in dark."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from draupnir.emulator import chips
from draupnir.tools.tests.docs.sites import ROOT, Site

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
WIDTHS, HEIGHT = (1280, 390), 2600
PICTURES = ("docs/index", "docs/start", "emulator/odin/README", "docs/command_reference")
# The harness is a page in the site's folder, which looks into frames of other pages; no page is fetched from elsewhere.
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files")

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"no browser: {', '.join(NAMES)}")


def browse(folder: Path, *options: str) -> str:
    """Run the browser without a window, and return what it prints. folder : for its profile"""
    words = [str(BROWSER), *OPTIONS, f"--user-data-dir={folder}", *options]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout


def run_script(folder: Path, site: Path, script: str, **constants: object) -> dict[str, Any]:
    """Run a script on a page in the site's folder, with these constants, and return its result."""
    harness = site / f"{script}.htm"
    texts = "".join(f"const {name} = {json.dumps(content)};" for name, content in constants.items())
    source = (Path(__file__).parent / script).read_text()
    harness.write_text(f"<!doctype html><body><script>{texts}\n{source}</script></body>")
    dom = browse(folder, "--virtual-time-budget=600000", "--dump-dom", harness.as_uri())
    result = re.search(r'<pre id="result">(.*?)</pre>', dom, re.DOTALL)
    assert result is not None, dom[-500:]
    return dict(json.loads(html.unescape(result[1])))


def test_no_page_is_wider_than_the_screen_and_every_text_can_be_read(site: Site, tmp_path: Path) -> None:
    """The pages of users and of chips. Those of rooms have the same parts, and are left out for the sake of time."""
    chip_pages = [f"emulator/{name}/README.html" for name in chips.names()]
    paths = [*site.folder.glob("docs/**/*.html"), *(site.folder / page for page in ("README.html", "search.html"))]
    pages = sorted({str(path.relative_to(site.folder)) for path in paths} | set(chip_pages))
    assert len(pages) > 30
    result = run_script(tmp_path, site.folder, "browser.js", pages=pages, widths=WIDTHS)
    assert result == {"looks": len(pages) * len(WIDTHS), "problems": []}


# People have asked these questions in issues since 2019 (docs/questions.md links to them). For each, these are words
# that somebody would search for, and a page that answers.
ANSWERS = {
    "testbench": "docs/questions.html",
    "MNIST": "docs/learning.html",
    "python simulator": "docs/start.html",
    "Izhikevich parameters": "docs/izhikevich.html",
    "SPI CPOL CPHA": "docs/guides/fpga.html",
    "FPGA Xilinx": "docs/guides/fpga.html",
    "map network": "docs/mapping.html",
    "RISC-V": "docs/guides/soc.html",
    "AXI": "docs/guides/soc.html",
    "quantize": "docs/questions.html",
    "deploy": "docs/questions.html",
    "energy": "docs/mapping.html",
    "memory arranged": "docs/questions.html",
    "STDP": "docs/questions.html",
    "license": "docs/questions.html",
    "e-prop": "examples/notebooks/eprop_step_by_step.html",
    "resonator": "docs/izhikevich.html",
    "clock-per-sample": "docs/replay.html",
    "SPI_OPEN_LOOP": "emulator/odin/README.html",
    "run_many": "docs/api_reference.html",
}


def test_the_search_answers_what_people_ask_without_a_server(site: Site, tmp_path: Path) -> None:
    results = run_script(tmp_path, site.folder, "search.js", questions=list(ANSWERS))
    assert {words: pages[:7] for words, pages in results.items() if ANSWERS[words] not in pages[:7]} == {}


def test_what_is_wrong_on_a_page_is_seen(tmp_path: Path) -> None:
    wrong = (
        '<svg class="drawing" width="90" height="30"><text x="5" y="20">one</text><text x="9" y="20">two</text></svg>'
    )
    pale = '<article><p style="color: #999">pale</p><pre style="width: 2000px">wide</pre></article>'
    (tmp_path / "wrong.html").write_text(f"<!doctype html><body style='background: #fff'>{wrong}{pale}</body>")
    result = run_script(tmp_path / "profile", tmp_path, "browser.js", pages=["wrong.html"], widths=(1280,))
    assert [re.sub(r"\d{4} of \d+", "N of M", problem) for problem in result["problems"]] == [
        "wrong.html at 1280: wider than the screen: N of M",
        "wrong.html at 1280: over each other: one and two",
        "wrong.html at 1280: pale in light: P null 2.8",
        "wrong.html at 1280: pale in dark: P null 2.8",
    ]


@pytest.mark.parametrize("page", PICTURES)
def test_a_page_can_be_looked_at(page: str, site: Site, tmp_path: Path) -> None:
    """One picture of a page on a desktop and on a phone, in light and in dark. In CI it is kept: build/screenshots."""
    folder = ROOT / "build/screenshots" if os.environ.get("CI") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"{page.replace('/', '_')}.png"
    frames = "".join(
        f'<iframe src="{page}.html" width="{width}" height="{HEIGHT}" style="border: 0"'
        f" onload=\"this.contentDocument.body.dataset.theme = '{theme}'\"></iframe>"
        for width in WIDTHS
        for theme in ("light", "dark")
    )
    harness = site.folder / f"{picture.stem}.htm"
    harness.write_text(f'<!doctype html><body style="margin: 0; white-space: nowrap">{frames}</body>')
    size = f"--window-size={2 * sum(WIDTHS)},{HEIGHT}"
    browse(tmp_path / "profile", size, f"--screenshot={picture}", "--virtual-time-budget=5000", harness.as_uri())
    pixels = imread(picture)[..., :3]
    assert pixels.shape == (HEIGHT, 2 * sum(WIDTHS), 3)
    ends = [sum((0, *(w for w in WIDTHS for _ in range(2)))[: n + 1]) for n in range(5)]
    light, dark, phone_light, phone_dark = (pixels[:, a:b].mean() for a, b in itertools.pairwise(ends))
    assert light > 0.8 > 0.3 > dark and phone_light > 0.8 > 0.3 > phone_dark
