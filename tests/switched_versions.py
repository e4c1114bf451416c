"""A client that asks while index versions are switched, and checks every answer against its version."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

import httpx

from tests.index_versions import LEFT_OUT, LEFT_OUT_QUESTION, TwoVersions
from tests.local_processes import wait_until

__all__ = ["Asker"]

_QUESTIONS = (
    LEFT_OUT_QUESTION,
    "How many employees does Orquenna have in fiscal 2024?",
    "What are the main risk factors of Tarrendray?",
    "Which companies mention tariffs as a risk?",
)


class Asker:
    """Asks, each second time as a stream, and keeps what was wrong with the answers. Safe for several threads."""

    def __init__(self, client: httpx.Client, published: TwoVersions) -> None:
        self.versions: Counter[str] = Counter()
        self.milliseconds: list[float] = []
        self.faults: list[str] = []
        self._client = client
        self._published = published
        self._lock = threading.Lock()

    def ask(self, number: int) -> None:
        """Ask the question of this number, and check its answer."""
        # Different each time, so that it is not a kept answer that is given.
        body = {"question": _QUESTIONS[number % len(_QUESTIONS)], "top_k": 5 + number // len(_QUESTIONS) % 40}
        path = "/query/stream" if number % 2 else "/query"
        try:
            response = self._client.post(path, json=body)
        except httpx.HTTPError as error:
            self._keep_fault(body, repr(error))
            return
        answers = _streamed(response.text) if path == "/query/stream" else {"done": response.json()}
        if response.status_code != httpx.codes.OK or "done" not in answers:
            self._keep_fault(body, f"{response.status_code} {response.text[-500:]}")
            return
        self._check(body, answers)
        with self._lock:
            self.milliseconds.append(response.elapsed.total_seconds() * 1000)

    def wait_for_answers(self, more: int) -> None:
        """Return when so many more answers have come."""
        wanted = self.versions.total() + more
        wait_until(lambda: self.versions.total() >= wanted or bool(self.faults), f"{more} more answers")

    def _check(self, body: dict[str, Any], answers: dict[str, Any]) -> None:
        done = answers["done"]
        version = done["metadata"]["index_version"]
        with self._lock:
            self.versions[version] += 1
        if version not in (self._published.whole, self._published.smaller):
            self._keep_fault(body, f"answered from {version}, which was never published")
            return
        cited = {citation["accession"] for citation in [*done["citations"], *answers.get("sources", done)["citations"]]}
        if cited - self._published.accessions(version):
            self._keep_fault(body, f"version {version} does not hold {cited}")
        if body["question"] == LEFT_OUT_QUESTION and (LEFT_OUT in cited) != (version == self._published.whole):
            self._keep_fault(body, f"version {version} cites {cited}")

    def _keep_fault(self, body: dict[str, Any], what: str) -> None:
        with self._lock:
            self.faults.append(f"{body}: {what}")


def _streamed(text: str) -> dict[str, Any]:
    """The data of the last event of each name."""
    events: dict[str, Any] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            events[name] = json.loads(line.removeprefix("data: "))
    return events
