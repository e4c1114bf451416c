"""What a failure of boto3 means for the person who reads it: our exceptions, with the bucket and what to check.

Nothing of the request is repeated except its address: headers hold credentials.
"""

from __future__ import annotations

from http.client import HTTPException

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders.s3_body import StalledBodyError

__all__ = ["FAILURES", "are_credentials_refused", "explain", "not_s3", "status_of"]

# What a request can end with. An error's body is read, and an answer's fields are, where botocore explains nothing:
# what is wrong there comes as it is.
FAILURES = (
    ClientError,
    BotoCoreError,
    ResponseParserError,
    StalledBodyError,
    HTTPError,
    HTTPException,
    OSError,
    ValueError,
)

_RENEWED = (
    "those of a profile or a role are looked up again by themselves, those of environment variables or "
    ".aws_secrets need a restart"
)
_REMEDIES = {
    "AuthorizationHeaderMalformed": "check AWS_REGION",
    "ExpiredToken": f"the credentials have expired: renew AWS_SESSION_TOKEN and the keys that belong to it; {_RENEWED}",
    "IllegalLocationConstraintException": "check AWS_REGION",
    "InvalidAccessKeyId": "check AWS_ACCESS_KEY_ID",
    "InvalidToken": "check AWS_SESSION_TOKEN and the keys that belong to it",
    "NoSuchBucket": "there is no such bucket: check FINRAG_STORE",
    "PermanentRedirect": "the bucket is in another region: check AWS_REGION",
    "RequestTimeTooSkewed": "set this machine's clock",
    "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY",
    "SlowDown": "too many requests: try again later",
}
_DENIED = (
    "check the credentials and the bucket's policy (s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket); "
    "without s3:ListBucket S3 answers 403 for a missing key too"
)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    TokenRetrievalError,
)
_REFUSED_CREDENTIALS = {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}


def status_of(error: ClientError) -> int:
    """Return the HTTP status S3 answered with, 0 when it gave none."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def are_credentials_refused(error: Exception) -> bool:
    """Return whether other credentials may be accepted, or found at all."""
    if isinstance(error, ClientError):
        # The answer to HEAD has no body that would name the code.
        return _code(error) in _REFUSED_CREDENTIALS or (
            status_of(error) == 400 and error.operation_name == "HeadObject"
        )
    return isinstance(error, _NO_CREDENTIALS)


def not_s3(address: str, endpoint: str | None) -> StoreUnavailableError:
    """Return the error that something else than an S3 service answers."""
    at = f" at {endpoint}" if endpoint else ""
    return StoreUnavailableError(
        f"{address}{at}: what answers is no S3 service, it names no ETag: check the network (a proxy, a sign-in page) "
        "and AWS_ENDPOINT_URL_S3."
    )


def explain(error: Exception, operation: str, address: str, endpoint: str | None) -> StoreError:
    """Return the exception to raise for one of FAILURES; `address` is `s3://bucket/key`, `endpoint` the configured one.

    Only what the service said may mean that the store is there and the object is wrong; all else is an outage.
    """
    if isinstance(error, ClientError):
        return _explain_answer(error, operation, address)
    if isinstance(error, _NO_CREDENTIALS):
        return StoreUnavailableError(
            f"No usable AWS credentials for {address}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or check AWS_PROFILE."
        )
    at = f" at {endpoint}" if endpoint else ""
    check = "the network and AWS_ENDPOINT_URL_S3" if endpoint else "the network and AWS_REGION"
    return StoreUnavailableError(f"{address}{at} cannot be reached ({type(error).__name__}): check {check}.")


def _explain_answer(error: ClientError, operation: str, address: str) -> StoreError:
    code, status = _code(error), status_of(error)
    said = f"{status} {code}".strip() if code != str(status) else code
    answered = f"{address}: S3 refused {operation} with {said}"
    if code in _REMEDIES:
        return StoreUnavailableError(f"{answered}: {_REMEDIES[code]}.")
    # A put that must match a version gets 404 when there is none, 409 when another put is being served.
    if status == 412 or code == "ConditionalRequestConflict" or (operation == "PutObject" and code == "NoSuchKey"):
        return PreconditionFailedError(f"{address} was written or removed by another writer: read it again.")
    if status == 404:
        return ObjectNotFoundError(f"{address} does not exist.")
    return _explain_status(status, operation, address, answered)


def _explain_status(status: int, operation: str, address: str, answered: str) -> StoreError:
    if status == 416:
        return StoreError(f"The range asked of {address} starts after its end.")
    if status in {401, 403}:
        return StoreUnavailableError(f"{answered}: {_DENIED}.")
    if operation == "HeadObject" and status in {301, 400}:  # the answer to HEAD has no body that would say more
        return StoreUnavailableError(f"{answered}: check AWS_REGION and AWS_SESSION_TOKEN.")
    if status >= 500:
        return StoreUnavailableError(f"{answered}: the service has a fault; try again later.")
    return StoreError(f"{answered}.")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
