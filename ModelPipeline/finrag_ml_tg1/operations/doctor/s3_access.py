"""What S3 lets these credentials do, tried action by action with single short requests.

A store's own client is patient and repeats itself, and tells one failure from another only as far as a reader needs it;
here every action is named as a policy names it, and the service's clock is noted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreError
from finrag_ml_tg1.loaders.aws_errors import status_of
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.s3_client import connect_to_s3
from finrag_ml_tg1.loaders.s3_errors import explain

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Answer", "S3Access"]

_DENIED = frozenset({401, 403})
# 403 too, but for another reason than a policy.
_UNFIT = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How an action went: None for well, otherwise the error; `is_denied` when a policy forbids the action."""

    action: str
    ms: float
    error: StoreError | None = None
    is_denied: bool = False
    etag: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the action is allowed and the object is not there."""
        return isinstance(self.error, ObjectNotFoundError)

    @property
    def is_lost_condition(self) -> bool:
        """Whether the action is allowed and its condition did not hold."""
        return isinstance(self.error, PreconditionFailedError)


class S3Access:
    """One bucket below one prefix. `skew_s` is how far this machine's clock is ahead of the service's, once known."""

    def __init__(self, bucket: str, prefix: str, config: MLConfig) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._config = config
        self.skew_s: float | None = None
        self.bucket_region: str | None = None

    @cached_property
    def _client(self) -> S3Client:
        return connect_to_s3(self._config, self._bucket, 4, connect_timeout_s=3, attempts=1)

    @property
    def region(self) -> str | None:
        """The region requests are signed for."""
        return self._client.meta.region_name

    def list(self, prefix: str) -> Answer:
        """Try to list one object."""
        return self._tried(
            "s3:ListBucket",
            "ListObjectsV2",
            prefix,
            lambda name: self._client.list_objects_v2(Bucket=self._bucket, Prefix=name, MaxKeys=1),
        )

    def get(self, key: str) -> Answer:
        """Try to read an object whole."""

        def read(name: str) -> Mapping[str, Any]:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
            answer["Body"].read()
            return answer

        return self._tried("s3:GetObject", "GetObject", key, read)

    def put(self, key: str, data: bytes, *, if_match: str | None = None) -> Answer:
        """Try to write an object: over the version `if_match`, without it where there is none."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_match is None else {"IfMatch": if_match}
        return self._tried(
            "s3:PutObject",
            "PutObject",
            key,
            lambda name: self._client.put_object(Bucket=self._bucket, Key=name, Body=data, **condition),
        )

    def delete(self, key: str) -> Answer:
        """Try to remove an object."""
        return self._tried(
            "s3:DeleteObject",
            "DeleteObject",
            key,
            lambda name: self._client.delete_object(Bucket=self._bucket, Key=name),
        )

    def _tried(self, action: str, operation: str, key: str, request: Callable[[str], Mapping[str, Any]]) -> Answer:
        began, asked_at = time.perf_counter(), datetime.now(UTC)
        try:
            answer = request(self._prefix + key)
        except (ClientError, BotoCoreError) as error:
            ms = 1000 * (time.perf_counter() - began)
            is_denied = False
            if isinstance(error, ClientError):
                self._note(error.response, asked_at)
                code = error.response.get("Error", {}).get("Code", "")
                is_denied = status_of(error) in _DENIED and code not in _UNFIT
            address = f"s3://{self._bucket}/{self._prefix}{key}"
            return Answer(action, ms, explain(error, operation, address, self._config.aws_endpoint_url_s3), is_denied)
        self._note(answer, asked_at)
        return Answer(action, 1000 * (time.perf_counter() - began), etag=answer.get("ETag", ""))

    def _note(self, answer: Mapping[str, Any], asked_at: datetime) -> None:
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        self.bucket_region = headers.get("x-amz-bucket-region", self.bucket_region)
        try:
            said = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:  # the service says no time, or none that can be read
            return
        if said.tzinfo is None:
            return
        middle = asked_at + (datetime.now(UTC) - asked_at) / 2
        self.skew_s = (middle - said).total_seconds() - 0.5  # a header has whole seconds, rounded down
