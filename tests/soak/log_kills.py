"""The back end killed while queries are answered and logged, and feedback is taken.

The next start with the same folders must have every query that was answered in the log once, and every feedback that
was accepted in the store once. What was cut off before its response may be there once or not at all.
"""

from __future__ import annotations

import io
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import polars as pl

from tests.constant_clients import constantly
from tests.contract.served_stores import ServedStore
from tests.local_processes import wait_until
from tests.soak.kill_tally import KillTally
from tests.soak.killed_backend import QUESTIONS, KilledBackend
from tests.soak.random_kill import NEVER, chosen_moment, wait_for_end

__all__ = ["LogKills"]

_CLIENTS = 3
_STEPS = 60  # of the log and of feedback, in about the time that a back end is left alive
_LONGEST_S = 2.0
_WRITTEN_S = 30.0


class LogKills:
    """Kills of back ends in `folder` on a store of their own; what clients were told is kept over all of them."""

    def __init__(self, served: ServedStore, folder: Path, tally: KillTally, chooser: random.Random) -> None:
        root = Path(served.url)
        written = [f"{root / name}" for name in ("logs/", "feedback/", ".finrag-")] if not served.access else []
        prefixes = [*written, f"{folder}/cache/query-journal/"]
        self._backend = KilledBackend(served.url, folder, prefixes, served.access)
        self._store = served.store
        self._where = "on a folder" if written else "on S3"
        self._steps = _STEPS if written else _STEPS // 6
        self._tally = tally
        self._chooser = chooser
        self._numbers = count()
        # Objects are only added, and never changed: each is read once.
        self._logged_in: dict[str, list[str]] = {}
        self._said_in: dict[str, str] = {}
        self._answered: set[str] = set()
        self._accepted: set[str] = set()

    def kill(self) -> None:
        """Start a back end, see that it has what the one before it left, and kill it while it is asked."""
        chosen = chosen_moment(self._chooser, steps=self._steps, earliest_s=0, latest_s=_LONGEST_S)
        self._backend.start(chosen.step)
        process = self._backend.process
        assert process is not None
        try:
            is_ready = self._backend.wait_until_ready()
            self._tally.checks["log flush while it started"] += not is_ready
            if is_ready:
                self._check(f"kill {self._tally.kills['log flush'] + 1}")
                with self._asked_constantly():
                    wait_for_end(process, after_s=chosen.after_s if chosen.step == NEVER else 20)
        finally:
            was_killed = self._backend.kill()
        if was_killed:
            self._tally.kills["log flush"] += 1
        else:
            self._tally.needed_hands(f"a back end ended by itself: {self._backend.log[-300:]}", "log flush")

    def finish(self) -> None:
        """Start one more, end it by SIGTERM while it is asked, and check that all is written and nothing waits."""
        self._backend.start()
        assert self._backend.wait_until_ready(), self._backend.log
        with self._asked_constantly():
            time.sleep(1.0)
            self._backend.stop()
        self._check("SIGTERM", is_ended=True)
        waiting = [path for path in (self._backend.cache / "query-journal").rglob("*") if path.is_file()]
        self._tally.checks["ended by SIGTERM"] += 1
        if waiting:
            self._tally.litter(f"{len(waiting)} files stay in the journal after SIGTERM", "SIGTERM")

    def _check(self, moment: str, *, is_ended: bool = False) -> None:
        """Compare the store with what clients were told; the back end has some time to write, unless it is ended."""
        if not is_ended:
            try:
                wait_until(lambda: self._has_ended() or self._answered <= self._logged().keys(), "rows", _WRITTEN_S)
            except AssertionError:
                self._tally.checks["checks that were given up waiting"] += 1
            if self._has_ended():
                return
        logged, said = self._logged(), self._said()
        self._find(self._answered - logged.keys(), "answered queries are not in the log", moment)
        self._find({name for name, times in logged.items() if times > 1}, "queries stand twice in the log", moment)
        self._find(self._accepted - said.keys(), "accepted feedback is not in the store", moment)
        self._find({name for name, times in said.items() if times > 1}, "feedback stands twice", moment)
        self._tally.checks[f"answered queries in the log {self._where}"] = len(self._answered)
        self._tally.checks[f"accepted feedback in the store {self._where}"] = len(self._accepted)

    def _find(self, names: set[str], what: str, moment: str) -> None:
        if names:
            self._tally.lost(f"{len(names)} {what}", moment)

    def _has_ended(self) -> bool:
        return self._backend.has_ended

    def _logged(self) -> Counter[str]:
        for entry in self._store.list("logs/"):
            if entry.key not in self._logged_in:
                try:
                    rows = pl.read_parquet(io.BytesIO(self._store.get(entry.key).data))
                except pl.exceptions.PolarsError as error:
                    self._tally.half_visible(f"a file of the log is not whole: {type(error).__name__}", entry.key)
                    continue
                self._logged_in[entry.key] = rows["request_id"].to_list()
        return Counter(name for names in self._logged_in.values() for name in names)

    def _said(self) -> Counter[str]:
        for entry in self._store.list("feedback/"):
            if entry.key not in self._said_in:
                line = self._store.get(entry.key).data.decode()
                if line.count("\n") != 1 or not line.endswith("}\n"):
                    self._tally.half_visible("a feedback object is not one line", entry.key)
                    continue
                self._said_in[entry.key] = str(json.loads(line)["comment"])
        return Counter(self._said_in.values())

    @contextmanager
    def _asked_constantly(self) -> Iterator[None]:
        """Have clients ask and give feedback until the block ends."""
        with (
            httpx.Client(base_url=self._backend.url, trust_env=False, timeout=30) as client,
            constantly(lambda number: self._ask(client, number), _CLIENTS, self._numbers),
        ):
            yield

    def _ask(self, client: httpx.Client, number: int) -> None:
        body = {"question": QUESTIONS[number % len(QUESTIONS)]}
        comment = f"comment {number}"
        verdict = {"request_id": f"request-{number}", "verdict": "good", "comment": comment}
        try:
            answer = client.post("/query", json=body)
            if answer.status_code == httpx.codes.OK:
                self._answered.add(answer.json()["request_id"])
            if not number % 4 and client.post("/feedback", json=verdict).status_code == httpx.codes.ACCEPTED:
                self._accepted.add(comment)
        except httpx.TransportError:
            time.sleep(0.02)  # it is dead, or about to be
