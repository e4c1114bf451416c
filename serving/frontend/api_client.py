"""The front end's only way out: HTTP calls to the back end.

Every failure leaves here as `ApiError` (the back end answered, but refused) or `BackendAwayError` (it did not answer),
both with text that can be shown to a reader. Proxies of the environment are not used for loopback addresses, and
redirects are not followed, so that the API key reaches no other host.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlencode

import requests

from serving.frontend.backend_url import is_loopback
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.figures import Figures
from serving.frontend.contract.health import Health
from serving.frontend.contract.json_row import ContractError, JsonRow
from serving.frontend.contract.passages import PassageWindow
from serving.frontend.event_stream import read_events

__all__ = ["ApiError", "BackendAwayError", "BackendClient"]

_CONNECT_TIMEOUT_S = 3.0
_READ_TIMEOUT_S = 60.0
# The page draws nothing before it knows the state of the back end.
_STATUS_READ_TIMEOUT_S = 5.0
_SET_KEY = "Set FINRAG_API_KEY of the front end to the back end's key."
_CHECK_URL = "Check BACKEND_URL: it should be the address of the FinRAG back end."
# Used where an error has no words of its own.
_WHAT_TO_DO = {
    301: _CHECK_URL,
    302: _CHECK_URL,
    307: _CHECK_URL,
    308: _CHECK_URL,
    401: _SET_KEY,
    403: _SET_KEY,
    404: _CHECK_URL,
    413: "Ask a shorter question, or start a new conversation.",
    429: "Too many questions at once. Wait a moment, then ask again.",
    503: "The back end is busy or starting. Wait a moment, then ask again.",
}

_Record = TypeVar("_Record")


class BackendAwayError(Exception):
    """The back end could not be reached or did not answer in time; the text says which."""


@dataclass(eq=False)
class ApiError(Exception):
    """The back end answered with an error, or with something that is not its contract.

    `field_errors` are "field: message" lines of a 422; `retry_after_s` is the Retry-After header in seconds.
    """

    status: int
    title: str
    detail: str
    request_id: str | None = None
    field_errors: tuple[str, ...] = ()
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.detail}"


class BackendClient:
    """Calls one back end; holds one connection pool, which the sessions of a process share."""

    def __init__(self, base_url: str, api_key: str | None = None, *, read_timeout_s: float = _READ_TIMEOUT_S) -> None:
        self.base_url = base_url
        self._read_timeout_s = read_timeout_s
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(base_url)
        self._session.headers["Accept"] = "application/json"
        if api_key:
            self._session.headers["X-API-Key"] = api_key

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def fetch_health(self) -> Health:
        """Return the back end's state; a 503 that carries one is a state, not an error."""
        response = self._send("GET", "/health", read_timeout_s=_STATUS_READ_TIMEOUT_S)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "store" in _read_object(response):
            return _parse(response, Health.from_json)
        return _read_record(response, Health.from_json)

    def fetch_obstacle(self) -> str | None:
        """Return None while an index can answer, else the back end's words on why not (`GET /readyz`)."""
        response = self._send("GET", "/readyz", read_timeout_s=_STATUS_READ_TIMEOUT_S)
        if response.status_code == HTTPStatus.OK:
            return None
        problem = _read_problem(response)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return problem.detail
        raise problem

    def fetch_catalog(self) -> Catalog:
        """Return what is covered."""
        return _read_record(self._send("GET", "/catalog"), Catalog.from_json)

    def fetch_passage(self, passage_id: str) -> PassageWindow:
        """Return the passage with its neighbours."""
        return _read_record(self._send("GET", f"/passages/{quote(passage_id, safe='')}"), PassageWindow.from_json)

    def fetch_facts(self, tickers: Sequence[str], metrics: Sequence[str], fiscal_years: Sequence[int]) -> Figures:
        """Return the metrics, by name, of the companies for the fiscal years, and what is missing of them."""
        years = ",".join(map(str, fiscal_years))
        query = urlencode({"tickers": ",".join(tickers), "metrics": ",".join(metrics), "fiscal_years": years})
        return _read_record(self._send("GET", f"/facts?{query}"), Figures.from_json)

    def ask(
        self,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        on_text: Callable[[str], None] = lambda text: None,
    ) -> Answer:
        """Return the answer; `history` is earlier messages `{role, content}`, oldest first.

        `on_text` is called with the text so far whenever there is more of it; what is returned replaces it.
        """
        body = {"question": question, "history": [dict(message) for message in history]}
        response = self._send("POST", "/query/stream", body, is_streamed=True)
        with closing(response):
            if response.status_code != HTTPStatus.OK:
                raise _read_problem(response)
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise _unexpected(response, f"The answer is no stream of events. {_CHECK_URL}")
            try:
                return _read_answer(response, on_text)
            except requests.RequestException as error:
                raise BackendAwayError("The back end broke off its answer.") from error

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        read_timeout_s: float | None = None,
        is_streamed: bool = False,
    ) -> requests.Response:
        read_timeout_s = self._read_timeout_s if read_timeout_s is None else read_timeout_s
        try:
            return self._session.request(
                method,
                self.base_url + path,
                json=body,
                timeout=(_CONNECT_TIMEOUT_S, read_timeout_s),
                allow_redirects=False,
                stream=is_streamed,
            )
        except requests.ReadTimeout as error:
            raise BackendAwayError(f"The back end did not answer within {read_timeout_s:g} seconds.") from error
        except requests.RequestException as error:
            raise BackendAwayError("The back end cannot be reached.") from error


def _read_answer(response: requests.Response, on_text: Callable[[str], None]) -> Answer:
    """Return the answer that a stream ends with; raises the error that it ends with instead."""
    text = ""
    for event in read_events(response.iter_lines()):
        if event.name == "token":
            text += _load(response, event.data, lambda value: JsonRow(value).text("text"))
            on_text(text)
        elif event.name == "done":
            return _load(response, event.data, Answer.from_json)
        elif event.name == "error":
            raise _load(response, event.data, lambda value: _streamed_problem(response, JsonRow(value)))
    raise BackendAwayError("The back end broke off its answer.")


def _streamed_problem(response: requests.Response, problem: JsonRow) -> ApiError:
    status = problem.integer("status")
    return ApiError(status, problem.text("title"), problem.text("detail"), response.headers.get("X-Request-ID"))


def _read_record(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    if response.status_code != HTTPStatus.OK:
        raise _read_problem(response)
    return _parse(response, read)


def _parse(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    return _load(response, response.text, read)


def _load(response: requests.Response, text: str, read: Callable[[object], _Record]) -> _Record:
    try:
        return read(json.loads(text, parse_float=Decimal))
    except json.JSONDecodeError as error:
        raise _unexpected(response, f"The answer is not JSON. {_CHECK_URL}") from error
    except ContractError as error:
        remedy = "Run the same version of front end and back end."
        raise _unexpected(response, f"The answer is not shaped as agreed: {error}. {remedy}") from error


def _unexpected(response: requests.Response, detail: str) -> ApiError:
    return ApiError(response.status_code, "Unexpected answer", detail, response.headers.get("X-Request-ID"))


def _read_problem(response: requests.Response) -> ApiError:
    """Return the error a response carries (problem+json), with our own words where it has none."""
    problem = _read_object(response)
    status = response.status_code
    detail = problem.get("detail") or _WHAT_TO_DO.get(status, "The back end gave no reason; its log has the request.")
    retry_after = response.headers.get("Retry-After", "")
    return ApiError(
        status,
        str(problem.get("title") or response.reason or "Error"),
        str(detail),
        response.headers.get("X-Request-ID"),
        field_errors=_read_field_errors(problem.get("errors")),
        retry_after_s=int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
    )


def _read_object(response: requests.Response) -> dict[str, object]:
    """Return the JSON object of the body; empty when the body is anything else."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _read_field_errors(errors: object) -> tuple[str, ...]:
    rows = errors if isinstance(errors, list) else []
    return tuple(
        f"{row.get('field', 'request')}: {row.get('message', 'is wrong')}" for row in rows if isinstance(row, dict)
    )
