"""The results of jobs in one SQLite file. Only the client writes it, so it needs no server and no lock of ours.

A row is a result that a job returned, under the job's key. A job that failed has no row: it runs again. The file uses
a write-ahead log, so a client that is killed leaves all rows whole that it had written.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs.job import PureJob, PureJobOutcome

VERSION = 1
_PATIENCE = 60.0  # seconds to wait for another client that writes the same file
_TABLE = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, name TEXT, function TEXT, arguments TEXT, result TEXT, seconds REAL, worker TEXT, date TEXT
) WITHOUT ROWID
"""
_ROW = "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Store:
    """An open store of results; see ``opened``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, job: PureJob) -> PureJobOutcome | None:
        """Return the outcome of a job that was done before, or None."""
        row = self._connection.execute(
            "SELECT result, seconds, worker FROM results WHERE key = ?", (job.key,)
        ).fetchone()
        return None if row is None else PureJobOutcome(job, "done", json.loads(row[0]), "", row[1], row[2])

    def keep(self, outcome: PureJobOutcome) -> None:
        """Keep the result of a job that is done. A job without a result is not kept."""
        if outcome.kind != "done":
            return
        job, date = outcome.job, datetime.now(UTC).isoformat(timespec="seconds")
        texts = job.key, job.name, job.function, json.dumps(job.arguments), json.dumps(outcome.result)
        self._connection.execute(_ROW, (*texts, outcome.seconds, outcome.worker, date))
        self._connection.commit()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open a store, which is made if there is none. Raises InputError for a file that is no store of this version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE)))
            _prepare(connection, path)
        except sqlite3.Error as error:
            message = f"{path}: not a store of results ({error}); right is another --store FILE"
            raise InputError(message) from error
        yield Store(connection)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version != VERSION and (version or n_tables):
        raise InputError(f"{path}: not a store of version {VERSION}; right is another --store FILE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.commit()
