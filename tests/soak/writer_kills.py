"""`finrag ingest`, `finrag index` and `finrag publish` killed again and again: readers and later runs must not notice.

A round fills a store in two stages, the second with one filing changed and one added, and publishes each. Each command
is killed several times before it may finish, and what it then left is compared with an undisturbed round.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import FinRAGError
from tests.soak.kill_tally import KillTally
from tests.soak.random_kill import NEVER, chosen_moment, start_program, steps_done, wait_for_end
from tests.soak.store_checks import index_leftovers, leftovers, opened_version, table_faults, tables_digest
from tests.unit.filings.documents import filing_html

__all__ = ["WRITERS", "WriterKills"]

WRITERS = ("ingest", "index", "publish")
_IMPORTS_SHARE = 0.3  # of the time: before that, nothing is written that a kill could halve


@dataclass(frozen=True, slots=True)
class _Job:
    """A command in its place in a round, and what an undisturbed run of it takes and makes."""

    target: str
    stage: int
    seconds: float
    steps: int
    tables: str
    version: str | None


class WriterKills:
    """Rounds of kills in `folder`."""

    def __init__(
        self,
        folder: Path,
        tally: KillTally,
        chooser: random.Random,
        *,
        targets: Sequence[str] = WRITERS,
        stages: int = 2,
    ) -> None:
        self._folder = folder
        self._tally = tally
        self._chooser = chooser
        self._filings = _write_filings(folder / "filings")
        self._rounds = 0
        # What the latest run took that ended by itself: the machine may have others to serve.
        self._seconds: dict[_Job, float] = {}
        self._jobs = [self._undisturbed(target, stage) for stage in range(stages) for target in targets]

    def run_round(self, kills_of_a_command: int) -> None:
        """Kill each command of a round so many times, and check its end."""
        self._rounds += 1
        round_folder = self._folder / f"round-{self._rounds}"
        allowed: dict[Path, set[str | None]] = {}
        for job in self._jobs:
            moment = f"round {self._rounds}, stage {job.stage + 1}, {job.target}"
            store = _written(round_folder, job.target)
            seen = allowed.setdefault(store, {None})
            if job.target != "ingest":
                seen.add(job.version)
            self._kill(job, round_folder, kills_of_a_command, seen, moment)
            self._finish(job, round_folder, seen, moment)
        self._count_leftovers(round_folder, f"round {self._rounds}")
        shutil.rmtree(round_folder)

    def _kill(self, job: _Job, folder: Path, times: int, allowed: set[str | None], moment: str) -> None:
        left = job.steps
        for _ in range(times):
            seconds = self._seconds.get(job, job.seconds)
            earliest = seconds * _IMPORTS_SHARE
            chosen = chosen_moment(self._chooser, steps=left, earliest_s=earliest, latest_s=seconds)
            code = self._run(job, folder, allowed, moment, step=chosen.step, after_s=chosen.after_s)
            if code == 0:
                self._tally.checks["faster than the kill"] += 1
            elif code > 0:
                self._tally.needed_hands(f"a later {job.target} ended with {code}", moment)
            else:
                self._tally.kills[job.target] += 1
                done = steps_done(folder / "steps")
                self._tally.checks[f"{job.target} after its first step"] += done > 0
                left -= done
            self._read(job, folder, allowed, moment)

    def _finish(self, job: _Job, folder: Path, allowed: set[str | None], moment: str) -> None:
        if self._run(job, folder, allowed, moment) != 0:
            self._tally.needed_hands(f"the last {job.target} did not succeed", moment)
        store = _written(folder, job.target)
        if job.target == "ingest":
            if tables_digest(store) != job.tables:
                self._tally.lost("the tables are not those of an undisturbed run", moment)
        else:
            if self._read(job, folder, allowed, moment) != job.version:
                self._tally.lost("the index is not that of an undisturbed run", moment)
            allowed.clear()
            allowed.add(job.version)

    def _run(
        self,
        job: _Job,
        folder: Path,
        allowed: set[str | None],
        moment: str,
        *,
        step: int = NEVER,
        after_s: float = 180.0,
    ) -> int:
        started = time.monotonic()
        process = self._start(job.target, job.stage, folder, step)
        code = wait_for_end(process, lambda: self._read(job, folder, allowed, moment), after_s)
        if code == 0:
            self._seconds[job] = time.monotonic() - started
        return code

    def _start(self, target: str, stage: int, folder: Path, step: int = NEVER) -> subprocess.Popen[bytes]:
        arguments = {
            # In this process alone, and in several.
            "ingest": [
                "ingest",
                str(self._filings[stage]),
                "--workers",
                f"{stage + 1}",
                "--store",
                f"{folder / 'store'}",
            ],
            "index": ["index", "--store", str(folder / "store")],
            "publish": ["publish", "--from", str(folder / "store"), "--to", str(folder / "target")],
        }[target]
        return start_program("finrag", arguments, step, [f"{_written(folder, target)}/"], folder / "steps")

    def _read(self, job: _Job, folder: Path, allowed: set[str | None], moment: str) -> str | None:
        """What a reader sees now; half-written things and versions that may not be there are found."""
        store = _written(folder, job.target)
        try:
            version = opened_version(store, folder / "scratch")
            faults = table_faults(store) if job.target == "ingest" else []
        except (FinRAGError, AssertionError) as error:
            what = f"a reader got {type(error).__name__}: {error}"[:200].replace(str(folder), "FOLDER")
            self._tally.half_visible(what, moment)
            return None
        self._tally.checks["reads"] += 1
        for fault in faults:
            self._tally.half_visible(fault, moment)
        if version not in allowed:
            self._tally.lost("a reader got a version that may not be there, or none where there was one", moment)
        elif version is not None:
            allowed.discard(None)
        return version

    def _count_leftovers(self, folder: Path, moment: str) -> None:
        """Half-written files must go by themselves; `finrag index --gc` removes what no version names."""
        versions = len({job.version for job in self._jobs if job.version})
        for store in {_written(folder, job.target) for job in self._jobs}:
            left = leftovers(store) | (index_leftovers(store, versions) if versions else {})
            if left["half_written_files"]:
                self._tally.litter("half-written files stay in a store", moment)
            for what in ("objects_no_row_names", "unreferenced_objects"):
                self._tally.checks[f"left behind: {what}"] += left.get(what, 0)

    def _undisturbed(self, target: str, stage: int) -> _Job:
        folder = self._folder / "undisturbed"
        started = time.monotonic()
        process = self._start(target, stage, folder)
        code = wait_for_end(process)
        assert code == 0, (folder / "steps.log").read_text()
        seconds, store = time.monotonic() - started, _written(folder, target)
        tables = tables_digest(store) if target == "ingest" else ""
        version = opened_version(store, folder / "scratch") if target != "ingest" else None
        return _Job(target, stage, seconds, steps_done(folder / "steps"), tables, version)


def _written(folder: Path, target: str) -> Path:
    """The store that a command writes to."""
    return folder / ("target" if target == "publish" else "store")


def _write_filings(folder: Path) -> list[Path]:
    """Small filings of one company: three, and then four, of which one is another than before."""
    folders = []
    for stage, years in enumerate((range(2020, 2023), range(2020, 2024))):
        folders.append(folder / str(stage))
        folders[-1].mkdir(parents=True)
        for year in years:
            lines = "".join(_lines(year, is_changed=bool(stage) and year == years[0]))
            body = f"<p><b>Item 1. Business</b></p>{lines}"
            (folders[-1] / f"9990000100-{year % 100:02d}-000001.html").write_bytes(filing_html(year=year, body=body))
    return folders


def _lines(year: int, *, is_changed: bool) -> Iterator[str]:
    for line in range(60):
        yield f"<p>In {year} we sold plain example {line} to others, who were content with it.</p>"
    if is_changed:
        yield "<p>A closing remark stands here now.</p>"
