"""Static files put into a bucket behind a content delivery network, which is then told what it must not keep any more.

What has not changed is not put again. Permanent files are never removed: a page that a browser still shows names them.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.s3_errors import FAILURES, explain
from finrag_ml_tg1.operations.edge.static_files import PERMANENT, StaticFile, cache_control

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["EdgeBucket", "EdgePlan", "Invalidations", "invalidate", "invalidated_paths", "plan"]

T = TypeVar("T")

# CloudFront counts each path, a wildcard as one; the first 1,000 of a month are free (its documentation).
_MOST_PATHS = 30


class Invalidations(Protocol):
    """The one call of CloudFront's client that is needed."""

    def create_invalidation(self, *, DistributionId: str, InvalidationBatch: Mapping[str, Any]) -> object:  # noqa: N803
        """Have the network forget paths."""


class EdgeBucket:
    """The place in a bucket that the network reads from; every failure leaves here as an exception of ours."""

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""

    def etags(self) -> dict[str, str]:
        """Return what is there, by key below the prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self.prefix)
        return self._calling(
            "ListObjectsV2",
            "",
            lambda: {
                str(entry["Key"]).removeprefix(self.prefix): str(entry["ETag"]).strip('"')
                for page in pages
                for entry in page.get("Contents", ())
            },
        )

    def put(self, file: StaticFile) -> None:
        """Put a file with its headers; S3 refuses a body that is not what was sent."""
        self._calling(
            "PutObject",
            file.key,
            lambda: self._client.put_object(
                Bucket=self._bucket,
                Key=self.prefix + file.key,
                Body=file.content,
                ContentType=file.content_type,
                CacheControl=file.cache_control,
                ContentMD5=base64.b64encode(bytes.fromhex(file.etag)).decode(),
            ),
        )

    def remove(self, key: str) -> None:
        """Remove a file."""
        self._calling(
            "DeleteObject", key, lambda: self._client.delete_object(Bucket=self._bucket, Key=self.prefix + key)
        )

    def _calling(self, operation: str, key: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except FAILURES as error:
            address = f"s3://{self._bucket}/{self.prefix}{key}"
            raise explain(error, operation, address, self._client.meta.endpoint_url) from error


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """What is to be put, in this order, what is to be removed, and what the network must forget."""

    puts: tuple[StaticFile, ...]
    removals: tuple[str, ...]
    forgotten: tuple[str, ...]


def plan(files: Sequence[StaticFile], present: Mapping[str, str], *, prunes: bool) -> EdgePlan:
    """Return how a folder differs from what is there, by key and ETag; with `prunes` what is gone goes."""
    puts = tuple(file for file in files if present.get(file.key) != file.etag)
    kept = {file.key for file in files}
    gone = (key for key in sorted(present) if key not in kept and cache_control(key) != PERMANENT)
    removals = tuple(gone) if prunes else ()
    changed = [file.key for file in puts if file.key in present and not file.is_permanent]
    return EdgePlan(puts, removals, tuple(sorted((*changed, *removals))))


def invalidated_paths(prefix: str, keys: Sequence[str]) -> list[str]:
    """Return the paths to forget, with a folder's own beside its index page's; one wildcard for many."""
    paths = {f"/{quote(prefix + key)}" for key in keys}
    paths |= {path.removesuffix("index.html") for path in paths if path.endswith("/index.html")}
    return sorted(paths) if len(paths) <= _MOST_PATHS else [f"/{quote(prefix)}*"]


def invalidate(client: Invalidations, distribution: str, paths: Sequence[str]) -> None:
    """Have CloudFront forget the paths; raises StoreError that names them.

    What was put is there all the same, so that a second run finds nothing to forget.
    """
    batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": secrets.token_hex(16)}
    try:
        client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    except FAILURES as error:
        reason = explain(error, "CreateInvalidation", f"distribution {distribution}", None)
        raise StoreError(
            f"{reason} The bucket has the new files; the network keeps the old ones up to a day unless it is told: "
            f"aws cloudfront create-invalidation --distribution-id ID --paths {' '.join(paths)}"
        ) from error
