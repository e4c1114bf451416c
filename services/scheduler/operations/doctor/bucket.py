"""The bucket as the doctor asks it: once, and not for long. What it answers is told apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError

from scheduler.settings import Settings

__all__ = ["Bucket", "BucketError", "open_bucket"]

_DAYS = 2
_MOST_PAGES = 20


class BucketError(Exception):
    """The bucket cannot be used. `kind` says why: nobody answers, it refuses us, it is not there, something else."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Bucket:
    """The bucket of the executions."""

    def __init__(self, settings: Settings, client: Any) -> None:  # noqa: ANN401 - botocore makes its classes at run time
        self._settings = settings
        self._client = client

    async def keys(self, prefix: str, most: int) -> list[tuple[str, int, datetime]]:
        """Return key, bytes and time of objects, in the order of their keys. Raises BucketError."""
        found: list[tuple[str, int, datetime]] = []
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._settings.s3_bucket, Prefix=prefix, PaginationConfig={"MaxItems": most}
            )
            async for page in pages:
                found += [(each["Key"], each["Size"], each["LastModified"]) for each in page.get("Contents", ())]
        except (BotoCoreError, ClientError) as error:
            raise _told(error, self._settings) from None
        return found

    async def newest(self, workspace: str | None) -> datetime | None:
        """Return when the newest object of yesterday and today was written. Raises BucketError."""
        times: list[datetime] = []
        for root in await self._roots(workspace):
            for day in (datetime.now(UTC) - timedelta(days=back) for back in range(_DAYS)):
                prefix = f"{root}year={day:%Y}/month={day:%m}/day={day:%d}/"
                times += [when for _, _, when in await self.keys(prefix, _MOST_PAGES * 1000)]
                if times:
                    break
        return max(times, default=None)

    async def _roots(self, workspace: str | None) -> list[str]:
        prefix = self._settings.metrics_prefix
        if not self._settings.metrics_by_workspace:
            return [prefix]
        if workspace:
            return [f"{prefix}workspace={workspace}/"]
        try:
            told = await self._client.list_objects_v2(Bucket=self._settings.s3_bucket, Prefix=prefix, Delimiter="/")
        except (BotoCoreError, ClientError) as error:
            raise _told(error, self._settings) from None
        return [each["Prefix"] for each in told.get("CommonPrefixes", ())]


@asynccontextmanager
async def open_bucket(settings: Settings) -> AsyncIterator[Bucket]:
    """Give the bucket of the settings, with no patience: whoever asks waits in front of a terminal."""
    secret = settings.s3_secret_access_key
    config = AioConfig(
        connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
    )
    async with get_session().create_client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=config,
    ) as client:
        yield Bucket(settings, client)


def _told(error: Exception, settings: Settings) -> BucketError:
    where = settings.s3_endpoint or "S3"
    if isinstance(error, NoCredentialsError):
        return BucketError("refused", "there are no credentials: neither in the settings nor where botocore looks")
    if isinstance(error, HTTPClientError):
        return BucketError("away", f"{where} does not answer ({type(error).__name__})")
    if not isinstance(error, ClientError):
        return BucketError("wrong", f"the settings of S3 are not usable: {type(error).__name__}")
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "RequestTimeTooSkewed":
        return BucketError("clock", "S3 refuses the time of our requests: this machine's clock is wrong")
    if status == 404:
        return BucketError("missing", f"{where} has no bucket {settings.s3_bucket} (404 {code})")
    if status in (401, 403):
        return BucketError("refused", f"{where} refuses us: {status} {code}")
    return BucketError("wrong", f"{where} answers {status} {code}")
