"""Which checks are made of a deployed address: they follow from what answers there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Check
from finrag_ml_tg1.operations.doctor.deployed.address import check_certificate, check_name, check_plain_address
from finrag_ml_tg1.operations.doctor.deployed.backend import check_guard, check_headers, check_readiness, check_state
from finrag_ml_tg1.operations.doctor.deployed.exposure import check_back_end_closed, check_nothing_behind
from finrag_ml_tg1.operations.doctor.deployed.frontend import check_distance, check_websocket
from finrag_ml_tg1.operations.doctor.deployed.recognition import Deployed, check_answer
from finrag_ml_tg1.operations.doctor.deployed.streaming import check_streaming

__all__ = ["deployed_checks"]

_SLOW_S = 8.0
_STREAM_S = 15.0


def deployed_checks(url: str, backend: str | None, config: MLConfig) -> Iterator[Check]:
    """Yield the checks of a public address, the later ones by what the earlier ones found there.

    `backend` is the address at which the back end must not answer. The settings are asked for the key alone.
    """
    deployed = Deployed(url)
    yield Check("address", partial(check_name, url))
    yield Check("certificate", partial(check_certificate, url), ("address",))
    yield Check("without TLS", partial(check_plain_address, url), ("address",))
    yield Check("what answers", partial(check_answer, deployed), ("address",), _SLOW_S)
    if deployed.kind == "back end":
        yield from _backend_checks(url, config)
        return
    if deployed.kind == "front end":
        yield Check("pages", partial(check_websocket, url))
        yield Check("distance", partial(check_distance, url), limit_s=_SLOW_S)
        yield Check("only front end", partial(check_nothing_behind, url), limit_s=_SLOW_S)
    yield Check("back end closed", partial(check_back_end_closed, backend), limit_s=_SLOW_S)


def _backend_checks(url: str, config: MLConfig) -> Iterator[Check]:
    yield Check("ready", partial(check_readiness, url))
    yield Check("state", partial(check_state, url))
    yield Check("key", partial(check_guard, url, config))
    yield Check("streaming", partial(check_streaming, url, config), ("ready", "key"), _STREAM_S)
    yield Check("headers", partial(check_headers, url))
