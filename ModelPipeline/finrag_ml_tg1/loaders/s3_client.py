"""The connection to a bucket: boto3's client, set up so that every service which speaks S3 understands it.

Services show their address in three ways: alone, with the bucket as its first name, or with the bucket as its path.
All three are taken. A bucket that stands in the host already is left there, which also reaches services that know no
other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from botocore.config import Config

from finrag_ml_tg1.loaders.aws_session import open_session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["S3Endpoint", "connect_to_s3", "s3_endpoint"]


@dataclass(frozen=True, slots=True)
class S3Endpoint:
    """What boto3 is given: the address without the bucket, None for AWS, and its `addressing_style`."""

    url: str | None
    style: Literal["auto", "path", "virtual"]


def s3_endpoint(url: str | None, bucket: str) -> S3Endpoint:
    """Return how `bucket` is reached at the configured address."""
    if url is None:
        return S3Endpoint(None, "auto")
    parts = urlsplit(url)
    if parts.path.strip("/") == bucket:
        parts = parts._replace(path="")
    rest = parts.netloc.removeprefix(f"{bucket}.")
    if rest != parts.netloc and "." in rest:
        return S3Endpoint(urlunsplit(parts._replace(netloc=rest)), "virtual")
    # At a bare host no service has buckets as subdomains for certain.
    return S3Endpoint(urlunsplit(parts), "path")


def connect_to_s3(
    config: MLConfig, bucket: str, timeout_s: float, *, connect_timeout_s: float = 4, attempts: int = 3
) -> S3Client:
    """Return a client for `bucket` with the settings' credentials; an answer is waited for `timeout_s` seconds."""
    endpoint = s3_endpoint(config.aws_endpoint_url_s3, bucket)
    return open_session(config).client(
        "s3",
        endpoint_url=endpoint.url,
        config=Config(
            connect_timeout=connect_timeout_s,
            read_timeout=timeout_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            # Eight files each for two questions and for a version that is loaded beside them, and four blocks: what
            # comes back to a full pool is closed, with a warning.
            max_pool_connections=32,
            # Other S3 services do not know AWS's newer checksum headers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": endpoint.style},
        ),
    )
