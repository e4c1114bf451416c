"""Filings on a Dask cluster whose workers are killed: each is in the store once, as one machine reads it.

A worker is killed before each of the puts of a filing in turn, and FINRAG_SOAK_KILLS times at a random moment of the
reading; FINRAG_SOAK_SEED chooses the moments.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from finrag_ml_tg1.filings.keys import FILINGS_PREFIX
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.local_processes import clean_environment, wait_until
from tests.soak.dask_cluster import DaskCluster, dask_cluster
from tests.soak.random_kill import run_to_the_end
from tests.soak.results import number_setting, write_result
from tests.soak.store_checks import leftovers, table_faults, tables_digest
from tests.unit.filings.documents import filing_html

pytestmark = pytest.mark.soak

FILINGS = 8
PUTS_OF_A_FILING = 5
_FINRAG = str(Path(sys.executable).with_name("finrag"))
_TIMEOUT_S = 180.0


def test_killed_workers_lose_no_filing_and_write_none_twice(tmp_path: Path) -> None:
    kills, seed = number_setting("FINRAG_SOAK_KILLS", 5), number_setting("FINRAG_SOAK_SEED", 1)
    started = time.monotonic()
    filings = _filings(tmp_path / "filings")
    undisturbed = tmp_path / "undisturbed"
    run_to_the_end(["ingest", str(filings)], undisturbed)
    truth = tables_digest(undisturbed)
    chooser = random.Random(seed)
    counts: Counter[str] = Counter()
    findings: list[dict[str, str]] = []
    moments = [*range(1, PUTS_OF_A_FILING + 1), PUTS_OF_A_FILING + 3, *(None for _ in range(kills))]
    with dask_cluster(tmp_path / "cluster") as cluster:
        cluster.add_worker()
        for number, moment in enumerate(moments):
            store = tmp_path / f"round-{number}"
            output = _disturbed(cluster, filings, store, moment, chooser, counts)
            faults = [*table_faults(store), *([] if tables_digest(store) == truth else ["not the undisturbed tables"])]
            rows = len(list(LocalFolderStore(store).list(FILINGS_PREFIX)))
            if f"{FILINGS} filings read, 0 unchanged, 0 skipped" not in output or rows != FILINGS:
                faults.append(f"{rows} filings are in the store, and it was told: {output.splitlines()[-1]}")
            left = leftovers(store)
            counts["filings"] += rows
            counts["objects_no_row_names"] += left["objects_no_row_names"]
            counts["half_written_files"] += left["half_written_files"]
            findings.extend({"what": fault, "first": f"round {number}, killed at {moment}"} for fault in faults)
            shutil.rmtree(store)
    settings = {"FINRAG_SOAK_KILLS": kills, "FINRAG_SOAK_SEED": seed}
    write_result("cluster_kill", settings, time.monotonic() - started, dict(counts), findings)
    assert not findings, findings


def _disturbed(
    cluster: DaskCluster,
    filings: Path,
    store: Path,
    moment: int | None,
    chooser: random.Random,
    counts: Counter[str],
) -> str:
    """Ingest with a worker more, which is killed before its put number `moment`, or at a random time for None."""
    dying = cluster.add_worker(dies_at_write=moment, store=store)
    cluster.wait_for_workers(2)
    process = _ingest(filings, store, cluster)
    if moment is None:
        wait_until(lambda: cluster.busy_workers() == 2, "both workers read", _TIMEOUT_S)
        time.sleep(chooser.uniform(0, 0.5))
        counts["killed while it had filings to read"] += cluster.busy_workers() == 2
        dying.kill()
    output = process.communicate(timeout=_TIMEOUT_S)[0].decode()
    assert process.returncode == 0, output + cluster.log()
    assert dying.wait(_TIMEOUT_S) == -signal.SIGKILL, cluster.log()
    counts["killed at a random moment" if moment is None else "killed before a put"] += 1
    return output


def test_filing_that_ends_every_worker_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """The scheduler is told to try a filing once only; so the first death tells of it."""
    filings = _filings(tmp_path / "filings", number=4)
    store = tmp_path / "store"
    with dask_cluster(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as cluster:
        cluster.add_worker()
        cluster.add_worker(dies_at_write=2, store=store)
        cluster.wait_for_workers(2)
        process = _ingest(filings, store, cluster)
        output = process.communicate(timeout=_TIMEOUT_S)[0].decode()
    assert process.returncode == 1, output
    skipped = re.findall(r"skipped: (\S+): reading it ended 1 workers, most likely for want of memory", output)
    assert len(skipped) >= 1, output
    assert f"{4 - len(skipped)} filings read" in output
    assert table_faults(store) == []


def test_scheduler_that_is_lost_ends_the_run_with_one_line(tmp_path: Path) -> None:
    filings = _filings(tmp_path / "filings")
    store = tmp_path / "store"
    with dask_cluster(tmp_path / "cluster") as cluster:
        cluster.add_worker()
        cluster.wait_for_workers(1)
        process = _ingest(filings, store, cluster)
        wait_until(lambda: any(LocalFolderStore(store).list(FILINGS_PREFIX)), "a filing is stored", _TIMEOUT_S)
        cluster.scheduler.kill()
        output = process.communicate(timeout=_TIMEOUT_S)[0].decode()
    assert process.returncode == 2, output
    assert "finrag: the scheduler was lost" in output.splitlines()[-1]
    assert "Traceback" not in output
    assert table_faults(store) == []


def test_interrupted_run_ends_in_one_line_and_goes_on_from_there(tmp_path: Path) -> None:
    filings = _filings(tmp_path / "filings")
    store = tmp_path / "store"
    with dask_cluster(tmp_path / "cluster") as cluster:
        cluster.add_worker()
        cluster.wait_for_workers(1)
        process = _ingest(filings, store, cluster)
        wait_until(lambda: any(LocalFolderStore(store).list(FILINGS_PREFIX)), "a filing is stored", _TIMEOUT_S)
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=_TIMEOUT_S)[0].decode()
        assert process.returncode == 130, output
        assert "finrag: interrupted" in output.splitlines()[-1]
        assert "Traceback" not in output
        wait_until(lambda: cluster.busy_workers() == 0, "the worker has finished what it was reading", _TIMEOUT_S)
        assert 0 < len(list(LocalFolderStore(store).list(FILINGS_PREFIX))) < FILINGS
        assert table_faults(store) == []
        again = _ingest(filings, store, cluster).communicate(timeout=_TIMEOUT_S)[0].decode()
    assert len(list(LocalFolderStore(store).list(FILINGS_PREFIX))) == FILINGS, again


def _filings(folder: Path, number: int = FILINGS) -> Path:
    """Filings that take a worker some tenths of a second each."""
    folder.mkdir()
    for year in range(2000, 2000 + number):
        body = "".join(f"<p>In {year} we sold plain example {line} to others.</p>" for line in range(3_000))
        (folder / f"9990000100-{year % 100:02d}-000001.html").write_bytes(filing_html(year=year, body=body))
    return folder


def _ingest(filings: Path, store: Path, cluster: DaskCluster) -> subprocess.Popen[bytes]:
    command = [_FINRAG, "ingest", str(filings), "--store", str(store), "--scheduler", cluster.address]
    return subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _environment() -> dict[str, str]:
    return clean_environment(PYTHONPATH=":".join(sys.path))
