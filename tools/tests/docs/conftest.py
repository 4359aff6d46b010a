"""The site, built once for all tests that look at it, also if they run in several processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from draupnir.golden.files import alone
from draupnir.tools.tests.docs.sites import OPTIONS, ROOT, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Site]:
    """Build the site as `make docs` does."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    folder, messages = base / "site", base / "site.txt"
    with alone(base / "site.lock"):
        if not messages.exists():
            words = [sys.executable, "-m", "sphinx", *OPTIONS, "-d", str(base / "doctrees"), ".", str(folder)]
            process = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            messages.write_text(process.stdout + process.stderr + ("" if process.returncode == 0 else "failed"))
    yield Site(folder, messages.read_text())
