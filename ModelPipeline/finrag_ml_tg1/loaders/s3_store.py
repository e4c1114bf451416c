"""The object store on S3 and what speaks its protocol (R2, Spaces, MinIO, moto).

The client is made at the first request, so that importing and configuring cost nothing. Every failure of boto3 leaves
here as an exception of ours, see s3_errors.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.errors import ConditionUnsupportedError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.loaders.aws_errors import status_of
from finrag_ml_tg1.loaders.object_store import (
    ObjectInfo,
    StoredObject,
    check_conditions,
    check_key,
    check_prefix,
    check_range,
    is_key,
)
from finrag_ml_tg1.loaders.s3_body import read_body
from finrag_ml_tg1.loaders.s3_client import connect_to_s3
from finrag_ml_tg1.loaders.s3_errors import FAILURES, are_credentials_refused, explain, not_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["S3Store"]

# botocore repeats requests, but not the reading of an answer that breaks off in the middle.
_READ_ATTEMPTS = 3
# Who reads waits for an answer, perhaps with a question; a large object that was sent may take long to be taken.
_READING_TIMEOUT_S = 5.0
_WRITING_TIMEOUT_S = 30.0


class S3Store:
    """ObjectStore over one bucket below one prefix; safe to share between threads. Close it to give up its sockets."""

    def __init__(self, bucket: str, prefix: str, config: MLConfig) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._config = config
        self._clients: dict[bool, S3Client] = {}
        self._client_lock = threading.Lock()
        self._bucket_seen = False

    @property
    def url(self) -> str:
        """The store's address: `s3://bucket/prefix`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        check_key(key)
        return self._read(key, lambda client: client.get_object(Bucket=self._bucket, Key=self._prefix + key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        check_key(key)
        check_range(key, start, length)
        if length == 0:  # HTTP has no empty range
            return self._read_nothing(key, start)
        span = f"bytes={start}-{start + length - 1}"
        stored = self._read(
            key, lambda client: client.get_object(Bucket=self._bucket, Key=self._prefix + key, Range=span)
        )
        if len(stored.data) != length:
            raise StoreError(f"Cannot read {length} bytes at offset {start} of {key}: got {len(stored.data)}.")
        return stored.data

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist.

        Without the permission s3:ListBucket S3 answers 403 for a missing key: a StoreUnavailableError that says so.
        """
        check_key(key)
        try:
            with self._explained("HeadObject", key) as client:
                answer = client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ObjectNotFoundError:
            self._require_bucket()
            return None
        return ObjectInfo(key, answer["ContentLength"], self._etag(answer, key))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key; names that are no keys are left out."""
        check_prefix(prefix)
        with self._explained("ListObjectsV2", prefix) as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
            for page in pages:
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self._prefix)
                    if is_key(key):
                        yield ObjectInfo(key, item["Size"], item["ETag"])

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all; see ObjectStore.put.

        Raises ConditionUnsupportedError when the service says that it knows no conditions. One that knows none and does
        not say so cannot be told by one put: writers of an index try it, see index/marks.py.
        """
        check_key(key)
        check_conditions(if_match, if_absent)
        name = self._prefix + key
        # The one checksum that every S3 service verifies before it stores an object: it refuses what arrived altered.
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        with self._explained("PutObject", key, is_writing=True) as client:
            put = partial(client.put_object, Bucket=self._bucket, Key=name, Body=data, ContentMD5=md5)
            try:
                if if_match is not None:
                    answer = put(IfMatch=if_match)
                elif if_absent:
                    answer = put(IfNoneMatch="*")
                else:
                    answer = put()
            except ClientError as error:
                if status_of(error) == 501 and (if_match is not None or if_absent):
                    raise ConditionUnsupportedError(f"{self.url}/{key}") from error
                return self._own_version(key, data, error)
        return ObjectInfo(key, len(data), self._etag(answer, key))

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        check_key(key)
        with self._explained("DeleteObject", key) as client:
            client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._client_lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _read(self, key: str, request: Callable[[S3Client], GetObjectOutputTypeDef]) -> StoredObject:
        for attempt in range(1, _READ_ATTEMPTS + 1):
            with self._explained("GetObject", key) as client:
                answer = request(client)
                try:
                    return StoredObject(read_body(answer["Body"]), self._etag(answer, key))
                except HTTPError:
                    if attempt == _READ_ATTEMPTS:
                        raise
        raise AssertionError("the last attempt returns or raises")

    def _read_nothing(self, key: str, start: int) -> bytes:
        info = self.head(key)
        if info is None:
            raise ObjectNotFoundError(f"{key} does not exist in {self.url}.")
        if start > info.size:
            raise StoreError(f"Cannot read 0 bytes at offset {start} of {key}: it has {info.size} bytes.")
        return b""

    def _own_version(self, key: str, data: bytes, error: ClientError) -> ObjectInfo:
        """Return the object if the lost condition is our own doing, otherwise raise `error`.

        When the answer to a put is lost, botocore repeats it, and the repetition finds the version the first one wrote.
        """
        repeated = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        if not repeated or status_of(error) != 412:
            raise error
        current = self.get(key)
        if current.data != data:
            raise error
        return ObjectInfo(key, len(data), current.etag)

    def _require_bucket(self) -> None:
        """Raise StoreUnavailableError if there is no bucket, which a HEAD of a key cannot tell from a missing key."""
        if self._bucket_seen:
            return
        with self._explained("ListObjectsV2", "") as client:
            try:
                client.list_objects_v2(Bucket=self._bucket, MaxKeys=1)
            except ClientError as error:
                if status_of(error) != 403:  # which says that the bucket exists
                    raise
        self._bucket_seen = True

    def _etag(self, answer: Mapping[str, Any], key: str) -> str:
        """Return the object's version; raises StoreUnavailableError for an answer without one: S3 always names it."""
        etag = answer.get("ETag")
        if not etag:
            raise not_s3(f"{self.url}/{key}", self._config.aws_endpoint_url_s3)
        return str(etag)

    @contextmanager
    def _explained(self, operation: str, key: str, *, is_writing: bool = False) -> Iterator[S3Client]:
        try:
            yield self._connected(is_writing)
        except FAILURES as error:
            if are_credentials_refused(error):
                self.close()  # so that the next request looks for credentials anew: a profile's may have been renewed
            address = f"{self.url}/{key}"
            raise explain(error, operation, address, self._config.aws_endpoint_url_s3) from error

    def _connected(self, is_writing: bool) -> S3Client:
        with self._client_lock:
            if is_writing not in self._clients:
                timeout_s = _WRITING_TIMEOUT_S if is_writing else _READING_TIMEOUT_S
                self._clients[is_writing] = connect_to_s3(self._config, self._bucket, timeout_s)
            return self._clients[is_writing]
