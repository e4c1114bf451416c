"""What every request passes, in the order that lets each refusal carry the request's id."""

from __future__ import annotations

from starlette.applications import Starlette

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.api_key import ApiKey
from serving.http.body_limit import BodyLimit
from serving.http.client_address import ClientAddress
from serving.http.last_resort import LastResort
from serving.http.request_id import RequestId

__all__ = ["add_middleware"]


def add_middleware(app: Starlette, config: MLConfig, *, too_large_advice: str) -> None:
    """Have every request pass all of them; the last one added is met first."""
    if config.api_key is not None:
        app.add_middleware(ApiKey, key=config.api_key.get_secret_value())
    app.add_middleware(BodyLimit, advice=too_large_advice)
    app.add_middleware(LastResort)
    app.add_middleware(RequestId)
    app.add_middleware(ClientAddress, trusted_proxies=config.trusted_proxies)
