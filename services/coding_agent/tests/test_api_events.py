"""A job as a stream of events, over the real server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from coding_agent.api import events
from coding_agent.jobs.job import JobStatus, Stage
from coding_agent.tests.api_samples import Running, running, some_settings
from coding_agent.tests.job_samples import a_job

_numbers = iter(range(1, 1000))


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(events, "_POLL_S", 0.02)
    monkeypatch.setattr(events, "_HEARTBEAT_S", 0.1)
    with running(some_settings(tmp_path_factory.mktemp("api"))) as service:
        yield service


def _running_job(api: Running) -> str:
    api.store.submit(a_job(next(_numbers)))
    job = api.store.claim("w", 300)
    assert job is not None
    return job.id


def _read(lines: Iterator[str]) -> Iterator[tuple[str, Any, str | None]]:
    """Events as the standard reads them: name, data, id; comments are told as `comment`."""
    name, data, event_id = "", "", None
    for line in lines:
        if not line:
            if name:
                yield name, json.loads(data), event_id
            name, data, event_id = "", "", None
        elif line.startswith(":"):
            yield "comment", line[1:].strip(), None
        else:
            field, _, value = line.partition(": ")
            name = value if field == "event" else name
            data = value if field == "data" else data
            event_id = value if field == "id" else event_id


def _stream(api: Running, job_id: str, **headers: str) -> list[tuple[str, Any, str | None]]:
    with api.client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-request-id"]
        return list(_read(answer.iter_lines()))


def test_lines_and_states_arrive_while_a_job_runs_and_the_stream_ends_with_it(api: Running) -> None:
    job_id = _running_job(api)
    api.store.append_log(job_id, ["one"])

    def work() -> None:
        time.sleep(0.3)
        api.store.update(job_id, "w", stage=Stage.EDIT)
        api.store.append_log(job_id, ["two", "three\u2028with strange breaks"])
        time.sleep(0.1)
        api.store.append_log(job_id, ["last"])
        api.store.finish(job_id, "w", JobStatus.SUCCESS)

    worker = threading.Thread(target=work)
    worker.start()
    got = _stream(api, job_id)
    worker.join()
    logged = [(event_id, data["text"]) for name, data, event_id in got if name == "log"]
    assert [event_id for event_id, _ in logged] == [str(line.number) for line in api.store.read_log(job_id)]
    assert [text for _, text in logged] == [line.text for line in api.store.read_log(job_id)]
    states = [(data["status"], data["stage"]) for name, data, _ in got if name == "status"]
    assert states[0] == ("running", "fetch") or states[0] == ("running", None)
    assert ("running", "edit") in states
    assert states[-1][0] == "success"
    assert got[-1][:2] == ("end", {"status": "success"})
    assert "comment" in {name for name, _, _ in got}


def test_a_stream_goes_on_after_the_last_event_that_was_seen(api: Running) -> None:
    job_id = _running_job(api)
    api.store.append_log(job_id, [f"line {number}" for number in range(1, 6)])
    api.store.finish(job_id, "w", JobStatus.NO_CHANGES)
    got = _stream(api, job_id, **{"Last-Event-ID": "3"})
    assert [data["number"] for name, data, _ in got if name == "log"] == [4, 5]
    assert len([1 for name, _, _ in _stream(api, job_id, **{"Last-Event-ID": "nonsense"}) if name == "log"]) == 5


def test_a_long_log_arrives_whole(api: Running) -> None:
    job_id = _running_job(api)
    api.store.append_log(job_id, [f"line {number}" for number in range(1, 1302)])
    api.store.finish(job_id, "w", JobStatus.NO_CHANGES)
    got = _stream(api, job_id)
    assert [data["number"] for name, data, _ in got if name == "log"] == list(range(1, 1302))


def test_streams_are_bounded_and_those_of_gone_clients_do_not_count(
    api: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 2)
    job_id = _running_job(api)
    path = f"/jobs/{job_id}/events"
    with httpx.Client(base_url=api.url, timeout=30) as one, one.stream("GET", path) as first:
        assert first.status_code == 200
        with httpx.Client(base_url=api.url, timeout=30) as two, two.stream("GET", path) as second:
            assert second.status_code == 200
            refused = api.client.get(path)
            assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
            assert refused.headers["retry-after"]
    deadline = time.monotonic() + 30
    while api.service.streams and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not api.service.streams


def test_open_streams_do_not_keep_other_requests_waiting(api: Running) -> None:
    job_id = _running_job(api)
    clients = [httpx.Client(base_url=api.url, timeout=30) for _ in range(60)]
    streams = [client.stream("GET", f"/jobs/{job_id}/events") for client in clients]
    try:
        for stream in streams:
            assert stream.__enter__().status_code == 200
        assert api.client.get("/jobs").status_code == 200
    finally:
        for stream, client in zip(streams, clients, strict=True):
            stream.__exit__(None, None, None)
            client.close()
