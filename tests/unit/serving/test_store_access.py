"""A store that does not allow the log: switched off once, tried again now and then; nothing grows meanwhile."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import StoreDeniedError, StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.query_journal import QueryJournal
from serving.backend.query_log import QueryLog
from serving.backend.store_access import StoreAccess
from tests.local_processes import wait_until
from tests.logged_queries import logged_rows, record
from tests.unit.serving.conftest import FaultyStore

DENIED = StoreDeniedError("S3 refused PutObject with 403 AccessDenied")


def ids(store: ObjectStore) -> list[str]:
    return sorted(row["request_id"] for row in logged_rows(store))


def started(store: FaultyStore, access: StoreAccess, journal: QueryJournal | None = None) -> QueryLog:
    log = QueryLog(store, journal, access, interval_s=0.01, retry_s=0.02, rows_of_a_file=5)
    log.start()
    return log


def test_log_that_is_denied_is_left_and_its_rows_wait_for_a_process_that_may_write(
    faulty: FaultyStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = QueryJournal(tmp_path / "cache", faulty.url)
    access = StoreAccess(trial_s=3_600)
    faulty.failure = DENIED
    with caplog.at_level(logging.INFO):
        log = started(faulty, access, journal)
        log.append(record(0))
        wait_until(lambda: access.is_denied("writing logs/"), "the log is switched off", 10)
        wait_until(lambda: log.unwritten == 0, "nothing waits", 10)
        kept = sorted(journal.folder.iterdir())
        for number in range(1, 50):
            log.append(record(number))
        log.close(10)
    assert (faulty.attempts, log.unwritten, log.lost) == (1, 0, 0)
    assert sorted(journal.folder.iterdir()) == kept
    assert len(kept) == 1
    assert [entry.levelname for entry in caplog.records].count("WARNING") == 1
    assert "ERROR" not in [entry.levelname for entry in caplog.records]

    faulty.be_back()
    other = QueryLog(faulty, QueryJournal(tmp_path / "cache", faulty.url), StoreAccess())
    other.take_over()
    other.start()
    other.close(10)
    assert ids(faulty.inner) == ["request-00000"]


def test_log_that_is_allowed_again_is_written_again_without_a_restart(
    faulty: FaultyStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = QueryJournal(tmp_path / "cache", faulty.url)
    access = StoreAccess(trial_s=0.1)
    faulty.failure = DENIED
    with caplog.at_level(logging.INFO):
        log = started(faulty, access, journal)
        log.append(record(0))
        wait_until(lambda: faulty.attempts == 1, "the log is tried", 10)
        left = sorted(journal.folder.iterdir())

        def tried_again() -> bool:
            log.append(record(1))
            return faulty.attempts >= 3

        wait_until(tried_again, "the log is tried again", 10)
        assert sorted(journal.folder.iterdir()) == left, "what is only tried is not put on the disk"
        faulty.be_back()

        def written() -> bool:
            log.append(record(2))
            return not access.is_denied("writing logs/")

        wait_until(written, "the log is written", 10)
        log.append(record(3))
        log.close(10)
    assert {"request-00000", "request-00003"} <= set(ids(faulty.inner)), "what waited on the disk is written as well"
    assert list(journal.folder.iterdir()) == []
    assert access.warnings == []
    assert [entry.levelname for entry in caplog.records].count("WARNING") == 1
    assert any("allows writing logs/ again" in message for message in caplog.messages)


def test_rows_without_a_journal_are_counted_as_lost(faulty: FaultyStore) -> None:
    access = StoreAccess(trial_s=3_600)
    faulty.failure = DENIED
    log = started(faulty, access)
    log.append(record(0))
    log.close(10)
    assert (log.lost, log.unwritten) == (1, 0)


def test_store_that_is_away_is_not_taken_for_one_that_denies(faulty: FaultyStore) -> None:
    access = StoreAccess()
    faulty.failure = StoreUnavailableError("S3 refused PutObject with 403: a gateway says so")
    log = started(faulty, access)
    log.append(record(0))
    wait_until(lambda: faulty.attempts >= 3, "the log is tried again", 10)
    assert access.warnings == []
    faulty.be_back()
    log.close(10)
    assert ids(faulty.inner) == ["request-00000"]


def test_folder_that_cannot_be_written_denies(folder_store: LocalFolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreDeniedError, match="check the folder's permissions"):
        folder_store.put("logs/x", b"")


def test_warning_names_all_that_is_refused_and_what_mends_it(caplog: pytest.LogCaptureFixture) -> None:
    access = StoreAccess()
    assert access.warnings == []
    with caplog.at_level(logging.INFO):
        access.deny("writing logs/", DENIED)
        access.deny("writing feedback/", DENIED)
        access.deny("writing logs/", DENIED)
    [warning] = access.warnings
    assert "does not allow writing logs/, writing feedback/" in warning
    assert "FINRAG_QUERY_LOG=off" in warning
    assert "\n" not in warning
    assert [entry.levelname for entry in caplog.records] == ["WARNING", "INFO"]
