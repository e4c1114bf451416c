"""What all services reached through boto3 have in common when they fail: no answer, no credentials, expired ones."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

__all__ = ["EXPIRED", "code_of", "is_without_credentials", "no_credentials", "status_of", "unreachable"]

EXPIRED = "the credentials have expired: renew AWS_SESSION_TOKEN and the keys that belong to it"
_WITHOUT_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    TokenRetrievalError,
)


def code_of(error: ClientError) -> str:
    """Return what the service calls the failure, "" when it gave it no name."""
    return error.response.get("Error", {}).get("Code", "")


def status_of(error: ClientError) -> int:
    """Return the HTTP status the service answered with, 0 when it gave none."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def is_without_credentials(error: Exception) -> bool:
    """Return whether boto3 found no credentials, or could not fetch them."""
    return isinstance(error, _WITHOUT_CREDENTIALS)


def no_credentials(address: str) -> str:
    """Return what to say when there are no credentials for an address."""
    return (
        f"No usable AWS credentials for {address}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or check AWS_PROFILE."
    )


def unreachable(error: Exception, address: str, endpoint: str | None, variable: str) -> str:
    """Return what to say when nothing that can be used came back; `variable` sets the endpoint where one is set."""
    at = f" at {endpoint}" if endpoint else ""
    check = f"the network and {variable if endpoint else 'AWS_REGION'}"
    return f"{address}{at} cannot be reached ({type(error).__name__}): check {check}."
