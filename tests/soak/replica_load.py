"""Clients of several replicas behind nginx: every request is judged, whichever back end answered it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import httpx

from tests.index_versions import TwoVersions
from tests.local_processes import wait_until

__all__ = ["PAUSE_S", "ReplicaLoad"]

_QUESTIONS = (
    "How many employees does Orquenna have in fiscal 2024?",
    "What are the main risk factors of Tarrendray?",
    "Which companies mention tariffs as a risk?",
)
# How often who is told to come back later does so.
_MOST_TRIES = 20
# Readers think between questions; and a back end that starts beside the clients needs some of the same cores.
PAUSE_S = 0.3


class ReplicaLoad:
    """Asks as programs and the chat do, and keeps what failed. Safe for several threads.

    Told to wait (429 or 503 with `Retry-After`), a client waits and asks again: that is shed load, and counted. A
    stream whose back end dies after its first words no proxy can save: the client asks again, which is counted too.
    """

    def __init__(self, url: str, published: TwoVersions, pause_s: float = PAUSE_S) -> None:
        self.answers: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.shed = 0
        self.streams_asked_again = 0
        self.failures: list[str] = []
        self.milliseconds: list[float] = []
        self._client = httpx.Client(
            base_url=url, trust_env=False, timeout=60, limits=httpx.Limits(max_connections=None)
        )
        self._published = published
        self._pause_s = pause_s
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, number: int) -> None:
        """Make the request of this number: a question, a stream, or something looked up."""
        # Different each time, so that it is not a kept answer that is given.
        question = {"question": _QUESTIONS[number % 3], "top_k": 5 + number % 41}
        began = time.perf_counter()
        match number % 4:
            case 0 | 1:
                self._judge_answer(self._insist("POST", "/query", question))
            case 2:
                self._stream(question)
            case _:
                self._insist("GET", "/catalog" if number % 8 == 3 else "/usage")
        with self._lock:
            self.milliseconds.append((time.perf_counter() - began) * 1000)
        time.sleep(self._pause_s)

    def wait_for_answers(self, more: int) -> None:
        """Return when so many more requests were answered, or one failed."""
        wanted = self.answers.total() + more
        wait_until(lambda: self.answers.total() >= wanted or bool(self.failures), f"{more} more answers", 120)

    def _stream(self, question: dict[str, Any]) -> None:
        for _ in range(_MOST_TRIES):
            response = self._insist("POST", "/query/stream", question, is_stream=True)
            if response is None:
                return
            done = [
                line for line in response.text.partition("event: done")[2].splitlines() if line.startswith("data: ")
            ]
            if done:
                self._judge(json.loads(done[0].removeprefix("data: ")))
                return
            with self._lock:
                self.streams_asked_again += 1
        self._fail("a stream broke off again and again")

    def _insist(self, method: str, path: str, body: object = None, *, is_stream: bool = False) -> httpx.Response | None:
        """Return the answer, after as many tries as the replicas ask for; None when it failed."""
        for _ in range(_MOST_TRIES):
            try:
                response = self._client.request(method, path, json=body)
            except httpx.RemoteProtocolError as error:
                if is_stream:
                    with self._lock:
                        self.streams_asked_again += 1
                    continue
                self._fail(f"{method} {path}: {error!r}")
                return None
            except httpx.HTTPError as error:
                self._fail(f"{method} {path}: {error!r}")
                return None
            if response.status_code in (429, 503) and "Retry-After" in response.headers:
                with self._lock:
                    self.shed += 1
                time.sleep(float(response.headers["Retry-After"]))
                continue
            if response.status_code != httpx.codes.OK:
                self._fail(f"{method} {path}: {response.status_code} {response.text[:300]}")
                return None
            with self._lock:
                self.answers[path] += 1
            return response
        self._fail(f"{method} {path}: told to wait {_MOST_TRIES} times")
        return None

    def _judge_answer(self, response: httpx.Response | None) -> None:
        if response is not None:
            self._judge(response.json())

    def _judge(self, answer: dict[str, Any]) -> None:
        version = answer["metadata"]["index_version"]
        cited = {citation["accession"] for citation in answer["citations"]}
        with self._lock:
            self.versions[version] += 1
        if cited - self._published.accessions(version):
            self._fail(f"version {version} does not hold {cited}")

    def _fail(self, what: str) -> None:
        with self._lock:
            self.failures.append(what)
