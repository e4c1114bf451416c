"""What a failure of boto3 with S3 Vectors means for the person who reads it. Nothing of the request is repeated."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from finrag_ml_tg1.errors import VectorIndexError, VectorIndexUnavailableError
from finrag_ml_tg1.loaders.aws_errors import (
    EXPIRED,
    code_of,
    is_without_credentials,
    no_credentials,
    status_of,
    unreachable,
)

__all__ = ["explain", "is_not_found"]

_REFUSED = {
    "AccessDeniedException": "allow it s3vectors:{operation} on the index (a question needs GetIndex, QueryVectors and "
    "GetVectors, `finrag vectors sync` also CreateIndex, PutVectors and DeleteVectors)",
    "ExpiredTokenException": EXPIRED,
    "InvalidSignatureException": "check AWS_SECRET_ACCESS_KEY and this machine's clock",
    "UnrecognizedClientException": "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN",
}
_WRONG = {
    "ConflictException": "it is being made or changed by another: run the command again",
    "NotFoundException": "there is no such vector bucket or index: make the bucket, check the address and AWS_REGION, "
    "then run `finrag vectors sync`",
    "ServiceQuotaExceededException": "raise the account's quota, or remove what is no longer needed",
}
_OF_THE_KEY = "the key that encrypts the index cannot be used: check its state and policy in AWS KMS"


def is_not_found(error: ClientError) -> bool:
    """Return whether the service has no such bucket or index."""
    return code_of(error) == "NotFoundException"


def explain(error: ClientError | BotoCoreError, operation: str, address: str, endpoint: str | None) -> VectorIndexError:
    """Return the exception to raise for `error`; `endpoint` is the configured one."""
    if isinstance(error, ClientError):
        return _explain_answer(error, operation, address)
    if isinstance(error, NoRegionError):
        return VectorIndexUnavailableError(f"No region is set for {address}: set AWS_REGION.")
    if is_without_credentials(error):
        return VectorIndexUnavailableError(no_credentials(address))
    return VectorIndexUnavailableError(unreachable(error, address, endpoint, "AWS_ENDPOINT_URL_S3VECTORS"))


def _explain_answer(error: ClientError, operation: str, address: str) -> VectorIndexError:
    code = code_of(error)
    status = status_of(error)
    answered = f"{address}: S3 Vectors refused {operation} with {status} {code}".rstrip()
    if code in _WRONG:
        return VectorIndexError(f"{answered}: {_WRONG[code]}.")
    if code in _REFUSED or status in {401, 403}:
        remedy = _REFUSED.get(code, "check the credentials and the bucket's policy").format(operation=operation)
        return VectorIndexUnavailableError(f"{answered}: {remedy}.")
    if code.startswith("Kms"):
        return VectorIndexUnavailableError(f"{answered}: {_OF_THE_KEY}.")
    if status in {408, 429} or status >= 500:
        return VectorIndexUnavailableError(f"{answered}: it is busy or has a fault; try again later.")
    return VectorIndexError(f"{answered}: the index was made for other vectors than these; choose another.")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
