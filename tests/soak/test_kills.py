"""SIGKILL at random moments and steps of ingest, index, publish, start, switch and log flush: nothing is lost.

FINRAG_SOAK_KILLS is how many each command and each of the others is killed at least; FINRAG_SOAK_SEED chooses the
moments.
"""

from __future__ import annotations

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import finrag_ml_tg1
import serving
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.contract.served_stores import ServedStore, index_on_s3
from tests.index_versions import TwoVersions
from tests.sample_index import linked_store
from tests.soak.kill_tally import KillTally
from tests.soak.log_kills import LogKills
from tests.soak.results import number_setting, write_result
from tests.soak.start_kills import StartKills
from tests.soak.writer_kills import WRITERS, WriterKills

pytestmark = pytest.mark.soak

KILLS_OF_A_COMMAND = 6
KILLS_OF_A_START = 9


@dataclass(frozen=True, slots=True)
class _Run:
    """What the three groups of kills, which run side by side, have in common."""

    wanted: int
    seed: int
    published: TwoVersions
    endpoint: str
    folder: Path


def test_killed_processes_lose_nothing_and_need_no_hands(
    encoder_folder: Path, two_versions: TwoVersions, moto_endpoint: str, tmp_path: Path
) -> None:
    wanted, seed = number_setting("FINRAG_SOAK_KILLS", 34), number_setting("FINRAG_SOAK_SEED", 1)
    run = _Run(wanted, seed, two_versions, moto_endpoint, tmp_path)
    started, sources = time.monotonic(), _sources_digest()
    tally = KillTally()
    with ThreadPoolExecutor() as pool:
        for part in pool.map(lambda kill: kill(run), (_kill_logging, _kill_starts, _kill_writers)):
            tally.add(part)
    assert _sources_digest() == sources, "the sources were edited during the run, so it compares nothing: run it again"
    settings = {"FINRAG_SOAK_KILLS": wanted, "FINRAG_SOAK_SEED": seed}
    write_result("kills", settings, time.monotonic() - started, tally.counts(), tally.findings)
    assert not tally.findings


def _kill_logging(run: _Run) -> KillTally:
    """Two thirds on a folder, where the steps of a put can be told apart, and the others on S3."""
    tally, chooser = KillTally(), random.Random(run.seed)
    copied = linked_store(run.published.folder, run.folder / "logged")
    local = ServedStore(str(copied), LocalFolderStore(copied))
    with index_on_s3(run.published.folder, run.endpoint) as remote:
        for served, share, name in ((local, 2 / 3, "on-folder"), (remote, 1, "on-s3")):
            logs = LogKills(served, run.folder / name, tally, chooser)
            while tally.kills["log flush"] < run.wanted * share:
                logs.kill()
            logs.finish()
    return tally


def _kill_starts(run: _Run) -> KillTally:
    tally, chooser = KillTally(), random.Random(run.seed)
    with index_on_s3(run.published.folder, run.endpoint) as remote:
        starts = StartKills(run.published, remote, run.folder / "starts", tally, chooser)
        while min(tally.kills["start"], tally.kills["switch"]) < run.wanted:
            starts.run_round(KILLS_OF_A_START)
    return tally


def _kill_writers(run: _Run) -> KillTally:
    tally = KillTally()
    writers = WriterKills(run.folder / "writers", tally, random.Random(run.seed))
    while min(tally.kills[target] for target in WRITERS) < run.wanted:
        writers.run_round(KILLS_OF_A_COMMAND)
    return tally


def _sources_digest() -> str:
    """What decides the content of a store: an edit during the run would make each later round differ from the first."""
    digest = hashlib.sha256()
    for package in (finrag_ml_tg1, serving):
        for path in sorted(Path(package.__path__[0]).rglob("*")):
            if path.suffix in {".py", ".yaml"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()
