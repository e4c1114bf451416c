"""How this machine reaches AWS, and what is told when it does not."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

__all__ = ["CLIENT", "aws_words", "open_session"]

# A command at a terminal gives up soon; boto3 alone would try for minutes.
CLIENT = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 2})


def open_session(region: str | None = None) -> boto3.session.Session:
    """Return a session with credentials found as every AWS tool finds them. Raises BotoCoreError without any."""
    session = boto3.session.Session(region_name=region)
    if session.get_credentials() is None:
        raise NoCredentialsError
    if session.region_name is None:
        raise NoRegionError
    return session


def aws_words(error: ClientError | BotoCoreError) -> str:
    """Return in a line what AWS refused, or why it was not asked."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {told.get('Code', 'unknown')}: {_line(told.get('Message', ''))}"
    if isinstance(error, (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)):
        return f"AWS credentials: {_line(str(error))}; set AWS_PROFILE, or run aws sso login"
    if isinstance(error, NoRegionError):
        return "AWS region: none is set; set AWS_REGION or give --region"
    return f"AWS was not reached: {_line(str(error))}"


def _line(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")
