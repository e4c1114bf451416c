"""What the front-end process takes, free and inside its pod: `python -m benchmarks.frontend_pod [--store FOLDER]`.

The pod is a control group with hard limits of 512 MiB and 0.25 CPU; where none can be written (that needs root), the
result says so and its figures are those of a free process. The back end runs outside the pod, on the sample filings
unless a store is named, and keeps no answers. Each group of figures has a front end of its own; the result is written
to benchmarks/frontend_pod.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.frontend_browser import ask, launched, opened
from benchmarks.frontend_load import draw_questions, run_sessions
from benchmarks.frontend_process import Frontend, serve_frontend
from benchmarks.frontend_session import open_session
from benchmarks.pod_limits import PodLimits, limited, why_not_limited
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from tests.local_processes import serve_backend
from tests.sample_index import SAMPLES, build_store

RESULT = Path(__file__).with_suffix(".json")
MEMORY_MB, CPUS = 512, 0.25
GOALS = {
    "healthy_s": 2,
    "idle_rss_mb": 70,
    "charted_session_rss_mb": 200,
    "sessions_rss_mb": 260,
    "input_visible_s": 4,
    "first_source_s": 1.5,
}
_IDLE_AFTER_S = 3.0
_READING_S = 1.0

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", help="a store that holds an index; the sample filings are indexed without it")
    parser.add_argument("--repeats", type=int, default=5, help="starts and first visits")
    parser.add_argument("--sessions", type=int, default=25)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    load_average = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store = arguments.store or _index_samples(folder / "store")
        with serve_backend(store, folder / "backend", FINRAG_ANSWER_CACHE_MB="0", LOG_LEVEL="warning") as backend:
            catalog = httpx.get(f"{backend.url}/catalog", trust_env=False, timeout=60).raise_for_status().json()
            measure = _Measure(backend.url, catalog["companies"], folder / "frontend.log")
            result = {
                "date": datetime.now(UTC).date().isoformat(),
                "command": shlex.join(["python", "-m", "benchmarks.frontend_pod", *sys.argv[1:]]),
                "hardware": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
                # Above what one process makes (1), others had a share of the processor.
                "load_average_at_start": load_average,
                "goals": GOALS,
                "free": measure.starts(arguments.repeats),
                "one_session": measure.one_session(arguments.turns),
                "pod": {
                    "limits": measure.obstacle or f"{MEMORY_MB} MiB, {CPUS} CPU",
                    **measure.starts(arguments.repeats, in_pod=True),
                    "visits": measure.visits(arguments.repeats),
                    "sessions": measure.sessions(arguments.sessions, arguments.turns),
                },
            }
    text = json.dumps(result, indent=1)
    print(text)
    arguments.out.write_text(f"{text}\n", encoding="utf-8")


class _Measure:
    """Starts a front end for each group of figures."""

    def __init__(self, backend_url: str, companies: Sequence[Json], log: Path) -> None:
        self._backend_url = backend_url
        self._companies = companies
        self._log = log
        self.obstacle = why_not_limited()

    def starts(self, repeats: int, *, in_pod: bool = False) -> Json:
        """Start several times: seconds to a healthy process, and what it takes before anyone has come."""
        healthy_s, idle_mb, cpu_s = [], [], []
        for _ in range(repeats):
            with self._served(in_pod=in_pod) as (frontend, _limits):
                healthy_s.append(frontend.healthy_s)
                cpu_s.append(frontend.cpu_s())
                time.sleep(_IDLE_AFTER_S)
                idle_mb.append(frontend.rss_mb())
        return {
            "starts": repeats,
            "healthy_s": _spread(healthy_s),
            "cpu_to_healthy_s": _spread(cpu_s),
            "idle_rss_mb": max(idle_mb),
        }

    def one_session(self, turns: int) -> Json:
        """One session of the same questions in a browser and without one: both should cost the process the same."""
        questions = draw_questions(0, turns, self._companies)
        with self._served() as (frontend, _), launched() as browser, opened(browser, frontend.url) as visit:
            asked = [ask(visit.page, question, turn) for turn, question in enumerate(questions, start=1)]
            browsed = {"messages": len(visit.frames), "bytes": sum(frame.ByteSize() for frame in visit.frames)}
            browsed |= {"rss_mb": frontend.rss_mb(), "answered_s": _spread([each.answered_s for each in asked])}
        with self._served() as (frontend, _):
            turned = asyncio.run(_read_alone(frontend.url, questions))
            turned["rss_mb"] = frontend.rss_mb()
        return {"turns": turns, "browser": browsed, "without_browser": turned}

    def visits(self, repeats: int) -> Json:
        """First visits with an empty cache, one after the other, each with a charted question and two others."""
        paints, inputs, sources, answers = [], [], [], []
        with self._served(in_pod=True) as (frontend, limits), launched() as browser:
            time.sleep(_IDLE_AFTER_S)
            for number in range(repeats):
                with opened(browser, frontend.url) as visit:
                    paints.append(visit.first_contentful_paint_s)
                    inputs.append(visit.input_visible_s)
                    for turn, question in enumerate(draw_questions(number, 3, self._companies), start=1):
                        # A reader reads before the next question; the pod has time to come to rest.
                        time.sleep(_READING_S)
                        asked = ask(visit.page, question, turn)
                        answers.append(asked.answered_s)
                        sources += [asked.first_source_s] if asked.first_source_s is not None else []
                    visit.page.wait_for_timeout(_READING_S * 1000)
                if number == 0:
                    after_first: Json = {"charted_session_rss_mb": frontend.rss_mb()}
                    after_first["heavy_libraries"] = frontend.heavy_libraries()
            return {
                "visits": repeats,
                "first_contentful_paint_s": _spread(paints),
                "input_visible_s": _spread(inputs),
                "questions_with_sources": len(sources),
                "first_source_s": _spread(sources),
                "answered_s": _spread(answers),
                **after_first,
                **_pod_figures(frontend, limits),
            }

    def sessions(self, sessions: int, turns: int) -> Json:
        """Many sessions at once, each asking on as soon as it has its answer."""
        with self._served(in_pod=True) as (frontend, limits):
            started = time.monotonic()
            load = asyncio.run(run_sessions(frontend.url, self._companies, sessions, turns))
            seconds = time.monotonic() - started
            return {
                "sessions": sessions,
                "turns": turns,
                "seconds": round(seconds),
                "cpu_s": round(frontend.cpu_s(), 1),
                "answered": len(load.turns),
                "refused_and_asked_again": load.refused,
                "charted_sessions": load.charted,
                "failures": load.failures,
                "sessions_rss_mb": frontend.peak_rss_mb(),
                "answered_s": _spread([turn.seconds for turn in load.turns]),
                "heavy_libraries": frontend.heavy_libraries(),
                **_pod_figures(frontend, limits),
            }

    @contextmanager
    def _served(self, *, in_pod: bool = False) -> Iterator[tuple[Frontend, PodLimits | None]]:
        with (
            limited(MEMORY_MB, CPUS) if in_pod and not self.obstacle else nullcontext() as limits,
            serve_frontend(self._backend_url, self._log, limits) as frontend,
        ):
            yield frontend, limits


async def _read_alone(url: str, questions: Sequence[str]) -> Json:
    async with open_session(url) as session:
        turns = [await session.load()] + [await session.ask(question) for question in questions]
    return {
        "messages": sum(turn.messages.total() for turn in turns),
        "bytes": sum(turn.received_bytes for turn in turns),
        "answered_s": _spread([turn.seconds for turn in turns[1:]]),
    }


def _pod_figures(frontend: Frontend, limits: PodLimits | None) -> Json:
    pod = {"pod_peak_mb": limits.peak_mb(), "killed": limits.kills()} if limits else {}
    return {"peak_rss_mb": frontend.peak_rss_mb(), **pod}


def _spread(values: Sequence[float]) -> Json:
    return {"p50": round(statistics.median(values), 2), "worst": round(max(values), 2)}


def _index_samples(folder: Path) -> str:
    folder.mkdir()
    build_store(folder, SAMPLES, ensure_encoder(Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache"))))
    return str(folder)


if __name__ == "__main__":
    main()
