"""A store that is not a folder is counted: what was asked, how it ended, how many bytes went each way."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.backend.measured_store import MeasuredStore, StoreMeasures, measured
from tests.unit.serving.conftest import FaultyStore


def test_requests_are_counted_by_operation_and_outcome(faulty: FaultyStore) -> None:
    registry = CollectorRegistry()
    store = MeasuredStore(faulty, StoreMeasures(registry))
    store.put("a/b", b"12345")
    with pytest.raises(PreconditionFailedError):
        store.put("a/b", b"other", if_absent=True)
    assert store.get("a/b").data == b"12345"
    assert store.get_range("a/b", 1, 2) == b"23"
    with pytest.raises(ObjectNotFoundError):
        store.get("a/c")
    assert store.head("a/b") is not None
    assert [info.key for info in store.list("a/")] == ["a/b"]
    faulty.be_away()
    with pytest.raises(StoreUnavailableError):
        store.delete("a/b")

    def count(operation: str, outcome: str) -> float | None:
        return registry.get_sample_value("finrag_store_requests_total", {"operation": operation, "outcome": outcome})

    assert (count("put", "ok"), count("put", "precondition")) == (1, 1)
    assert (count("get", "ok"), count("get", "not_found")) == (2, 1)
    assert (count("head", "ok"), count("list", "ok"), count("delete", "unavailable")) == (1, 1, 1)
    assert registry.get_sample_value("finrag_store_read_bytes_total") == 7
    assert registry.get_sample_value("finrag_store_written_bytes_total") == 5
    assert registry.get_sample_value("finrag_store_request_duration_seconds_count", {"operation": "get"}) == 3


def test_folder_is_read_as_it_is(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path)
    assert measured(store, CollectorRegistry()) is store
