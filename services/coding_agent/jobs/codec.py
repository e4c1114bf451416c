"""Records as JSON: the same text in every store.

Fields that a record does not name get their defaults, and names that are not known are passed over: while a new version
is rolled out, replicas of both read each other's records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import Job, JobError, JobRequest, JobStatus, PullRequestType, Stage, TestOutcome
from coding_agent.jobs.record import Record

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["decode_record", "encode_record"]

_TIMES = ("created_at", "updated_at", "started_at", "ended_at")


def encode_record(record: Record) -> str:
    """Return the record as JSON in ASCII: text of people, lone surrogates too, comes back as it was."""
    return json.dumps(_plain(record), ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_other)


def decode_record(text: str | bytes) -> Record:
    """Return the record that `encode_record` wrote."""
    raw = _known(Record, json.loads(text))
    return Record(**{**raw, "job": _job(raw["job"])})


def _plain(value: DataclassInstance) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _other(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(value)
    raise TypeError(f"not a value of a job: {type(value).__name__}")


def _known(kind: type[Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in raw.items() if name in names}


def _job(raw: Mapping[str, Any]) -> Job:
    values = _known(Job, raw)
    values["request"] = _request(values["request"])
    values["status"] = JobStatus(values["status"])
    for name in _TIMES:
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    if values.get("stage") is not None:
        values["stage"] = Stage(values["stage"])
    if values.get("tests") is not None:
        tests = _known(TestOutcome, values["tests"])
        values["tests"] = TestOutcome(**{**tests, "command": tuple(tests["command"])})
    if values.get("error") is not None:
        values["error"] = JobError(**_known(JobError, values["error"]))
    return Job(**values)


def _request(raw: Mapping[str, Any]) -> JobRequest:
    values = _known(JobRequest, raw)
    values["issue"] = IssueRef(**_known(IssueRef, values["issue"]))
    values["pr_type"] = PullRequestType(values["pr_type"])
    return JobRequest(**values)
