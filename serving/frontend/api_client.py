"""The front end's only way out: HTTP calls to the back end.

Every failure leaves here as `ApiError` (the back end answered, but refused) or `BackendAwayError` (it did not answer),
both with text that can be shown to a reader. Proxies of the environment are not used for loopback addresses, and
redirects are not followed, so that the API key reaches no other host.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlencode

import requests

from serving.frontend.backend_url import is_loopback
from serving.frontend.contract import Answer, Catalog, Health
from serving.frontend.figures import Figures
from serving.frontend.json_row import ContractError
from serving.frontend.passages import PassageWindow

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

    def ask(self, question: str, history: Sequence[Mapping[str, str]] = ()) -> Answer:
        """Return the answer; `history` is earlier messages `{role, content}`, oldest first."""
        body = {"question": question, "history": [dict(message) for message in history]}
        return _read_record(self._send("POST", "/query", body), Answer.from_json)

    def _send(
        self, method: str, path: str, body: object = None, *, read_timeout_s: float | None = None
    ) -> requests.Response:
        read_timeout_s = self._read_timeout_s if read_timeout_s is None else read_timeout_s
        try:
            return self._session.request(
                method,
                self.base_url + path,
                json=body,
                timeout=(_CONNECT_TIMEOUT_S, read_timeout_s),
                allow_redirects=False,
            )
        except requests.ReadTimeout as error:
            raise BackendAwayError(f"The back end did not answer within {read_timeout_s:g} seconds.") from error
        except requests.RequestException as error:
            raise BackendAwayError("The back end cannot be reached.") from error


def _read_record(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    if response.status_code != HTTPStatus.OK:
        raise _read_problem(response)
    return _parse(response, read)


def _parse(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    try:
        return read(response.json(parse_float=Decimal))
    except requests.JSONDecodeError as error:
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
