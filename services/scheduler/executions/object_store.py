"""The S3-compatible store of executions; what goes wrong is told with what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from scheduler.errors import HistoryUnavailableError
from scheduler.settings import Settings

__all__ = ["ObjectStore", "StoredObject"]

_CONNECT_S = 5.0
_READ_S = 20.0
_CHUNK = 1 << 16
_BAD_KEY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "403"})


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it; another `etag` means another content."""

    key: str
    size: int
    etag: str
    modified: datetime


class ObjectStore:
    """The bucket of executions. Every method raises HistoryUnavailableError where S3 is away or refuses.

    Nothing is tried again in here: whoever asks knows how long it may wait.
    """

    def __init__(self, client: Any, settings: Settings) -> None:  # noqa: ANN401 - botocore makes its classes at runtime
        self._client = client
        self._bucket = settings.s3_bucket
        self._endpoint = settings.s3_endpoint or "AWS"

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[ObjectStore]:
        """Connect lazily: S3 may be away."""
        secret = settings.s3_secret_access_key
        config = AioConfig(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            # What is S3-compatible does not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        async with get_session().create_client(
            "s3",
            endpoint_url=settings.s3_endpoint,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key_id,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            config=config,
        ) as client:
            yield cls(client, settings)

    async def put(self, key: str, body: bytes, *, content_type: str = "application/json") -> None:
        """Keep an object; it replaces one of the same key."""
        with self._told():
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    async def fetch(self, key: str, path: Path) -> bool:
        """Write an object to a file, piece by piece; return whether there was one."""
        with self._told():
            try:
                answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _code(error) == "NoSuchKey":
                    return False
                raise
            async with answer["Body"] as body:
                with path.open("wb") as file:
                    async for part in body.iter_chunks(_CHUNK):
                        file.write(part)
            return True

    async def objects(self, prefix: str) -> Sequence[StoredObject]:
        """Return all objects whose keys begin with the prefix, by key."""
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [
                StoredObject(found["Key"], found["Size"], found["ETag"], found["LastModified"])
                async for page in pages
                for found in page.get("Contents", ())
            ]

    async def folders(self, prefix: str) -> Sequence[str]:
        """Return the folders right below a prefix, each with its slash."""
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            return [found["Prefix"] async for page in pages for found in page.get("CommonPrefixes", ())]

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; what is gone already is no error. One by one: not every store has the request for many."""
        with self._told():
            for key in keys:
                await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def check(self) -> None:
        """Return if the bucket can be listed."""
        with self._told():
            await self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise HistoryUnavailableError(self._refusal(error)) from None
        except NoCredentialsError:
            raise HistoryUnavailableError(
                "There are no credentials for S3: set SCHEDULER_S3_ACCESS_KEY_ID and SCHEDULER_S3_SECRET_ACCESS_KEY"
            ) from None
        except (BotoCoreError, OSError, TimeoutError) as error:
            raise HistoryUnavailableError(
                f"S3 ({self._endpoint}) does not answer ({type(error).__name__}): "
                "check SCHEDULER_S3_ENDPOINT and the network"
            ) from None

    def _refusal(self, error: ClientError) -> str:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = _code(error)
        if code == "NoSuchBucket" or status == 404:
            return f"S3 has no bucket {self._bucket} (404): create it, or correct SCHEDULER_S3_BUCKET"
        if code in _BAD_KEY:
            return (
                f"S3 refuses the access key (403 {code}): check SCHEDULER_S3_ACCESS_KEY_ID and "
                "SCHEDULER_S3_SECRET_ACCESS_KEY"
            )
        if status == 403:
            return f"The access key may not use the bucket {self._bucket} (403 {code}): give it the right to"
        return f"S3 ({self._endpoint}) answered {status} {code}"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
