"""A Dask scheduler and its workers as processes of this machine, each of which can be killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

from tests.local_processes import clean_environment, end, free_port, wait_until

__all__ = ["DaskCluster", "dask_cluster"]

_STARTING_S = 60.0


@dataclass(slots=True)
class DaskCluster:
    """A running scheduler; workers are added to it. All are ended with the block that `dask_cluster` opens."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *, dies_at_write: int | None = None, store: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with one thread; one that `dies_at_write` kills itself before that put into `store`."""
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
        command += ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        if dies_at_write is not None:
            command = [sys.executable, "-m", "tests.soak.dying_worker", str(store), str(dies_at_write), self.address]
        self.workers.append(_start(command, self.folder / f"worker-{len(self.workers)}.log"))
        return self.workers[-1]

    def wait_for_workers(self, number: int) -> None:
        """Return when the scheduler knows so many workers."""
        with Client(self.address, set_as_default=False) as client:
            wait_until(lambda: len(client.nthreads()) == number, f"there are {number} workers", _STARTING_S)

    def busy_workers(self) -> int:
        """Return how many workers were given filings and have not done them."""
        with Client(self.address, set_as_default=False) as client:
            return sum(bool(keys) for keys in client.processing().values())

    def log(self) -> str:
        """Return all that its processes have printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


@contextmanager
def dask_cluster(folder: Path, **settings: str) -> Iterator[DaskCluster]:
    """Start a scheduler with Dask's `settings` (variables of its environment); logs go into `folder`."""
    folder.mkdir(parents=True)
    port = free_port()
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    scheduler = _start([*command, "--no-dashboard"], folder / "scheduler.log", **settings)
    cluster = DaskCluster(f"tcp://127.0.0.1:{port}", scheduler, folder)
    try:
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            end(process)


def _start(command: Sequence[str], log: Path, **settings: str) -> subprocess.Popen[bytes]:
    environment = clean_environment(PYTHONPATH=":".join(sys.path), **settings)
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, cwd=log.parent, stdout=output, stderr=output)
