"""Jobs in the store: one small object each, written by its owner under the version it wrote before."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from finrag_ml_tg1.errors import ObjectNotFoundError, StoreError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.indexer.schemas import Job

__all__ = ["JOB_ID", "JobRecords", "StoredJob", "new_job_id", "result_key"]

JOB_ID = r"^[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}$"

_FOLDER = "jobs/"
_RECORD = ".json"
_BY_KEY = "jobs-by-idempotency-key/"


def new_job_id(now: datetime) -> str:
    """Return an id no other job has; ids sort by the time of the request."""
    return f"{now:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"


def result_key(job_id: str) -> str:
    """Return where the whole result of a job is kept."""
    return f"{_FOLDER}{job_id}/result.json"


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as it was read or written, with the version that a later writer has to name."""

    job: Job
    etag: str


class JobRecords:
    """The jobs of a store. A lost condition is a PreconditionFailedError: somebody else wrote the record."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def read(self, job_id: str) -> StoredJob | None:
        """Return a job; None when there is none with this id."""
        try:
            found = self._store.get(_record_key(job_id))
            return StoredJob(Job.model_validate_json(found.data), found.etag)
        except ObjectNotFoundError:
            return None
        except ValidationError as error:
            raise StoreError(f"{_record_key(job_id)} is no record of a job: delete it") from error

    def create(self, job: Job) -> StoredJob:
        """Write the first record of a job."""
        return StoredJob(job, self._store.put(_record_key(job.job_id), _data(job), if_absent=True).etag)

    def replace(self, before: StoredJob, job: Job) -> StoredJob:
        """Write the next record of a job, if nobody else has."""
        return StoredJob(job, self._store.put(_record_key(job.job_id), _data(job), if_match=before.etag).etag)

    def write_result(self, job_id: str, data: bytes) -> str:
        """Write the whole result of a job; return its key."""
        key = result_key(job_id)
        self._store.put(key, data)
        return key

    def ids(self) -> Iterator[str]:
        """Yield the ids of all jobs, oldest first."""
        for entry in self._store.list(_FOLDER):
            name = entry.key.removeprefix(_FOLDER)
            if "/" not in name and name.endswith(_RECORD):
                yield name.removesuffix(_RECORD)

    def find_by_key(self, idempotency_key: str) -> str | None:
        """Return the id of the job that was posted with this key; None when none was."""
        try:
            return self._store.get(_key_object(idempotency_key)).data.decode()
        except ObjectNotFoundError:
            return None

    def remember_key(self, idempotency_key: str, job_id: str) -> None:
        """Have `find_by_key` return this job."""
        self._store.put(_key_object(idempotency_key), job_id.encode())


def _record_key(job_id: str) -> str:
    return f"{_FOLDER}{job_id}{_RECORD}"


def _key_object(idempotency_key: str) -> str:
    return f"{_BY_KEY}{hashlib.sha256(idempotency_key.encode()).hexdigest()}"


def _data(job: Job) -> bytes:
    return job.model_dump_json(indent=1).encode()
