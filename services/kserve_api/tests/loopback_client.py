"""A plain HTTP client of the fake API server, for tests of the fake itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self

import httpx

from kserve_api.tests.running_cluster import RunningCluster

__all__ = ["MERGE", "Answer", "LoopbackClient"]

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; `json["reason"]` and so on of a Status object."""

    status: int
    json: Any
    headers: httpx.Headers
    text: str

    @property
    def told(self) -> tuple[int, str]:
        """Status code and the reason of its Status object."""
        return self.status, self.json.get("reason", "")


class LoopbackClient:
    """Asks as one account."""

    def __init__(self, cluster: RunningCluster, account: str = "admin") -> None:
        token = cluster.token(account)
        headers = {"Authorization": f"Bearer {token}"}
        # There is no TLS on this address; without `verify=False` every client would read all certificates first.
        self.http = httpx.Client(base_url=cluster.url, headers=headers, timeout=30, verify=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    def ask(self, method: str, path: str, body: object = None, *, content: str = "application/json") -> Answer:
        """One request; a text body is sent as it is."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Content-Type": content} if body is not None else {}
        response = self.http.request(method, path, content=data if body is not None else None, headers=headers)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(response.status_code, response.json() if is_json else None, response.headers, response.text)

    def get(self, path: str) -> Answer:
        """GET."""
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> Answer:
        """POST."""
        return self.ask("POST", path, body)

    def put(self, path: str, body: object) -> Answer:
        """PUT."""
        return self.ask("PUT", path, body)

    def merge(self, path: str, body: object) -> Answer:
        """PATCH with a merge patch."""
        return self.ask("PATCH", path, body, content=MERGE)

    def apply(self, path: str, body: object, manager: str, *, force: bool = False, more: str = "") -> Answer:
        """Server-side apply."""
        query = f"?fieldManager={manager}{'&force=true' if force else ''}{more}"
        return self.ask("PATCH", path + query, body, content=APPLY)

    def delete(self, path: str, body: object = None) -> Answer:
        """DELETE."""
        return self.ask("DELETE", path, body)

    def lines(self, path: str, first: int | None = None) -> list[Any]:
        """The first JSON lines of a watch, or all of one that ends by itself."""
        with self.http.stream("GET", path) as response:
            return [json.loads(line) for line in islice(response.iter_lines(), first)]
