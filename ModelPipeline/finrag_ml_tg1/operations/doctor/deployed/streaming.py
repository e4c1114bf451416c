"""The check that answers really stream: events arrive while the back end works, not all together at its end."""

from __future__ import annotations

from dataclasses import dataclass

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.deployed.backend import key_header
from finrag_ml_tg1.operations.doctor.deployed.event_stream import Stream, StreamError, ask_streaming
from finrag_ml_tg1.operations.doctor.http_answers import get

__all__ = ["check_streaming"]

# An answer that took the back end less cannot show whether its events were held back.
_TELLING_MS = 30.0
_QUESTIONS = 3
_SLOW_MS = 3000.0
_CATALOG_BYTES = 32_000_000
_UNBUFFERED = "switch buffering (and compression) of text/event-stream off in the proxy or CDN before the back end"


@dataclass(frozen=True, slots=True)
class _Times:
    """Of one answer: when its first and its last event arrived, and how long the back end says it worked, in ms."""

    first: float
    last: float
    worked: float

    @property
    def is_held_back(self) -> bool:
        return self.worked >= _TELLING_MS and self.last - self.first < self.worked / 2


def check_streaming(url: str, config: MLConfig) -> Finding:
    """Ask about companies of its index, without a language model, until one answer takes long enough to tell."""
    key = key_header(url, config)
    names = _companies(url, key)
    if not names:
        return failed("GET /catalog names no company to ask about", "look at its log")
    times: list[_Times] = []
    for name in names:
        question = {"question": f"What are the main risks of {name}?", "model_key": "extractive"}
        stream = ask_streaming(url, question, key)
        if wrong := _what_is_wrong(stream):
            return wrong
        times.append(_times(stream))
        if times[-1].worked >= _TELLING_MS:
            break
    told = times[-1]
    if told.is_held_back:
        return failed(
            f"events are held back: the back end worked {told.worked:.0f} ms, and all of its events arrived within "
            f"{told.last - told.first:.0f} ms at the end",
            _UNBUFFERED,
        )
    found = f"the first event arrives after {told.first:.0f} ms, the whole answer after {told.last:.0f} ms"
    if told.last > _SLOW_MS:
        return warning(found, "a first question reads its company from the store: ask again; then look at CPU and size")
    if told.worked < _TELLING_MS:
        return ok(f"{found}; too fast to tell whether a proxy holds events back")
    return ok(f"{found}: it streams")


def _companies(url: str, key: dict[str, str]) -> list[str]:
    """Return the names of a few companies, none where there is no catalog."""
    answer = get(f"{url}/catalog", key, most_bytes=_CATALOG_BYTES)
    listed = (answer.object() or {}).get("companies", [])
    return [company["name"] for company in listed[:: max(1, len(listed) // _QUESTIONS)]][:_QUESTIONS]


def _what_is_wrong(stream: Stream) -> Finding | None:
    if stream.status == 429:
        return warning("it is busy, or too many questions were asked (429)", "try again in a minute")
    if stream.status != 200:
        return failed(f"POST /query/stream answers {stream.status}", "look at its log")
    if not stream.events:
        kind = stream.headers.get("content-type", "")
        return failed(f"POST /query/stream is answered without events ({kind or 'no content type'})", _UNBUFFERED)
    if "content-length" in stream.headers:
        return failed("the whole answer was collected before it was passed on (it has a Content-Length)", _UNBUFFERED)
    names = [event.name for event in stream.events]
    if names[-1] == "error":
        raise StreamError(f"the answer ended with an error: {stream.events[-1].object().get('detail', 'not told')}")
    if names[0] != "status" or names[-1] != "done":
        return failed(
            f"events came as {names[0]} … {names[-1]}, expected status … done",
            "a proxy ends long answers, or the back end was stopped meanwhile: look at both logs",
        )
    return None


def _times(stream: Stream) -> _Times:
    done = stream.events[-1]
    worked = done.object().get("metadata", {}).get("processing_time_ms", 0.0)
    return _Times(stream.events[0].ms, done.ms, float(worked))
