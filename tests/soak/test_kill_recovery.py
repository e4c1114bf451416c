"""`finrag ingest` and `finrag index` killed FINRAG_SOAK_KILLS times: readers and later runs must not notice.

A round fills a store in two stages, the second with one filing changed and one added, and kills each command several
times before it may finish. FINRAG_SOAK_SEED chooses the moments.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import finrag_ml_tg1
from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.sample_index import SAMPLES
from tests.soak.random_kill import kill_at_random_moment, run_to_the_end
from tests.soak.results import number_setting, write_result
from tests.soak.store_checks import index_leftovers, leftovers, opened_version, table_faults, tables_digest

pytestmark = pytest.mark.soak

KILLS_OF_INGEST = 3
KILLS_OF_INDEX = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """What an undisturbed run of ingest and index makes of a folder: the truth a disturbed run is compared with."""

    filings: Path
    version: str
    tables: str
    seconds: dict[str, float]
    writes: dict[str, int]


@dataclass(slots=True)
class Record:
    """What happened so far; `allowed` are the versions a reader may see now."""

    allowed: set[str | None] = field(default_factory=lambda: {None})
    kills: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def find(self, what: str, moment: str) -> None:
        finding = self.findings.setdefault(what, {"what": what, "times": 0, "first": moment})
        finding["times"] += 1


def test_killed_writers_leave_nothing_half_visible_and_need_no_cleaning(encoder_folder: Path, tmp_path: Path) -> None:
    wanted, sequence = number_setting("FINRAG_SOAK_KILLS", 60), number_setting("FINRAG_SOAK_SEED", 1)
    started = time.monotonic()
    sources = _sources_digest()
    stages = _stages(tmp_path)
    record = Record()
    rounds = 0
    while record.kills["ingest"] + record.kills["index"] < wanted:
        rounds += 1
        _run_round(tmp_path / f"round-{rounds}", stages, record, random.Random(sequence * 1_000_000 + rounds), rounds)
    assert _sources_digest() == sources, "the sources were edited during the run, so it compares nothing: run it again"
    counts = {
        "rounds": rounds,
        "kills": dict(record.kills),
        "reads_while_writing": dict(record.reads),
        "left_behind": dict(record.left),
    }
    settings = {"FINRAG_SOAK_KILLS": wanted, "FINRAG_SOAK_SEED": sequence}
    findings = list(record.findings.values())
    write_result("kill_recovery", settings, time.monotonic() - started, counts, findings)
    assert record.reads["whole index"] > 0
    assert not findings, findings


def _sources_digest() -> str:
    """What decides the content of a store: an edit during the run would make each later round differ from the first."""
    digest = hashlib.sha256()
    for path in sorted(Path(finrag_ml_tg1.__file__).parent.rglob("*")):
        if path.suffix in {".py", ".yaml"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stages(folder: Path) -> list[Stage]:
    names = sorted(path.name for path in SAMPLES.iterdir())
    first, second = folder / "filings-1", folder / "filings-2"
    first.mkdir()
    for name in names[::3]:
        shutil.copy(SAMPLES / name, first)
    shutil.copytree(first, second)
    shutil.copy(SAMPLES / names[1], second)
    changed = second / names[0]
    changed.write_text(changed.read_text().replace("</body>", "<p>A closing remark stands here now.</p></body>"))
    store = folder / "undisturbed"
    return [_undisturbed(filings, store, folder / "scratch") for filings in (first, second)]


def _undisturbed(filings: Path, store: Path, scratch: Path) -> Stage:
    seconds, writes = {}, {}
    for command, arguments in (("ingest", ["ingest", str(filings)]), ("index", ["index"])):
        before, started = _state(store), time.monotonic()
        run_to_the_end(arguments, store)
        seconds[command] = time.monotonic() - started
        writes[command] = len(_state(store) - before)
    version = opened_version(store, scratch)
    assert version is not None
    return Stage(filings, version, tables_digest(store), seconds, writes)


def _state(store: Path) -> set[tuple[str, str]]:
    return {(entry.key, entry.etag) for entry in LocalFolderStore(store).list("")}


def _run_round(folder: Path, stages: list[Stage], record: Record, chooser: random.Random, number: int) -> None:
    store, scratch = folder / "store", folder / "scratch"
    record.allowed = {None}
    for position, stage in enumerate(stages, start=1):
        for command, times in (("ingest", KILLS_OF_INGEST), ("index", KILLS_OF_INDEX)):
            arguments = [command, *([str(stage.filings)] if command == "ingest" else [])]
            moment = f"round {number}, stage {position}, {command}"
            if command == "index":
                record.allowed.add(stage.version)

            def observe(moment: str = moment) -> None:
                _read(store, scratch, record, moment)

            writes_left = stage.writes[command]
            for _ in range(times):
                before = _state(store)
                exit_code = kill_at_random_moment(
                    arguments,
                    store,
                    chooser,
                    seconds=stage.seconds[command],
                    writes=max(1, writes_left),
                    observe=observe,
                )
                writes = len(_state(store) - before)
                writes_left -= writes
                _count(record, command, exit_code, writes)
                observe()
                for fault in table_faults(store):
                    record.find(fault, moment)
            run_to_the_end(arguments, store, observe)
        _compare(store, scratch, stage, record, f"round {number}, stage {position}")
        record.allowed = {stage.version}
    record.left.update(leftovers(store))
    record.left.update(index_leftovers(store, len({stage.version for stage in stages})))
    shutil.rmtree(folder)


def _count(record: Record, command: str, exit_code: int, writes: int) -> None:
    if exit_code >= 0:
        record.kills["faster than the kill"] += 1
        return
    record.kills[command] += 1
    record.kills[f"{command} after its first write"] += writes > 0


def _read(store: Path, scratch: Path, record: Record, moment: str) -> None:
    try:
        version = opened_version(store, scratch)
    except (FinRAGError, AssertionError) as error:
        record.find(f"a reader got {type(error).__name__}: {error}"[:200].replace(str(store), "STORE"), moment)
        return
    record.reads["no index" if version is None else "whole index"] += 1
    if version not in record.allowed:
        record.find("a reader got a version that no undisturbed run makes, or none where there was one", moment)
    elif version is not None:
        record.allowed.discard(None)


def _compare(store: Path, scratch: Path, stage: Stage, record: Record, moment: str) -> None:
    if opened_version(store, scratch) != stage.version:
        record.find("the final index is not the undisturbed run's", moment)
    if tables_digest(store) != stage.tables:
        record.find("the final tables are not the undisturbed run's", moment)
    for fault in table_faults(store):
        record.find(f"at the end: {fault}", moment)
