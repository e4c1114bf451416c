"""The front end's only way out: HTTP calls to the back end.

Every failure leaves here as `ApiError` (the back end answered, but refused) or `BackendAwayError` (it did not answer),
both with text that can be shown to a reader. Proxies of the environment are not used for loopback addresses, and
redirects are not followed, so that the API key reaches no other host.
"""

import logging
import time
from collections.abc import Sequence
from copy import copy
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter

from serving.frontend.answer_stream import AnswerStream
from serving.frontend.backend_url import is_loopback
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.feedback import Feedback
from serving.frontend.contract.figures import Figures
from serving.frontend.contract.health import Health
from serving.frontend.contract.obstacle import Obstacle
from serving.frontend.contract.passages import PassageWindow
from serving.frontend.contract.query import Query
from serving.frontend.contract.usage import Usage
from serving.frontend.responses import (
    ApiError,
    BackendAwayError,
    parse_record,
    read_object,
    read_problem,
    read_record,
)

__all__ = ["ApiError", "BackendAwayError", "BackendClient"]

_logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 3.0
_READ_TIMEOUT_S = 60.0
# The page draws nothing before it knows the state of the back end.
_STATUS_READ_TIMEOUT_S = 3.0
_KEPT_CONNECTIONS = 32
# The back end itself gives its store 15 seconds, then says so.
_FEEDBACK_READ_TIMEOUT_S = 20.0


class BackendClient:
    """Calls one back end; holds one connection pool, which the sessions of a process share."""

    def __init__(self, base_url: str, api_key: str | None = None, *, read_timeout_s: float = _READ_TIMEOUT_S) -> None:
        self.base_url = base_url
        self._read_timeout_s = read_timeout_s
        self._session = requests.Session()
        # An answer on its way holds its connection; kept are as many as readers of a small pod may ask at once.
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_KEPT_CONNECTIONS))
        self._session.trust_env = not is_loopback(base_url)
        self._session.headers["Accept"] = "application/json"
        if api_key:
            self._session.headers["X-API-Key"] = api_key
        self._reader: dict[str, str] = {}

    def for_reader(self, forwarded_for: str) -> Self:
        """Return a client on the same connections whose requests say in `X-Forwarded-For` for whom they are made."""
        client = copy(self)
        client._reader = {"X-Forwarded-For": forwarded_for}
        return client

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def fetch_health(self) -> Health:
        """Return the back end's state; a 503 that carries one is a state, not an error."""
        response = self._send("GET", "/health", read_timeout_s=_STATUS_READ_TIMEOUT_S)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "store" in read_object(response):
            return parse_record(response, Health.from_json)
        return read_record(response, Health.from_json)

    def fetch_obstacle(self) -> Obstacle | None:
        """Return None while an index can answer, else why not (`GET /readyz`)."""
        response = self._send("GET", "/readyz", read_timeout_s=_STATUS_READ_TIMEOUT_S)
        if response.status_code == HTTPStatus.OK:
            return None
        problem = read_problem(response)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return Obstacle(problem.detail, is_loading=read_object(response).get("reason") == "loading")
        raise problem

    def fetch_catalog(self) -> Catalog:
        """Return what is covered."""
        return read_record(self._send("GET", "/catalog"), Catalog.from_json)

    def fetch_usage(self) -> Usage:
        """Return what was used today and before, and how long questions take."""
        return read_record(self._send("GET", "/usage", read_timeout_s=_STATUS_READ_TIMEOUT_S), Usage.from_json)

    def fetch_passage(self, passage_id: str) -> PassageWindow:
        """Return the passage with its neighbours."""
        response = self._send("GET", f"/passages/{quote(passage_id, safe='')}", route="/passages/{passage_id}")
        return read_record(response, PassageWindow.from_json)

    def fetch_facts(
        self,
        tickers: Sequence[str],
        metrics: Sequence[str],
        fiscal_years: Sequence[int],
        *,
        read_timeout_s: float | None = None,
    ) -> Figures:
        """Return the metrics, by name, of the companies for the fiscal years, and what is missing of them."""
        years = ",".join(map(str, fiscal_years))
        query = urlencode({"tickers": ",".join(tickers), "metrics": ",".join(metrics), "fiscal_years": years})
        response = self._send("GET", f"/facts?{query}", route="/facts", read_timeout_s=read_timeout_s)
        return read_record(response, Figures.from_json)

    def open_answer(self, query: Query) -> AnswerStream:
        """Ask a question and return the events of its answer as they come; what is wrong is raised while reading."""
        return AnswerStream(self._send("POST", "/query/stream", query.to_json(), is_streamed=True))

    def send_feedback(self, request_id: str, feedback: Feedback) -> None:
        """Return once the back end has stored what the reader says about the answer to a request."""
        body = {"request_id": request_id, "verdict": feedback.verdict, "comment": feedback.comment}
        response = self._send("POST", "/feedback", body, read_timeout_s=_FEEDBACK_READ_TIMEOUT_S)
        if response.status_code != HTTPStatus.ACCEPTED:
            raise read_problem(response)

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        route: str = "",
        read_timeout_s: float | None = None,
        is_streamed: bool = False,
    ) -> requests.Response:
        """Make a request; the log tells its `route`, as what stands in an address may be what a reader asked."""
        began = time.perf_counter()
        route = route or path
        read_timeout_s = self._read_timeout_s if read_timeout_s is None else read_timeout_s
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=body,
                headers=self._reader,
                timeout=(_CONNECT_TIMEOUT_S, read_timeout_s),
                allow_redirects=False,
                stream=is_streamed,
            )
        except requests.RequestException as error:
            _logger.debug("%s %s failed: %s", method, route, type(error).__name__)
            if not isinstance(error, requests.ReadTimeout):
                raise BackendAwayError("The back end cannot be reached.") from error
            raise BackendAwayError(f"The back end did not answer within {read_timeout_s:g} seconds.") from error
        if _logger.isEnabledFor(logging.DEBUG):
            _log_answer(method, route, response, (time.perf_counter() - began) * 1000)
        return response


def _log_answer(method: str, route: str, response: requests.Response, duration_ms: float) -> None:
    """Tell of a request; of a stream the time is that to its beginning."""
    told = {"method": method, "route": route, "status": response.status_code, "duration_ms": round(duration_ms, 1)}
    told |= {"request_id": response.headers.get("X-Request-ID")}
    _logger.debug("%s %s %d in %.1f ms", method, route, response.status_code, duration_ms, extra=told)
