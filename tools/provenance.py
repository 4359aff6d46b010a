"""Where sources come from: their repository and commit, or, without one, their contents."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path


def provenance(folder: Path, files: Sequence[Path], repository: str | None = None) -> dict[str, str]:
    """``repository`` and ``commit`` of a folder of sources.

    repository : its name, if the caller knows; else the git remote's address where it is not a path of this machine,
        else the folder's name
    The commit is the one checked out if the files are as committed, else their sha256, in the order of their names.
    """
    remote = _git(folder, "remote", "get-url", "origin")
    known = remote if "://" in remote or remote.startswith("git@") else folder.resolve().name
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit or _git(folder, "status", "--porcelain", "--", "."):
        digest = hashlib.sha256()
        for file in sorted(files, key=lambda path: path.name):
            digest.update(file.read_bytes())
        commit = f"sha256 {digest.hexdigest()}"
    return {"repository": repository or known, "commit": commit}


def _git(folder: Path, *words: str) -> str:
    """What git says, or "" where it has nothing to say."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
