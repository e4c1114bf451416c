"""Which of our exceptions a failure of boto3 with Bedrock is."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

from finrag_ml_tg1.answering.models.errors import (
    ModelBrokenOffError,
    ModelCredentialsError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.provider_words import retry_after_seconds, without_secrets
from finrag_ml_tg1.errors import ModelError

__all__ = ["CHECK", "explain"]

CHECK = "AWS_REGION and the state of Amazon Bedrock there"
_CHECK_KEYS = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, that they may do bedrock:InvokeModelWithResponseStream, "
    "and that the account has access to the model"
)
_CHECK_REQUEST = "FINRAG_MODEL_ID, FINRAG_MODELS_FILE and AWS_REGION"
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
_THROTTLED = {"throttling", "throttlingexception", "toomanyrequestsexception", "servicequotaexceededexception"}
_REFUSED = {
    "accessdeniedexception",
    "expiredtoken",
    "expiredtokenexception",
    "incompletesignature",
    "invalidsignatureexception",
    "missingauthenticationtoken",
    "optinrequired",
    "unrecognizedclientexception",
}
# As answers before the stream, and as exception frames in it (there without a status).
_FAILED = {
    "internalserverexception",
    "modelerrorexception",
    "modelnotreadyexception",
    "modeltimeoutexception",
    "serviceunavailableexception",
}


def explain(error: ClientError | BotoCoreError | HTTPError, timeout_s: float) -> ModelError:
    """Return the exception to raise for `error`, met before or in the stream."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, NoRegionError):
        return ModelCredentialsError("no region is set", "AWS_REGION")
    if isinstance(error, _NO_CREDENTIALS):
        return ModelCredentialsError("there are no AWS credentials", _CHECK_KEYS)
    if isinstance(error, ReadTimeoutError | StreamTimeoutError):
        return ModelTimeoutError(f"nothing came for {timeout_s:g} s")
    if isinstance(error, HTTPError):
        return ModelBrokenOffError()
    return ModelUnavailableError(type(error).__name__, "the network and AWS_REGION")


def _explain_answer(error: ClientError) -> ModelError:
    said = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = said.get("Code", "")
    status = metadata.get("HTTPStatusCode", 0)
    wait_s = retry_after_seconds(metadata.get("HTTPHeaders", {}).get("retry-after"))
    if code.lower() in _REFUSED or status in {401, 403}:
        return ModelCredentialsError(f"Amazon Bedrock answered {without_secrets(code)}", _CHECK_KEYS)
    if code.lower() in _FAILED or status >= 500:
        return ModelUnavailableError(without_secrets(f"{status or ''} {code}"), CHECK, wait_s)
    if code.lower() in _THROTTLED or status == 429:
        return ModelThrottledError(wait_s)
    if code.lower() == "modelstreamerrorexception":
        return ModelBrokenOffError()
    return ModelRequestError(without_secrets(f"{code}: {said.get('Message', '')}"), _CHECK_REQUEST)
