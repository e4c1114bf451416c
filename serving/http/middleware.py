"""What every request passes, in the order that lets each refusal carry the request's id."""

from __future__ import annotations

from pydantic import SecretStr
from starlette.applications import Starlette

from serving.http.api_key import ApiKey
from serving.http.body_limit import BodyLimit
from serving.http.last_resort import LastResort
from serving.http.observability import Observability
from serving.http.observed_requests import ObservedRequests
from serving.http.request_id import RequestId

__all__ = ["add_middleware"]


def add_middleware(
    app: Starlette, key: SecretStr | None, observability: Observability, *, too_large_advice: str
) -> None:
    """Have every request pass all of them; the last one added is met first."""
    if key is not None:
        app.add_middleware(ApiKey, key=key.get_secret_value())
    app.add_middleware(BodyLimit, advice=too_large_advice)
    app.add_middleware(LastResort)
    app.add_middleware(ObservedRequests, metrics=observability.requests, tracing=observability.tracing)
    app.add_middleware(RequestId)
