"""The back end killed while it starts with an S3 store, and while it takes another version.

The next start with the same cache folder must be ready by itself, answer as one that nothing happened to, and leave
the files in the cache that such a one leaves.
"""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.served_stores import ServedStore
from tests.index_versions import TwoVersions, name_current
from tests.soak.kill_tally import KillTally
from tests.soak.killed_backend import KilledBackend
from tests.soak.random_kill import NEVER, chosen_moment, wait_for_end

__all__ = ["StartKills"]

_IMPORTS_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class _Undisturbed:
    """A start on an empty cache folder, and after it the switch to the other version."""

    seconds: float
    steps: int
    switch_s: float
    switch_steps: int
    answers: dict[str, list[dict[str, Any]]]
    files: dict[str, set[str]]


class StartKills:
    """Kills of back ends in `folder` on the store that holds both versions."""

    def __init__(
        self, published: TwoVersions, remote: ServedStore, folder: Path, tally: KillTally, chooser: random.Random
    ) -> None:
        self._published = published
        self._remote = remote
        self._folder = folder
        self._tally = tally
        self._chooser = chooser
        self._rounds = 0
        self._truth = self._undisturbed()

    def run_round(self, kills: int) -> None:
        """Kill a start on an empty cache so many times, and then switches to the other version as often."""
        self._rounds += 1
        backend = self._backend(f"round-{self._rounds}")
        try:
            name_current(self._remote.store, self._published.smaller)
            for _ in range(kills):
                self._kill_start(backend)
            self._check(backend, self._published.smaller, "start")
            for _ in range(kills):
                name_current(self._remote.store, self._published.smaller)
                self._kill_switch(backend)
            name_current(self._remote.store, self._published.whole)
            self._check(backend, self._published.whole, "switch")
        finally:
            backend.stop()
        shutil.rmtree(backend.folder)

    def _kill_start(self, backend: KilledBackend) -> None:
        truth = self._truth
        earliest = truth.seconds * _IMPORTS_SHARE
        chosen = chosen_moment(self._chooser, steps=truth.steps, earliest_s=earliest, latest_s=truth.seconds)
        backend.start(chosen.step)
        assert backend.process is not None
        if chosen.step == NEVER:
            wait_for_end(backend.process, after_s=chosen.after_s)
        else:
            backend.wait_until_ready()  # what was fetched by those before it is not fetched again
        self._count(backend, "start")

    def _kill_switch(self, backend: KilledBackend) -> None:
        truth = self._truth
        chosen = chosen_moment(self._chooser, steps=truth.switch_steps, earliest_s=0, latest_s=truth.switch_s)
        backend.start()
        if not backend.wait_until_ready(self._published.smaller):
            self._tally.needed_hands(f"a back end ended by itself: {backend.log[-300:]}", f"round {self._rounds}")
            return
        before, ends_at = backend.steps, time.monotonic() + min(chosen.after_s, 4 * truth.switch_s)
        name_current(self._remote.store, self._published.whole)
        while time.monotonic() < ends_at and not (chosen.step and backend.steps - before >= chosen.step):
            time.sleep(0.002)
        self._count(backend, "switch")

    def _count(self, backend: KilledBackend, target: str) -> None:
        if backend.kill():
            self._tally.kills[target] += 1
            self._tally.checks[f"{target} after its first step"] += backend.steps > 0
        else:
            self._tally.needed_hands(f"a back end ended by itself: {backend.log[-300:]}", f"round {self._rounds}")

    def _check(self, backend: KilledBackend, version: str, target: str) -> None:
        moment = f"round {self._rounds}, {target}"
        backend.start()
        try:
            is_ready = backend.wait_until_ready(version)
        except AssertionError:
            is_ready = False
        if not is_ready:
            self._tally.needed_hands(f"the {target} after kills does not get ready: {backend.log[-300:]}", moment)
        elif backend.answers() != self._truth.answers[version]:
            self._tally.lost("answers are not those of an undisturbed back end", moment)
        else:
            self._tally.checks[f"answers as undisturbed after {target}"] += 1
        backend.stop()
        more = _files(backend) - self._truth.files[version]
        if more:
            self._tally.litter(f"{len(more)} files more in the cache than undisturbed, as {min(more)[-20:]}", moment)

    def _undisturbed(self) -> _Undisturbed:
        smaller, whole = self._published.smaller, self._published.whole
        name_current(self._remote.store, smaller)
        backend = self._backend("undisturbed")
        answers, files = {}, {}
        try:
            started = time.monotonic()
            backend.start()
            assert backend.wait_until_ready(smaller), backend.log
            seconds, steps = time.monotonic() - started, backend.steps
            answers[smaller], files[smaller] = backend.answers(), _files(backend)
            steps_before, started = backend.steps, time.monotonic()
            name_current(self._remote.store, whole)
            assert backend.wait_until_ready(whole), backend.log
            switch_s = time.monotonic() - started
            answers[whole], files[whole] = backend.answers(), _files(backend)
            switch_steps = backend.steps - steps_before
        finally:
            backend.stop()
        return _Undisturbed(seconds, steps, switch_s, switch_steps, answers, files)

    def _backend(self, name: str) -> KilledBackend:
        folder = self._folder / name
        return KilledBackend(self._remote.url, folder, [f"{folder}/cache/objects/"], self._remote.access)


def _files(backend: KilledBackend) -> set[str]:
    """The names in the cache, which are hashes; rows that wait are no copies and come and go.

    A folder of links is named after the cache folder, which is another here, so it goes by its number.
    """
    folders = sorted((backend.cache / "index-encoders").glob("*"))
    names = set()
    for path in (path.relative_to(backend.cache) for path in backend.cache.rglob("*") if path.is_file()):
        if path.parts[0] == "index-encoders":
            names.add(f"links {folders.index(backend.cache / path.parent)}: {path.name}")
        elif path.parts[0] != "query-journal":
            names.add(str(path))
    return names
