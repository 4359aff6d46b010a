"""Jobs: the same results in any order, with processes that end, after a client that was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs import campaign, pool, process, store
from draupnir.tools.jobs.job import PureJob, PureJobOutcome, digest
from draupnir.tools.jobs.options import successes

LIMIT = 60.0

# Functions of jobs, in a module that the processes find on their path.
FUNCTIONS = '''
import itertools, os, signal, time
from pathlib import Path
from draupnir.emulator.errors import InputError

def square(n):
    print("this text must not reach the client")
    return {"square": n * n}

def slow_square(n, seconds):
    time.sleep(seconds)
    return {"square": n * n}

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)

def crash_once(file):
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "second time"

def for_ever():
    while True:
        pass

def deaf():
    """Run for ever below the interpreter, as a compiled kernel can."""
    all(itertools.repeat(1))

def refuse():
    raise InputError("the input is wrong")

def defect():
    raise ZeroDivisionError("a defect")
'''
MODULE = "functions_of_jobs"


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / f"{MODULE}.py").write_text(FUNCTIONS)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'path'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


def job(function: str, **arguments: object) -> PureJob:
    return PureJob(f"{function} {arguments.get('n', '')}".strip(), f"{MODULE}:{function}", arguments)


def squares(n: int) -> list[PureJob]:
    return [job("square", n=i) for i in range(n)]


def run(
    jobs: list[PureJob], file: Path, workers: AbstractContextManager[pool.Pool] | None = None, limit: float = LIMIT
) -> list[PureJobOutcome]:
    with store.opened(file) as results, workers or pool.of_this_machine(2) as opened:
        return list(campaign.run(jobs, results, opened, limit))


def by_name(outcomes: list[PureJobOutcome]) -> dict[str, PureJobOutcome]:
    return {one.job.name: one for one in outcomes}


# --- The same results ----------------------------------------------------------------------------------------------


def test_results_are_the_same_in_any_order_and_run_once(tmp_path: Path) -> None:
    first = run(squares(6), tmp_path / "a.sqlite")
    assert sorted(one.result["square"] for one in first) == [0, 1, 4, 9, 16, 25]
    backwards = run(squares(6)[::-1], tmp_path / "b.sqlite")
    assert digest(first) == digest(backwards)
    assert digest(first) != digest(first[1:])
    second_run = run(squares(6), tmp_path / "a.sqlite")
    assert digest(second_run) == digest(first)
    assert {one.worker for one in second_run} == {one.worker for one in first}, "they were taken from the store"


def test_a_process_that_somebody_kills_changes_no_result(tmp_path: Path) -> None:
    jobs = [job("slow_square", n=i, seconds=0.2) for i in range(6)]
    undisturbed = run(jobs, tmp_path / "a.sqlite")
    pids: list[int] = []
    with store.opened(tmp_path / "b.sqlite") as results, pool.of_this_machine(2) as opened:
        outcomes = []
        for outcome in campaign.run(jobs, results, opened, LIMIT):
            outcomes.append(outcome)
            if not pids:
                pids = [one.pid for one in process._all]
                os.kill(pids[0], signal.SIGKILL)
    assert digest(outcomes) == digest(undisturbed)
    assert {one.worker.split()[-1] for one in outcomes} - set(map(str, pids)), "another process has taken its place"


CLIENT = """
import sys
from pathlib import Path
from draupnir.tools.jobs import campaign, pool, store
from draupnir.tools.jobs.job import PureJob
jobs = [PureJob(f"slow_square {n}", "functions_of_jobs:slow_square", {"n": n, "seconds": 0.2}) for n in range(12)]
with store.opened(Path(sys.argv[1])) as results, pool.of_this_machine(2) as opened:
    for outcome in campaign.run(jobs, results, opened, 60.0):
        print(outcome.result["square"], flush=True)
"""


def test_a_client_that_was_killed_goes_on_where_it_ended(tmp_path: Path) -> None:
    jobs = [job("slow_square", n=n, seconds=0.2) for n in range(12)]
    file = tmp_path / "a.sqlite"
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(file)], stdout=subprocess.PIPE, text=True)
    assert client.stdout
    printed = [client.stdout.readline() for _ in range(4)]
    client.send_signal(signal.SIGKILL)
    client.wait()
    client.stdout.close()
    with store.opened(file) as results:
        kept_names = {one.name for one in jobs if results.find(one)}
    assert len(printed) == 4 and 4 <= len(kept_names) < 12
    with store.opened(file) as results, pool.of_this_machine(2) as opened:
        outcomes = list(campaign.run(jobs[::-1], results, opened, LIMIT))
    assert {one.job.name for one in outcomes if one.worker.split()[-1] in _pids(file, kept_names)} >= kept_names
    assert digest(outcomes) == digest(run(jobs, tmp_path / "b.sqlite"))


def _pids(file: Path, names: set[str]) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, worker FROM results").fetchall()
    return {worker.split()[-1] for name, worker in rows if name in names}


# --- Jobs that go wrong ----------------------------------------------------------------------------------------------


def test_jobs_that_go_wrong_are_named_and_end_no_other(tmp_path: Path) -> None:
    jobs = [job("crash"), job("refuse"), job("defect"), *squares(3)]
    outcomes = by_name(run(jobs, tmp_path / "a.sqlite"))
    assert {name: one.kind for name, one in outcomes.items()} == {
        "crash": "died", "refuse": "refused", "defect": "defect", "square 0": "done", "square 1": "done",
        "square 2": "done",
    }  # fmt: skip
    assert str(outcomes["crash"]) == "crash: its process ended 3 times, last by SIGSEGV"
    assert str(outcomes["refuse"]) == "refuse: the input is wrong"
    assert "ZeroDivisionError: a defect" in outcomes["defect"].text


def test_a_job_whose_process_ends_once_runs_again(tmp_path: Path) -> None:
    (outcome,) = run([job("crash_once", file=str(tmp_path / "mark"))], tmp_path / "a.sqlite")
    assert (outcome.kind, outcome.result) == ("done", "second time")


@pytest.mark.parametrize("function", ["for_ever", "deaf"])
def test_a_job_has_a_time_limit(tmp_path: Path, function: str) -> None:
    begin = time.monotonic()
    outcomes = by_name(run([job(function), *squares(2)], tmp_path / "a.sqlite", limit=1.0))
    assert time.monotonic() - begin < 20
    assert str(outcomes[function]) == f"{function}: not done within 1 s"
    assert outcomes["square 1"].result == {"square": 1}


def test_only_results_are_kept(tmp_path: Path) -> None:
    run([job("refuse"), *squares(1)], tmp_path / "a.sqlite")
    with store.opened(tmp_path / "a.sqlite") as results:
        assert results.find(job("refuse")) is None and results.find(squares(1)[0]) is not None


def test_what_went_wrong_is_raised_after_the_others(tmp_path: Path) -> None:
    successful: list[PureJobOutcome] = []

    def collected() -> Iterator[PureJobOutcome]:
        for one in successes(run([job("refuse"), *squares(2)], tmp_path / "a.sqlite")):
            successful.append(one)
            yield one

    with pytest.raises(InputError, match=r"^refuse: the input is wrong$"):
        list(collected())
    assert len(successful) == 2
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(successes(run([job("defect")], tmp_path / "a.sqlite")))


def test_no_new_job_begins_when_the_time_is_over(tmp_path: Path) -> None:
    with store.opened(tmp_path / "a.sqlite") as results, pool.of_this_machine(1) as opened:
        assert list(campaign.run(squares(5), results, opened, LIMIT, campaign.hours(0))) == []


def test_another_version_of_draupnir_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "product_hash", lambda: "other")
    (outcome,) = run(squares(1), tmp_path / "a.sqlite")
    assert outcome.kind == "refused" and "has another version of Draupnir" in outcome.text


def test_a_key_depends_on_function_arguments_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    key = job("square", n=1).key
    assert key == job("square", n=1).key
    assert key not in (job("square", n=2).key, job("slow_square", n=1).key)
    monkeypatch.setattr("draupnir.tools.jobs.job.product_hash", lambda: "other sources")
    assert job("square", n=1).key != key


# --- Stores -----------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text " * 1000)
    with pytest.raises(InputError, match="text: not a store of results"), store.opened(tmp_path / "text"):
        pass
    assert (tmp_path / "text").read_text() == "text " * 1000


def test_a_database_of_something_else_is_one_line(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE other (n INTEGER)")
    with pytest.raises(InputError, match="not a store of version 1"), store.opened(tmp_path / "other.sqlite"):
        pass


# --- A cluster --------------------------------------------------------------------------------------------------------

SCHEDULER = """
import json, sys
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50)
    print(json.dumps([cluster.scheduler_address, [w.pid for w in cluster.workers.values()]]), flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[int]]]:
    """The address of a cluster on the loopback, and the processes of its workers."""
    pytest.importorskip("distributed")
    words = [sys.executable, "-P", "-W", "ignore", "-c", SCHEDULER]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stdin
        try:
            address, pids = json.loads(server.stdout.readline())
            yield address, pids
        finally:
            server.stdin.close()


@pytest.mark.slow
def test_a_cluster_gives_the_same_results_also_if_a_worker_is_killed(
    cluster: tuple[str, list[int]], tmp_path: Path
) -> None:
    address, pids = cluster
    jobs = [*(job("slow_square", n=i, seconds=0.3) for i in range(8)), job("crash")]
    here = run(jobs, tmp_path / "a.sqlite")
    outcomes: list[PureJobOutcome] = []
    with store.opened(tmp_path / "b.sqlite") as results, pool.of_cluster(address, {}) as opened:
        assert opened.n_parallel() == 2
        for outcome in campaign.run(jobs, results, opened, LIMIT):
            if not outcomes:
                os.kill(pids[0], signal.SIGKILL)
            outcomes.append(outcome)
    assert digest(outcomes) == digest(here)
    assert by_name(outcomes)["crash"].kind == "died"
