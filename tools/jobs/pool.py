"""Pools that run jobs: some processes on this machine, or a Dask cluster that the user has started.

Both are executors of ``concurrent.futures``, so everything else is the same. A pool of this machine talks to its
processes through pipes: nothing listens, not even on the loopback.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError
from draupnir.tools.jobs import process

SCHEMES = ("tcp", "tls", "ws", "wss")
TLS_FILES = {"ca": "tls_ca_file", "cert": "tls_client_cert", "key": "tls_client_key"}  # our word -> Dask's
_PATIENCE = 20  # seconds for the scheduler to answer


@dataclass(frozen=True)
class Pool:
    """A pool; n_parallel : returns the number of jobs that it runs at the same time now, at least 1"""

    executor: Executor
    n_parallel: Callable[[], int]


@contextlib.contextmanager
def of_this_machine(n: int) -> Iterator[Pool]:
    """Run n jobs at a time, each in a process on this machine."""
    process.open_all()
    executor = ThreadPoolExecutor(n)
    try:
        yield Pool(executor, lambda: n)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        process.end_all()
        executor.shutdown()


@contextlib.contextmanager
def of_cluster(address: str, tls: Mapping[str, Path]) -> Iterator[Pool]:
    """Run jobs on the workers of a Dask scheduler.

    tls : "ca", "cert" or "key" -> file; without them Dask's own settings hold

    Raises InputError if Dask is missing, or if no scheduler answers at the address.
    """
    try:
        import distributed
    except ImportError as error:
        raise InputError(f"--cluster {address}: Dask is missing: pip install 'draupnir[cluster]'") from error
    _check(address, tls)
    dask: Any = distributed  # it declares no types
    files = {TLS_FILES[name]: str(path) for name, path in tls.items()}
    security = dask.Security(require_encryption=True, **files) if files else None
    try:
        client = dask.Client(address, timeout=_PATIENCE, security=security)
    except TypeError as error:  # Dask's, for TLS without files
        right = "right is --tls ca=FILE, cert=FILE and key=FILE, or Dask's own configuration"
        raise InputError(f"--cluster {address}: no files for TLS; {right}") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"--cluster {address}: no scheduler answers: {' '.join(str(error).split())}") from error
    with client:
        executor = client.get_executor(pure=False)
        try:
            yield Pool(executor, lambda: max(1, sum(client.nthreads().values())))
        finally:
            executor.shutdown(wait=False)


def _check(address: str, tls: Mapping[str, Path]) -> None:
    scheme, slashes, _ = address.partition("://")
    if not slashes or scheme not in SCHEMES:
        raise InputError(f"--cluster {address}: right is an address such as tcp://127.0.0.1:8786")
    if tls and scheme not in ("tls", "wss"):
        raise InputError(f"--tls: only with an address tls://..., not with --cluster {address}")
    for name, path in tls.items():
        if not path.is_file():
            raise InputError(f"--tls {name}={path}: no such file")
