"""A back end among planted secrets: in its environment, in every part of requests, in the filings it has read.

All that it leaves behind is read again: its log, the errors it answers with, its metrics, its query log, its traces.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.canaries import CANARIES, Canary, Sighting, sightings
from tests.contract.served_stores import index_on_s3
from tests.local_processes import serve_backend
from tests.logged_queries import logged_rows
from tests.model_servers import Received, Reply, ScriptedModelServer
from tests.otlp_receiver import receive_traces
from tests.sample_index import SAMPLES, build_store

__all__ = ["Watched", "planted_settings", "send_secrets", "store_with_secrets", "watched_backend"]

_QUESTION = "What was Orquenna's revenue in fiscal 2024?"
_PROBLEM = 400


@dataclass(slots=True)
class Watched:
    """What was seen so far."""

    looked_at: int = 0
    found: list[Sighting] = field(default_factory=list)

    def look(self, place: str, content: str | bytes, planted: Iterable[Canary] = tuple(CANARIES.values())) -> None:
        """Search one piece of output."""
        self.looked_at += 1
        self.found += sightings(place, content, planted)

    def look_at_response(self, place: str, response: httpx.Response, planted: Iterable[Canary]) -> None:
        """Search the headers, and the body where it is an error: an answer may repeat the question it answers."""
        planted = tuple(planted)
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        self.look(f"headers of {place}", headers)
        is_error = response.status_code >= _PROBLEM
        others = [canary for canary in CANARIES.values() if is_error or canary not in planted]
        self.look(f"{response.status_code} of {place}", response.content, others)


def planted_settings() -> dict[str, str]:
    """Return an environment in which every setting that is secret is set, and some secrets of other programs."""
    settings = {
        "FINRAG_API_KEY": "key of this API",
        "FINRAG_API_KEY_PREVIOUS": "earlier key of this API",
        "FINRAG_ADMIN_KEY": "key of administrators",
        "CODING_AGENT_API_KEY": "key for the coding agent",
        "AWS_ACCESS_KEY_ID": "AWS access key id",
        "AWS_SECRET_ACCESS_KEY": "AWS secret access key",
        "AWS_SESSION_TOKEN": "AWS session token",
        "OPENAI_API_KEY": "OpenAI key",
        "QDRANT_API_KEY": "Qdrant key",
        "SEVALLA_API_TOKEN": "token of the platform",
        "OTEL_EXPORTER_OTLP_HEADERS": "collector's key",
        "DATABASE_URL": "password in a database's address",
        "GITHUB_TOKEN": "GitHub token",
        "ANTHROPIC_API_KEY": "Anthropic key",
        "HF_TOKEN": "Hugging Face token",
        "FINRAG_SHARED_REDIS": "password in Redis' address",
    }
    return {name: CANARIES[kind].text for name, kind in settings.items()}


def store_with_secrets(folder: Path, encoder_folder: Path) -> None:
    """Make a store of one sample filing in whose paragraphs all the secrets stand."""
    source = sorted(SAMPLES.iterdir())[0]
    paragraphs = "".join(f"<p>The plant in {name} uses {canary.text} daily.</p>" for name, canary in CANARIES.items())
    filings = folder.parent / "filings-with-secrets"
    filings.mkdir()
    text = source.read_text()
    assert "</body>" in text
    (filings / source.name).write_text(text.replace("</body>", f"{paragraphs}</body>"))
    build_store(folder, filings, encoder_folder)


@contextlib.contextmanager
def watched_backend(source: Path, folder: Path, endpoint: str, watched: Watched) -> Iterator[httpx.Client]:
    """Serve the index in `source` from S3, with a model that fails and repeats what it got; look at all in the end.

    The client sends the right key.
    """
    with index_on_s3(source, endpoint) as served, ScriptedModelServer() as model, receive_traces() as receiver:
        model.answer(_repeat_everything)
        settings = (
            dict(served.access)
            | planted_settings()
            | {
                "LOG_LEVEL": "debug",
                "FINRAG_MODEL": "openai",
                "OPENAI_BASE_URL": model.openai_url,
                "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
                "FINRAG_ANSWER_CACHE_MB": "0",
                "CODING_AGENT_URL": f"{model.url}/agent",
            }
        )
        headers = {"X-API-Key": settings["FINRAG_API_KEY"]}
        with (
            serve_backend(served.url, folder, access=settings) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=30, headers=headers) as client,
        ):
            yield client
            watched.look("metrics", client.get("/metrics").raise_for_status().content)
            watched.look("the OpenAPI document", client.get("/openapi.json").content)
        watched.look("the log", server.log.read_bytes())
        assert receiver.spans, "no trace was exported"
        for span in receiver.spans:
            watched.look("traces", str(span))
        _look_at_query_log(served.store, watched)
        _look_at_disk(folder, server.log, watched)


def _repeat_everything(request: Received) -> Reply:
    """The worst a provider can do: an error that has the caller's key and question in it."""
    said = f"bad key {request.headers.get('authorization')} for {json.dumps(dict(request.body))[:2000]}"
    return Reply(status=401, error="invalid_api_key", message=said)


def _look_at_query_log(store: ObjectStore, watched: Watched) -> None:
    rows = logged_rows(store)
    assert rows, "no query was logged"
    watched.look("the query log", "\n".join(str(row) for row in rows))
    for entry in store.list("logs/"):
        watched.look(f"the object {entry.key.split('/')[1]}", store.get(entry.key).data)


def _look_at_disk(folder: Path, log: Path, watched: Watched) -> None:
    """Search what the back end left on its disk beside the objects of the index, whose texts are the filings' own."""
    for path in folder.rglob("*"):
        if path.is_file() and path != log and not re.fullmatch(r"[0-9a-f]{64}", path.name):
            watched.look(f"the file {path.name}", path.read_bytes())


def send_secrets(client: httpx.Client, canaries: Iterable[Canary], watched: Watched) -> int:
    """Send each of the secrets in every place a request has; return how many requests that were."""
    sent = 0
    for canary in canaries:
        for place, request in _requests(canary):
            sent += 1
            with contextlib.suppress(httpx.LocalProtocolError):  # what this client refuses to send is not let in
                response = client.request(**{"method": "GET", **request})
                watched.look_at_response(place, response, [canary])
    return sent


def _requests(canary: Canary) -> Iterator[tuple[str, dict[str, Any]]]:
    line = re.sub(r"\s+", "", canary.text)
    for name in ("Authorization", "Cookie", "User-Agent", "Referer", "X-Forwarded-For", "traceparent", "X-Request-ID"):
        yield f"header {name}", {"url": "/catalog", "headers": {name: line}}
    yield "wrong key", {"url": "/catalog", "headers": {"X-API-Key": line}}
    yield "query string", {"url": "/facts", "params": {"tickers": "ORQ", "metrics": "revenue", "api_key": line}}
    for parameter in ("tickers", "metrics", "fiscal_years"):
        values = {"tickers": "ORQ", "metrics": "revenue"} | {parameter: line}
        yield f"parameter {parameter}", {"url": "/facts", "params": values}
    yield "wrong key of administrators", {"url": "/admin/fix/0123456789", "headers": {"X-Admin-Key": line}}
    yield "path", {"url": f"/passages/{httpx.URL('/').join(line).path.lstrip('/') or 'x'}"}
    yield "address nobody serves", {"url": f"/{line.rpartition('/')[2] or 'x'}"}
    yield "method", {"method": "PATCH", "url": f"/query?token={line}"}
    asked: dict[str, Any] = {"question": _QUESTION}
    bodies: dict[str, Any] = {
        "question": {"question": f"{_QUESTION} My key is {canary.text}"},
        "history": asked | {"history": [{"role": "user", "content": canary.text}]},
        "role of the history": asked | {"history": [{"role": line, "content": "And before?"}]},
        "filter": asked | {"filters": {"tickers": [line[:600]]}},
        "filter of years": asked | {"filters": {"fiscal_years": [line]}},
        "filter of forms": asked | {"filters": {"forms": [line]}},
        "filter of items": asked | {"filters": {"items": [line]}},
        "model": asked | {"model_key": line},
        "top_k": asked | {"top_k": line},
        "unknown field": asked | {line: 1},
        "value of an unknown field": asked | {"token": line},
        "switch": asked | {"include_kpi": line},
    }
    for place, body in bodies.items():
        yield place, {"method": "POST", "url": "/query", "json": body}
        yield f"{place}, streamed", {"method": "POST", "url": "/query/stream", "json": body}
    yield "no JSON", {"method": "POST", "url": "/query", "content": canary.text.encode()}
    yield (
        "compressed",
        {
            "method": "POST",
            "url": "/query",
            "content": gzip.compress(canary.text.encode()),
            "headers": {"Content-Encoding": "gzip"},
        },
    )
    told = {"request_id": "request-of-answer", "question": canary.text, "answer": canary.text, "comment": canary.text}
    admin = {"X-Admin-Key": CANARIES["key of administrators"].text}
    yield "report", {"method": "POST", "url": "/admin/fix", "json": told, "headers": admin}
    yield "wrong report", {"method": "POST", "url": "/admin/fix", "json": told | {"verdict": line}, "headers": admin}
    yield (
        "feedback",
        {
            "method": "POST",
            "url": "/feedback",
            "json": {"request_id": line, "verdict": line, "comment": canary.text},
        },
    )
