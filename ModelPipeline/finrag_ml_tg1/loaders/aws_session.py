"""The one way into AWS and services that speak as it does: boto3 with the credentials of the settings."""

from __future__ import annotations

import boto3.session
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["open_session"]


def open_session(config: MLConfig) -> boto3.session.Session:
    """Return a session with the settings' credentials, or with boto3's own search for them when there are none."""
    return boto3.session.Session(
        aws_access_key_id=_revealed(config.aws_access_key_id),
        aws_secret_access_key=_revealed(config.aws_secret_access_key),
        aws_session_token=_revealed(config.aws_session_token),
        region_name=config.aws_region,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
