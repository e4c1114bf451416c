"""Both stores, and a store that goes away, for what the back end writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from finrag_ml_tg1.errors import ConditionUnsupportedError, StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, StoredObject
from tests.index_versions import two_versions
from tests.sample_index import sample_store
from tests.unit.loaders import conftest as loaders

__all__ = ["sample_store", "two_versions"]

clean_environment = loaders.clean_environment
moto_endpoint = loaders.moto_endpoint
s3_config = loaders.s3_config
bucket = loaders.bucket
s3_store = loaders.s3_store
folder_store = loaders.folder_store
store = loaders.store


class FaultyStore:
    """A folder store that can be away, fail in its own way, lose answers to a put, hang, or know no conditions."""

    def __init__(self, inner: LocalFolderStore) -> None:
        self.inner = inner
        self.failure: Exception | None = None
        self.loses_answers = 0
        self.knows_conditions = True
        self.attempts = 0
        self.is_answering = threading.Event()
        self.is_answering.set()

    @property
    def url(self) -> str:
        return self.inner.url

    def be_away(self) -> None:
        self.failure = StoreUnavailableError("the store is away: check the network")

    def be_back(self) -> None:
        self.failure = None

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        self._pass()
        if not self.knows_conditions and (if_match is not None or if_absent):
            raise ConditionUnsupportedError(f"{self.url}/{key}")
        info = self.inner.put(key, data, if_match=if_match, if_absent=if_absent)
        if self.loses_answers:
            self.loses_answers -= 1
            raise StoreUnavailableError("the answer was lost: check the network")
        return info

    def get(self, key: str) -> StoredObject:
        self._pass()
        return self.inner.get(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self._pass()
        return self.inner.get_range(key, start, length)

    def head(self, key: str) -> ObjectInfo | None:
        self._pass()
        return self.inner.head(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self._pass()
        return self.inner.list(prefix)

    def delete(self, key: str) -> None:
        self._pass()
        self.inner.delete(key)

    def _pass(self) -> None:
        self.attempts += 1
        assert self.is_answering.wait(30)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def faulty(folder_store: LocalFolderStore) -> Iterator[FaultyStore]:
    faulty = FaultyStore(folder_store)
    yield faulty
    faulty.is_answering.set()
