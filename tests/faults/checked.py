"""Clients whose every answer is held against that of an undisturbed back end on the same index version."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.index_versions import TwoVersions, name_current
from tests.local_processes import serve_backend, wait_until

__all__ = ["CheckedClients", "References", "Request", "probed", "references_of"]

Json = dict[str, Any]

_OWN = ("request_id",)
_OWN_METADATA = ("timings_ms", "timestamp", "processing_time_ms")
_PROBE_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and when the parts it needs are read first: before any fault, or during one or the other."""

    method: str
    path: str
    body: str = ""
    needs: str = "second"

    @property
    def is_warm(self) -> bool:
        """Whether its parts are at hand before the first fault."""
        return self.needs == "warm"


def _asked(question: str, *, needs: str = "second", streamed: bool = False, **more: object) -> Request:
    return Request("POST", "/query/stream" if streamed else "/query", json.dumps({"question": question, **more}), needs)


_WARM_ONES = {"tickers": ["ORQN"]}
REQUESTS: Sequence[Request] = (
    _asked("How many employees are there in fiscal 2024?", filters=_WARM_ONES, needs="warm"),
    _asked("How many employees does Tarrendray have in fiscal 2024?"),
    _asked("What are the main risk factors?", filters=_WARM_ONES | {"fiscal_years": [2023]}, needs="warm"),
    _asked("What are the main risks of Hibbelwick in fiscal 2022?", needs="first", streamed=True),
    _asked("What was Orquenna's revenue in fiscal 2023?", needs="warm", streamed=True),
    Request("GET", "/facts?tickers=ORQN&metrics=revenue&fiscal_years=2022,2024", needs="warm"),
    Request("GET", "/facts?tickers=HBLW&metrics=revenue", needs="first"),
    _asked("Which companies mention tariffs as a risk?"),
    Request("GET", "/catalog", needs="warm"),
    _asked("Compare revenue of Tarrendray and Hibbelwick in 2023.", top_k=20),
)


class References:
    """What an undisturbed back end answers, by version."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, Request], Json] = {}

    def learn(self, version: str, client: httpx.Client) -> None:
        """Ask everything."""
        for request in REQUESTS:
            response = _sent(client, request)
            assert response.status_code == httpx.codes.OK, response.text
            answer = _answer(request, response)
            assert "error" not in answer, answer
            self._answers[version, request] = _comparable(answer)

    def differs(self, request: Request, answer: Json) -> str:
        """Return how an answer is another than that of its version; "" when it is the same."""
        named = answer.get("metadata", answer).get("index_version")
        expected = [
            known for (version, asked), known in self._answers.items() if asked == request and named in (None, version)
        ]
        if _comparable(answer) in expected:
            return ""
        return f"version {named}: {_comparable(answer)} instead of {expected}"


def references_of(versions: TwoVersions, folder: Path) -> References:
    """Return what a back end on a folder with both versions answers; it is at work only meanwhile."""
    references = References()
    own = versions.copied(folder / "reference")
    with (
        serve_backend(str(own.folder), folder, FINRAG_REFRESH_S="0.1", FINRAG_ANSWER_CACHE_MB="0") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        references.learn(own.whole, client)
        name_current(LocalFolderStore(own.folder), own.smaller)
        wait_until(lambda: client.get("/health").json()["index_version"] == own.smaller, "the version is taken")
        references.learn(own.smaller, client)
    return references


@dataclass(slots=True)
class CheckedClients:
    """Ask and keep what came. Safe for several threads."""

    client: httpx.Client
    references: References
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    slowest_warm_s: float = 0.0
    asks_for: frozenset[str] = frozenset({"warm", "first", "second"})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_all(self, *, must_answer: bool = False) -> bool:
        """Ask each request it `asks_for` once, up to the first that is not answered; return whether all were."""
        numbers = (number for number, request in enumerate(REQUESTS) if request.needs in self.asks_for)
        return all(self.ask(number, must_answer=must_answer) for number in numbers)

    def ask(self, number: int, *, must_answer: bool = False) -> bool:
        """Ask the request of this number; return whether it was answered, rightly.

        One that is warm, or that `must_answer`, may be put off because too many are asking, and not be refused.
        """
        request = REQUESTS[number % len(REQUESTS)]
        began = time.monotonic()
        try:
            response = _sent(self.client, request)
        except httpx.HTTPError as error:
            self._find("no answer", request, repr(error))
            return False
        outcome, what = self._judged(request, response)
        with self._lock:
            self.outcomes[outcome] += 1
            if request.is_warm:
                self.slowest_warm_s = max(self.slowest_warm_s, time.monotonic() - began)
            if outcome == "503":
                self.refusals[what.partition("s3://")[2].partition(": ")[2] or what] += 1
        if outcome not in ("200", "429", "503") or (outcome == "503" and (request.is_warm or must_answer)):
            self._find(outcome, request, what)
        return outcome == "200"

    @contextmanager
    def at_work(self, clients: int) -> Iterator[None]:
        """Let so many clients ask one request after the other until the block ends, of what it `asks_for`."""
        over = threading.Event()
        numbers = count()

        def ask() -> None:
            while not over.is_set():
                number = next(numbers)
                if REQUESTS[number % len(REQUESTS)].needs in self.asks_for:
                    self.ask(number)

        with ThreadPoolExecutor(clients) as pool:
            asking = [pool.submit(ask) for _ in range(clients)]
            try:
                yield
            finally:
                over.set()
        for client in asking:
            client.result()

    def _judged(self, request: Request, response: httpx.Response) -> tuple[str, str]:
        answer = _answer(request, response)
        problem = answer.get("error", answer)
        status = problem.get("status", response.status_code) if "detail" in problem else response.status_code
        if status == httpx.codes.OK:
            difference = self.references.differs(request, answer)
            return ("wrong answer", difference) if difference else ("200", "")
        if status in (429, 503):
            is_problem = "error" in answer or response.headers["content-type"] == "application/problem+json"
            return (
                (str(status), problem["detail"])
                if is_problem and problem.get("detail")
                else ("bare refusal", str(answer))
            )
        return f"status {status}", response.text[:500]

    def _find(self, what: str, request: Request, details: str) -> None:
        with self._lock:
            self.findings.append(f"{what}: {request.method} {request.path} {request.body}: {details}"[:2000])


@contextmanager
def probed(client: httpx.Client, findings: list[str], *, is_ready: bool = True) -> Iterator[list[Mapping[str, Any]]]:
    """Ask the probes all the time until the block ends, and give what /health said; what is wrong is a finding."""
    over = threading.Event()
    said: list[Mapping[str, Any]] = []

    def probe() -> None:
        while not over.wait(_PROBE_EVERY_S):
            began = time.monotonic()
            statuses = {path: client.get(path).status_code for path in ("/livez", "/readyz")}
            health = client.get("/health")
            said.append(health.json())
            if statuses["/livez"] != httpx.codes.OK or (is_ready and {*statuses.values(), health.status_code} != {200}):
                findings.append(f"probes: {statuses}, /health {health.status_code} {health.text}")
            if time.monotonic() - began > 10:
                findings.append(f"the probes took {time.monotonic() - began:.1f} s")

    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe)
        try:
            yield said
        finally:
            over.set()
    probing.result()


def _sent(client: httpx.Client, request: Request) -> httpx.Response:
    headers = {"content-type": "application/json"} if request.body else {}
    return client.request(request.method, request.path, content=request.body or None, headers=headers)


def _answer(request: Request, response: httpx.Response) -> Json:
    """The body, or of a stream what it ends with: the answer, or an error under that name."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        body: Json = response.json()
        return body
    name, last = "", {}
    for line in response.text.splitlines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            last = json.loads(line.removeprefix("data: "))
    return last if name == "done" else {"error": last} if name == "error" else {"error": {"detail": "", "status": 0}}


def _comparable(answer: Json) -> Json:
    kept = {name: value for name, value in answer.items() if name not in _OWN}
    if "metadata" in kept:
        kept["metadata"] = {name: value for name, value in kept["metadata"].items() if name not in _OWN_METADATA}
    return kept
