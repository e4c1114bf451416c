"""Checks of the store by really asking it: reading, its speed, writing, and which permission is missing."""

from __future__ import annotations

import secrets
import statistics
import time
from pathlib import Path

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError
from finrag_ml_tg1.index.manifest import CURRENT_KEY
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.s3_access import Answer, S3Access

__all__ = ["check_folder_reading", "check_folder_writing", "check_s3_reading", "check_s3_writing", "not_written"]

_READS = 5
_SLOW_MS = 500.0
_PROBE_FOLDER = "logs/doctor"  # where logs may be written, a probe may: a policy often allows nothing else
_READ_ONLY = (
    "reading works; the query log and feedback cannot be kept, and `finrag index` and `publish` cannot write",
    "if that is not meant: allow {actions} below the store's prefix",
)


def check_folder_reading(store: ObjectStore) -> Finding:
    """Look whether the folder can be read, and how fast."""
    if not Path(store.url).is_dir():
        return warning(f"{store.url} is no folder yet", "check FINRAG_STORE, or begin with `finrag ingest FOLDER`")
    times = []
    for _ in range(_READS):
        began = time.perf_counter()
        try:
            store.get(CURRENT_KEY)
        except ObjectNotFoundError:
            next(iter(store.list("")), None)
        times.append(1000 * (time.perf_counter() - began))
    return _with_speed(store.url, times)


def check_s3_reading(access: S3Access, url: str, *, needs_listing: bool = True) -> Finding:
    """Look whether the bucket can be listed and read, and how fast; a back end alone needs no listing."""
    listed = access.list("")
    if listed.error is not None and not listed.is_denied:
        return failed(str(listed.error))
    reads = [access.get(CURRENT_KEY)]
    if reads[0].error is not None and not reads[0].is_missing:
        return _unread(reads[0], listed, needs_listing=needs_listing)
    reads += [access.get(CURRENT_KEY) for _ in range(_READS - 1)]
    finding = _with_speed(url, [answer.ms for answer in reads])
    if listed.is_denied and needs_listing:
        return warning(
            f"{finding.found}; s3:ListBucket is denied",
            "allow s3:ListBucket on the bucket: without it S3 answers 403 for a missing object, and past usage, "
            "`finrag index` and `publish` cannot be read",
        )
    if access.bucket_region and access.region not in {None, "auto", access.bucket_region}:
        return warning(
            f"{finding.found}; the bucket is in {access.bucket_region}, not in {access.region}",
            f"set AWS_REGION={access.bucket_region}: requests make a detour, or are refused",
        )
    return finding


def check_s3_writing(access: S3Access) -> Finding:
    """Write an object of its own under the conditions that builds rely on, and remove it."""
    key = f"{_PROBE_FOLDER}/{secrets.token_hex(8)}"
    first = access.put(key, b"finrag doctor, first\n")
    if first.error is not None:
        return _unwritten([first])
    again = access.put(key, b"finrag doctor, again\n")
    over = access.put(key, b"finrag doctor, over it\n", if_match=first.etag)
    deleted = access.delete(key)
    left = (f"remove {key}, which the probe could not",) if deleted.error is not None else ()
    if again.error is None:
        return failed(
            "conditional puts are not kept: an object that must not be there yet was written over",
            "use another S3 service: with this one two builds at once can damage the index",
            *left,
        )
    refused = [answer for answer in (over, deleted) if answer.error is not None]
    if refused:
        return _unwritten(refused, *left)
    return ok(f"put if absent, put if unchanged and delete work below {_PROBE_FOLDER}/")


def check_folder_writing(store: ObjectStore) -> Finding:
    """Write an object of its own to the folder under conditions, and remove it."""
    key = f"{_PROBE_FOLDER}/{secrets.token_hex(8)}"
    written = store.put(key, b"finrag doctor\n", if_absent=True)
    try:
        store.put(key, b"finrag doctor, over it\n", if_match=written.etag)
        store.put(key, b"finrag doctor, again\n", if_absent=True)
    except PreconditionFailedError:
        return ok(f"put if absent, put if unchanged and delete work below {_PROBE_FOLDER}/")
    finally:
        store.delete(key)
    return failed("conditional puts are not kept", "use a local file system: locks do not work on this one")


def not_written() -> Finding:
    """Return that writing was not tried."""
    return skipped("not tried", "`finrag doctor --write` puts an object of its own below logs/doctor/ and removes it")


def _with_speed(url: str, times_ms: list[float]) -> Finding:
    median = statistics.median(times_ms)
    found = f"{url} answers; a read takes {median:.0f} ms (median of {len(times_ms)})"
    if median > _SLOW_MS:
        return warning(found, "put bucket and pod into the same region: each first question about a company reads once")
    return ok(found)


def _unread(read: Answer, listed: Answer, *, needs_listing: bool) -> Finding:
    if not read.is_denied:
        return failed(str(read.error))
    if listed.is_denied and not needs_listing:
        return failed(
            f"s3:GetObject is denied ({CURRENT_KEY}), or there is no index: without s3:ListBucket both are a 403",
            "publish an index (`finrag publish --to`), and allow s3:GetObject below index/ of the store's prefix",
        )
    if listed.is_denied:
        return failed(
            f"s3:ListBucket and s3:GetObject are denied ({CURRENT_KEY})",
            "allow s3:ListBucket on the bucket and s3:GetObject below the store's prefix for these credentials",
        )
    return failed(
        f"s3:GetObject is denied ({CURRENT_KEY})",
        "allow s3:GetObject below the store's prefix for these credentials",
    )


def _unwritten(refused: list[Answer], *left: str) -> Finding:
    if any(not answer.is_denied for answer in refused):
        return failed(*(str(answer.error) for answer in refused if not answer.is_denied), *left)
    actions = ", ".join(dict.fromkeys(answer.action for answer in refused))
    return warning(f"{actions} denied", *(line.format(actions=actions) for line in _READ_ONLY), *left)
