"""What a failure of boto3 means for the person who reads it: our exceptions, with the bucket and what to check.

Nothing of the request is repeated except its address: headers hold credentials.
"""

from __future__ import annotations

from http.client import HTTPException

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreDeniedError,
    StoreError,
    StoreUnavailableError,
)
from finrag_ml_tg1.loaders.aws_errors import (
    EXPIRED,
    code_of,
    is_without_credentials,
    no_credentials,
    status_of,
    unreachable,
)
from finrag_ml_tg1.loaders.s3_body import StalledBodyError

__all__ = ["FAILURES", "are_credentials_refused", "explain", "not_s3"]

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

_REMEDIES = {
    "AuthorizationHeaderMalformed": "check AWS_REGION",
    "ExpiredToken": f"{EXPIRED}; those of a profile or a role are looked up again by themselves, those of environment "
    "variables or .aws_secrets need a restart",
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
_REFUSED_CREDENTIALS = {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}


def are_credentials_refused(error: Exception) -> bool:
    """Return whether other credentials may be accepted, or found at all."""
    if isinstance(error, ClientError):
        # The answer to HEAD has no body that would name the code.
        return code_of(error) in _REFUSED_CREDENTIALS or (
            status_of(error) == 400 and error.operation_name == "HeadObject"
        )
    return is_without_credentials(error)


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
    if is_without_credentials(error):
        return StoreUnavailableError(no_credentials(address))
    return StoreUnavailableError(unreachable(error, address, endpoint, "AWS_ENDPOINT_URL_S3"))


def _explain_answer(error: ClientError, operation: str, address: str) -> StoreError:
    code, status = code_of(error), status_of(error)
    said = f"{status} {code}".strip() if code != str(status) else code
    answered = f"{address}: S3 refused {operation} with {said}"
    if code in _REMEDIES:
        return StoreUnavailableError(f"{answered}: {_REMEDIES[code]}.")
    # A put that must match a version gets 404 when there is none, 409 when another put is being served.
    if status == 412 or code == "ConditionalRequestConflict" or (operation == "PutObject" and code == "NoSuchKey"):
        return PreconditionFailedError(f"{address} was written or removed by another writer: read it again.")
    if status == 404:
        return ObjectNotFoundError(f"{address} does not exist.")
    if code == "AccessDenied":  # the service's own word: something else on the way says 403 alone
        return StoreDeniedError(f"{answered}: {_DENIED}.")
    return _explain_status(status, operation, address, answered)


def _explain_status(status: int, operation: str, address: str, answered: str) -> StoreError:
    if status == 416:
        return StoreError(f"The range asked of {address} starts after its end.")
    if status in {401, 403}:
        return StoreUnavailableError(f"{answered}: {_DENIED}.")
    if operation == "HeadObject" and status in {301, 400}:  # the answer to HEAD has no body that would say more
        return StoreUnavailableError(f"{answered}: check AWS_REGION and AWS_SESSION_TOKEN.")
    if status == 501:
        return StoreError(f"{answered}: the service does not know what was asked: see docs/operations/bucket.md.")
    if status >= 500:
        return StoreUnavailableError(f"{answered}: the service has a fault; try again later.")
    return StoreError(f"{answered}.")
