"""What logs, metrics and traces cost a request: `python -m benchmarks.observability_overhead [--out R.json]`.

CPU microseconds of this process for a request that does nothing else, with and without them, by turns; the least of
many rounds each, because others may use the machine. Lines go to /dev/null, spans are made and thrown away.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.measurement import hardware, written
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.query_measures import QueryMeasures
from serving.backend.query_record import QueryRecord, StageTime
from serving.http.logs import JsonLines, LogHandler
from serving.http.observability import Observability
from serving.http.observed_requests import ObservedRequests
from serving.http.redaction import Redaction, secrets_of
from serving.http.request_id import RequestId

REQUESTS = 300
ROUNDS = 40
# An answer takes so many milliseconds of a core, see benchmarks/results of answer_throughput.
ANSWER_MS = 15.0
_STAGES = {"understanding": 1.31, "facts": 2.42, "passages": 7.9, "answer": 2.2, "page": 0.3}


class _Route:
    """Stands for FastAPI's."""

    path = "/query"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    config = MLConfig(
        api_key=SecretStr("0123456789abcdef"),
        openai_api_key=SecretStr("sk-0123456789abcdef0123456789"),
        aws_access_key_id=SecretStr("AKIAIOSFODNN7EXAMPLE"),
        aws_secret_access_key=SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    )
    redaction = Redaction(secrets_of(config, {}))
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        handler = LogHandler(nowhere)
        handler.setFormatter(JsonLines(redaction))
        root = logging.getLogger()
        root.handlers, root.level = [handler], logging.INFO
        cases = {
            "nothing": RequestId(_answer()),
            "logs and metrics": _observed(config),
            "logs, metrics and traces": _observed(config.model_copy(update={"otlp_endpoint": "http://127.0.0.1:1"})),
        }
        least_us = asyncio.run(_measured(cases))
        line_us = _least(lambda: _log_line(handler))
    bare = least_us.pop("nothing")
    written(
        {
            "cpu_us_of_a_request": {name: round(value - bare, 1) for name, value in least_us.items()},
            "share_of_an_answer": {
                name: round((value - bare) / 1000 / ANSWER_MS, 4) for name, value in least_us.items()
            },
            "cpu_us_of_a_log_line": round(line_us, 1),
            "answer_ms": ANSWER_MS,
            "hardware": hardware(),
        },
        arguments.out,
    )


def _observed(config: MLConfig) -> ASGIApp:
    observability = Observability(config, "benchmark")
    measures = QueryMeasures(observability.registry)
    application = ObservedRequests(_answer(measures), observability.requests, observability.tracing)
    return RequestId(application)


def _answer(measures: QueryMeasures | None = None) -> ASGIApp:
    record = QueryRecord(
        "0123456789abcdef",
        datetime.now(UTC),
        "answered",
        15.2,
        50,
        "extractive",
        timings_ms=tuple(StageTime(*pair) for pair in _STAGES.items()),
        index_version="4f72d0d368b6f431",
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _Route
        if measures is not None:
            measures.enter(record)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return application


async def _measured(cases: dict[str, ASGIApp]) -> dict[str, float]:
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, application in cases.items():
            began = time.process_time()
            for _ in range(REQUESTS):
                await _ask(application)
            least[name] = min(least[name], (time.process_time() - began) / REQUESTS * 1e6)
    return least


async def _ask(application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/query", "headers": []}

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        return

    await application(scope, receive, send)


def _log_line(handler: LogHandler) -> None:
    query = {"status": "answered", "model": "extractive", "input_tokens": 0, "stages_ms": _STAGES}
    extra = {"method": "POST", "route": "/query", "status": 200, "duration_ms": 15.2, "query": query}
    handler.emit(logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "POST /query 200", **extra}))


def _least(work: Callable[[], None]) -> float:
    least = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            work()
        least = min(least, (time.process_time() - began) / REQUESTS * 1e6)
    return least


if __name__ == "__main__":
    main()
