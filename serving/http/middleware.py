"""What every request passes, in the order that lets each refusal carry the request's id."""

from __future__ import annotations

from starlette.applications import Starlette

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.api_key import ApiKey
from serving.http.body_limit import BodyLimit
from serving.http.client_address import ClientAddress
from serving.http.last_resort import LastResort
from serving.http.observability import Observability
from serving.http.observed_requests import ObservedRequests
from serving.http.patience import PATIENT, Patience
from serving.http.rate_limit import BoundedMemory, RateLimit
from serving.http.request_id import RequestId
from serving.http.security_headers import SecurityHeaders
from serving.http.send_limit import SendLimit

__all__ = ["add_middleware"]


def add_middleware(
    app: Starlette,
    config: MLConfig,
    observability: Observability,
    *,
    too_large_advice: str,
    patience: Patience = PATIENT,
    moments: BoundedMemory | None = None,
) -> None:
    """Have every request pass all of them; the last one added is met first.

    The key stands before the body limit, which reads the body; the rate limit before the key, so that keys cannot be
    tried at speed. `moments` keeps when clients have sent requests; in memory unless it is given.
    """
    app.add_middleware(BodyLimit, advice=too_large_advice, timeout_s=patience.body_s)
    keys = [key.get_secret_value() for key in (config.api_key, config.api_key_previous) if key is not None]
    if keys:
        app.add_middleware(ApiKey, keys=keys)
    if config.rate_per_minute:
        app.add_middleware(RateLimit, per_minute=config.rate_per_minute, moments=moments)
    app.add_middleware(SendLimit, timeout_s=patience.send_s)
    app.add_middleware(LastResort)
    app.add_middleware(ObservedRequests, metrics=observability.requests, tracing=observability.tracing)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestId)
    app.add_middleware(ClientAddress, trusted_proxies=config.trusted_proxies)
