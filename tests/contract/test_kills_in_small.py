"""A few of the kills that the soak run does in hundreds: SIGKILL of an ingest, and of a back end while it logs."""

from __future__ import annotations

import random
from pathlib import Path

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.contract.served_stores import ServedStore
from tests.sample_index import linked_store
from tests.soak.kill_tally import KillTally
from tests.soak.log_kills import LogKills
from tests.soak.writer_kills import WriterKills


def test_killed_back_end_loses_no_answered_query_and_no_accepted_feedback(sample_store: Path, tmp_path: Path) -> None:
    tally = KillTally()
    store = linked_store(sample_store, tmp_path / "store")
    logs = LogKills(ServedStore(str(store), LocalFolderStore(store)), tmp_path / "backend", tally, random.Random(4))
    for _ in range(2):
        logs.kill()
    logs.finish()
    assert tally.findings == []
    assert tally.kills["log flush"] == 2
    assert tally.checks["answered queries in the log on a folder"] > 0
    assert tally.checks["accepted feedback in the store on a folder"] > 0


def test_killed_ingest_shows_nothing_half_and_the_next_one_finishes(encoder_folder: Path, tmp_path: Path) -> None:
    tally = KillTally()
    writers = WriterKills(tmp_path, tally, random.Random(2), targets=("ingest",), stages=1)
    writers.run_round(2)
    assert tally.findings == []
    assert tally.kills["ingest"] == 2
