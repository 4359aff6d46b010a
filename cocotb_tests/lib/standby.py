"""A simulator that stands by: it starts once, and each test runs in a copy of it.

Most of a short test's time is the start of its simulator, in which Python imports Numba, cocotb and pytest, and loads
the machine code of the chip's kernels. All this happens before the first time step. A simulator that stands by has done
it, and waits for tests. For each it makes a copy of its process, with ``os.fork``, and only the copy simulates. So each
test still begins with the simulator's initial state, in a process and a folder of its own.

``wait`` runs inside the simulator: cocotb calls it before its own first functions.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any

import numpy as np

from draupnir.cocotb_tests.catalogue import BENCH
from draupnir.cocotb_tests.lib.session import Session
from draupnir.emulator import chips
from draupnir.emulator.trace import new_rows

TESTS, ANSWERS, CORES = "DRAUPNIR_TESTS", "DRAUPNIR_ANSWERS", "DRAUPNIR_CORES"  # two pipes, and the cores of the copies
USERS = (
    "draupnir.cocotb_tests.lib.standby:wait",
    # Cocotb itself calls the following functions if PYGPI_USERS is not set.
    "cocotb_tools._coverage:start_cocotb_library_coverage",
    "cocotb.logging:_configure",
    "cocotb._init:init_package_from_simulation",
    "cocotb.regression:_run_regression",
)
READY = "ready"
# Cocotb imports these modules in any case, but only after it has set its global variables, which they do not read.
_MODULES = ("cocotb.regression", "_pytest.assertion.rewrite", "_pytest.config")


def wait() -> None:
    """Answer that this simulator is ready; then run each test that comes in a copy, and answer its exit status.

    A test is a line of JSON: "env", all environment variables, "folder", in which it runs, and "log". The function
    returns in the copies. In this process it ends the simulator when there are no more tests.
    """
    tests, answers = os.fdopen(int(os.environ[TESTS])), os.fdopen(int(os.environ[ANSWERS]), "w")
    cores = json.loads(os.environ[CORES])
    _load()
    print(READY, file=answers, flush=True)
    for line in tests:
        copy = os.fork()
        if copy == 0:
            answers.close()
            os.sched_setaffinity(0, cores)
            _become(json.loads(line))
            return
        _, status = os.waitpid(copy, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    os._exit(0)


def _load() -> None:
    """Import what the benches of a chip import, and load the kernels that they run."""
    for name in _MODULES:
        importlib.import_module(name)
    session = Session.here()
    package = chips.package(session.chip)
    BENCH.load(package)
    model = chips.model(session.chip, session.sizes)()
    model.drive(new_rows(model.chip.input_word, 0), np.zeros(0, np.uint8))
    gc.collect()
    gc.freeze()  # so that the copies share the memory of all these objects


def _become(test: dict[str, Any]) -> None:
    """Give this copy the environment, the folder and the log of a test."""
    os.environ.clear()
    os.environ.update(test["env"])
    os.chdir(test["folder"])
    log = os.open(test["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
