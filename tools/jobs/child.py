"""The process that runs jobs, one after the other: a line of JSON in, a line of JSON out.

A job runs in a process of its own, so that it can crash, or run for ever, without harm to others. The time limit raises
an exception in the job, which ends simulators and compilers, too. If the job does not react, because it is in compiled
code, the process ends ``GRACE`` seconds later. It also ends when the other end of the pipe is gone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import traceback
from importlib import import_module
from types import FrameType
from typing import Any, TextIO

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.job import product_hash

GRACE = 2.0  # seconds


class TimeLimit(BaseException):
    """The time of the job is over. No job catches this exception."""


def perform(request: dict[str, Any], nowhere: TextIO) -> dict[str, Any]:
    """Run one job, and return its reply: kind, result and text as in ``PureJobOutcome``.

    request : function and arguments of the job, its limit in seconds, and the hash of the client's Draupnir
    """
    if request["product"] != product_hash():
        text = f"host {os.uname().nodename} has another version of Draupnir; right is the client's on all machines"
        return {"kind": "refused", "text": text}
    try:
        faulthandler.dump_traceback_later(request["limit"] + GRACE, exit=True, file=nowhere)
        signal.setitimer(signal.ITIMER_REAL, request["limit"])
        module, _, name = request["function"].partition(":")
        result = getattr(import_module(module), name)(**request["arguments"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        return {"kind": "done", "result": result}
    except TimeLimit:
        return {"kind": "late"}
    except InputError as error:
        return {"kind": "refused", "text": str(error)}
    except Exception:
        return {"kind": "defect", "text": traceback.format_exc()}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    """Serve the process at the other end until it closes the pipe."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a job prints goes to stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client ends this process when it is interrupted
    signal.signal(signal.SIGALRM, _raise)
    with open(os.devnull, "w") as nowhere, contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            with contextlib.suppress(FileNotFoundError):  # another machine: relative paths lead from its own folder
                os.chdir(json.loads(line)["folder"])
            reply = perform(json.loads(line), nowhere)
            replies.write(json.dumps(reply) + "\n")
            replies.flush()
            if reply["kind"] == "late":  # the job may have left anything behind
                os._exit(0)


def _raise(number: int, frame: FrameType | None) -> None:
    raise TimeLimit


if __name__ == "__main__":
    main()
