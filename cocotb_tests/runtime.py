"""Verilator's runtime for a bench. It is the same for all designs: it is compiled once, and copied into each build."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

from draupnir.rtl import kept, processes, toolchain

_CLASSES = re.compile(r"^VM_GLOBAL_(?:FAST|SLOW) \+= \\\n((?:  \S+ \\\n)*)", re.MULTILINE)


def put(folder: Path, make: Sequence[str], env: Mapping[str, str], log: TextIO | None) -> None:
    """Put the runtime's objects into a folder, so that make finds them there.

    folder : the folder with a design and its makefiles, as Verilator has written them
    make : the command that compiles everything; it compiles the objects that are not there yet
    log : the file for its output

    Raises RuntimeError if the compiler fails.
    """
    classes = (folder / "Vtop_classes.mk").read_text()
    names = [name for entries in _CLASSES.findall(classes) for name in re.findall(r"\w+", entries)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda name: _put_one(folder / f"{name}.o", make, env, log), names))


def _put_one(target: Path, make: Sequence[str], env: Mapping[str, str], log: TextIO | None) -> None:
    command = [*make, "--no-print-directory", "--dry-run", target.name]
    planned = subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
    compiler = shutil.which(next(iter(shlex.split(planned)), ""), path=env.get("PATH"))
    if compiler is None:
        return

    def compile_one() -> None:
        result = processes.run([*make, target.name], env=env, stdout=log, stderr=subprocess.STDOUT if log else None)
        if result.returncode:
            raise RuntimeError(f"exit status {result.returncode}")

    headers = kept.headers(toolchain.verilator().root / "include")
    kept.put(target, (planned, kept.compiler(compiler), headers), compile_one)
