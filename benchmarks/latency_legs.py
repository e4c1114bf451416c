"""What distance costs: delays put on front end ↔ back end, back end ↔ S3 and back end ↔ model, and the round trips that
make them felt: `python -m benchmarks.latency_legs --store FOLDER --out benchmarks/latency_legs.json`.

All servers run here, on loopback: moto for S3, a scripted server for both kinds of language models. A delay is that of
one way, so a round trip takes twice as long; it is on one leg at a time. `--tables` prints two results side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from benchmarks.frontend_process import serve_frontend
from benchmarks.frontend_session import open_session
from benchmarks.latency_proxy import DelayedWay, Traffic, delayed
from benchmarks.latency_tables import tables
from benchmarks.measurement import hardware, written
from benchmarks.s3_stand_in import StandIn, global_keys, stand_in
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, Catalog
from finrag_ml_tg1.index.manifest import part_key, version_key
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.frontend.api_client import BackendClient
from serving.frontend.contract.query import Query
from serving.frontend.contract.stream_events import Words
from tests.faults.proxy import FaultProxy
from tests.local_processes import Server, serve_backend
from tests.model_servers import ScriptedModelServer

DELAYS_MS = (0, 1, 20, 80)
_REPEATS = 5
_EXTRACTIVE, _OPENAI, _BEDROCK = "extractive", "development", "production_balanced"
_COMMAND = "python -m benchmarks.latency_legs --store FOLDER --out benchmarks/latency_legs.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions that a store answers: numbers of one company and of all, words of all and of the one, none twice."""

    change: str
    ranking: str
    open: str
    more: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a folder store with an index")
    parser.add_argument("--delays", type=int, nargs="+", default=DELAYS_MS, help="milliseconds of one way")
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    parser.add_argument("--tables", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="print two results' tables")
    arguments = parser.parse_args()
    if arguments.tables:
        print(tables(*(json.loads(path.read_text(encoding="utf-8")) for path in arguments.tables)))
    elif arguments.store:
        written(measure(arguments.store, arguments.delays), arguments.out)
    else:
        parser.error("name a --store, or two results with --tables")


def measure(store: Path, delays_ms: Sequence[int]) -> dict[str, Any]:
    """Return milliseconds and round trips of each leg at each delay."""
    asked = _questions(store)
    with stand_in() as s3, ScriptedModelServer() as model, tempfile.TemporaryDirectory(prefix="latency-") as name:
        folder = Path(name)
        s3.put_from(store, [*global_keys(store), *_part_keys(store)])
        of_s3 = {ms: _of_s3(s3, folder / f"s3-{ms}", asked, ms) for ms in delays_ms}
        with _backend(s3.endpoint, s3, folder / "warm", model.url) as (backend, to_model):
            _ask_all(backend.url, asked)
            of_model = {ms: _of_model(backend, to_model, asked, ms) for ms in delays_ms}
            of_front = {ms: _of_front(backend, folder, asked, ms) for ms in delays_ms}
    return {
        "command": _COMMAND,
        "hardware": hardware(),
        "delay": "milliseconds of one way; a round trip is two",
        "store": _described(store),
        "s3": of_s3,
        "model": of_model,
        "front": of_front,
    }


def _questions(store: Path) -> Asked:
    version = current_version(LocalFolderStore(store))
    catalog = Catalog.from_parquet(
        *((store / version_key(version, each)).read_bytes() for each in (FILINGS_FILE, PARTS_FILE))
    )
    company = max(catalog.companies, key=lambda each: (len(each.fiscal_years), each.cik))
    first, last = min(company.fiscal_years), max(company.fiscal_years)
    name = company.name.partition(",")[0]
    topics = (
        "competition",
        "suppliers",
        "its employees",
        "cybersecurity",
        "its properties",
        "legal proceedings",
        "taxes",
    )
    more = tuple(f"What does {name} say about {topic} in {last}?" for topic in topics)
    return Asked(
        f"How did {name}'s revenue change from {first} to {last}?",
        f"Which company had the highest revenue in {last}?",
        "Which companies name competition as a risk?",
        more,
    )


def _described(store: Path) -> dict[str, float]:
    keys = _part_keys(store)
    return {"parts": len(keys), "parts_mb": round(sum((store / key).stat().st_size for key in keys) / 1e6, 1)}


def _part_keys(store: Path) -> list[str]:
    version = current_version(LocalFolderStore(store))
    return [part_key(sha256) for sha256 in pl.read_parquet(store / version_key(version, PARTS_FILE))["sha256"].unique()]


@contextmanager
def _backend(s3_url: str, s3: StandIn, folder: Path, model_url: str = "") -> Iterator[tuple[Server, DelayedWay]]:
    """Run a back end whose answers are not kept; its models are behind a way of their own."""
    settings = {name: value for name, value in s3.environment().items() if name != "FINRAG_STORE"}
    settings |= {"AWS_ENDPOINT_URL_S3": s3_url, "FINRAG_ANSWER_CACHE_MB": "0", "LOG_LEVEL": "warning"}
    settings |= {"FINRAG_REFRESH_S": "600"}
    with delayed(model_url or "http://127.0.0.1:9") as to_model:
        if model_url:
            settings |= {"FINRAG_MODEL": "bedrock", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": to_model.url}
            settings |= {"OPENAI_BASE_URL": f"{to_model.url}/v1"}
        with serve_backend(s3.environment()["FINRAG_STORE"], folder, access=settings) as server:
            yield server, to_model


def _of_s3(s3: StandIn, folder: Path, asked: Asked, delay_ms: int) -> dict[str, Any]:
    """From an empty cache: the start, the first question of a company, the first of all, and then with a full one."""
    found: dict[str, Any] = {}
    store = s3.open()
    # moto closes the connection after each answer, as no S3 service does; this one keeps it.
    kept = FaultProxy(s3.endpoint)
    with closing(kept), closing(store), delayed(kept.endpoint, delay_ms) as way:
        for key in [entry.key for entry in store.list("logs/")]:
            store.delete(key)
        for kind in ("cold", "warm"):
            began = time.perf_counter()
            with _backend(way.url, s3, folder) as (backend, _), httpx.Client(base_url=backend.url, timeout=120) as http:
                found[f"{kind} start"] = _told(_since(began), way.taken())
                time.sleep(1.0 + 20 * delay_ms / 1000)  # what was used before is read meanwhile, aside
                found[f"{kind} start, aside"] = _told(0, way.taken())
                questions = {
                    "of a company": asked.change,
                    "in words, of all": asked.open,
                    "of all companies": asked.ranking,
                    "again": asked.change,
                }
                for which, text in questions.items():
                    ms = _post_ms(http, text)
                    found[f"{kind}, question {which}"] = _told(ms, way.taken())
            way.taken()
    return found


def _of_model(backend: Server, way: DelayedWay, asked: Asked, delay_ms: int) -> dict[str, Any]:
    """Answers in a model's words: the first after a while, and those that follow."""
    way.delay_ms = delay_ms
    found: dict[str, Any] = {}
    with closing(BackendClient(backend.url)) as client:
        for name, key in {"OpenAI-compatible": _OPENAI, "Bedrock": _BEDROCK}.items():
            way.taken()
            taken = [_streamed(client, text, key) for text in asked.more[:_REPEATS]]
            traffic = way.taken()
            found[name] = {
                "first_words_ms": _median(each["first_words_ms"] for each in taken[1:]),
                "whole_ms": _median(each["whole_ms"] for each in taken[1:]),
                "questions": len(taken),
                "connects": traffic.connects,
                "requests": len(traffic.requests),
            }
    way.delay_ms = 0
    return found


def _of_front(backend: Server, folder: Path, asked: Asked, delay_ms: int) -> dict[str, Any]:
    """The chat's client, a program's `POST /query`, and the chat's pages."""
    found: dict[str, Any] = {}
    with delayed(backend.url, delay_ms) as way:
        with closing(BackendClient(way.url)) as client:
            first = _streamed(client, asked.more[0], _EXTRACTIVE)
            found["chat, first question"] = first | _round_trips(way.taken())
            taken = [_streamed(client, text, _EXTRACTIVE) for text in asked.more[1 : 1 + _REPEATS]]
            found["chat, next questions"] = _medians(taken) | _round_trips(way.taken(), len(taken))
        with httpx.Client(base_url=way.url, timeout=120) as http:
            _post_ms(http, asked.more[0])
            way.taken()
            ms = [_post_ms(http, text) for text in asked.more[1 : 1 + _REPEATS]]
            found["POST /query, connection kept"] = {"whole_ms": _median(ms)} | _round_trips(way.taken(), len(ms))
        ms = []
        for text in asked.more[1 : 1 + _REPEATS]:
            with httpx.Client(base_url=way.url, timeout=120) as http:
                ms.append(_post_ms(http, text))
        found["POST /query, new connection"] = {"whole_ms": _median(ms)} | _round_trips(way.taken(), len(ms))
        with serve_frontend(way.url, folder / f"frontend-{delay_ms}.log", LOG_LEVEL="warning") as frontend:
            found |= asyncio.run(_pages(frontend.url, way, asked))
    return found


async def _pages(url: str, way: DelayedWay, asked: Asked) -> dict[str, Any]:
    found = {}
    for visit in ("first page of the process", "page of another reader"):
        async with open_session(url) as session:
            turn = await session.load()
            found[visit] = {"whole_ms": round(turn.seconds * 1000)} | _round_trips(way.taken())
            if visit.startswith("first"):
                continue
            for which, text in (("first", asked.more[0]), ("next", asked.more[1])):
                turn = await session.ask(text)
                if turn.failure:
                    raise SystemExit(f"the page could not be asked: {turn.failure}")
                found[f"{which} question on the page"] = {"whole_ms": round(turn.seconds * 1000)} | _round_trips(
                    way.taken()
                )
    return found


def _ask_all(url: str, asked: Asked) -> None:
    with httpx.Client(base_url=url, timeout=120) as http:
        for text in (asked.change, asked.ranking, asked.open, *asked.more):
            _post_ms(http, text)


def _post_ms(http: httpx.Client, text: str) -> float:
    began = time.perf_counter()
    http.post("/query", json={"question": text, "model_key": _EXTRACTIVE}).raise_for_status()
    return _since(began)


def _streamed(client: BackendClient, text: str, model_key: str) -> dict[str, float]:
    """Ask as the chat does; the milliseconds to the first event, to the first words and to the whole answer."""
    began = time.perf_counter()
    taken: dict[str, float] = {}
    for event in client.open_answer(Query(text, model_key=model_key)):
        taken.setdefault("first_event_ms", _since(began))
        if isinstance(event, Words):
            taken.setdefault("first_words_ms", _since(began))
    taken["whole_ms"] = _since(began)
    return taken


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _told(ms: float, traffic: Traffic) -> dict[str, Any]:
    kinds = Counter(request.partition(" ")[0] for request in traffic.requests)
    return {"ms": ms, "connects": traffic.connects, "requests": len(traffic.requests), "by_method": dict(kinds)}


def _round_trips(traffic: Traffic, questions: int = 1) -> dict[str, Any]:
    called = Counter(traffic.requests)
    each = {"connects": traffic.connects, "requests": len(traffic.requests)}
    return {name: round(count / questions, 2) for name, count in each.items()} | {"called": dict(called)}


def _medians(taken: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: _median(each[name] for each in taken) for name in taken[0]}


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 1)


if __name__ == "__main__":
    main()
