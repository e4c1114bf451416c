"""Metrics and logs as their documented formats have them."""

from __future__ import annotations

import io
import json
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from coding_agent.jobs.job import Job, JobStatus
from coding_agent.observability.context import REQUEST_ID, about_job
from coding_agent.observability.emf import QueueReports, job_end_line, queue_line
from coding_agent.observability.logs import JsonLines
from coding_agent.observability.metrics import metrics_text, observe_job_end
from coding_agent.observability.redaction import Redactor
from coding_agent.tests.api_samples import some_settings
from coding_agent.tests.job_samples import a_job, a_store

# Units that CloudWatch documents (MetricDatum), as far as they are used.
_UNITS = {"Count", "Seconds", "None"}


def _check_emf(line: str) -> dict[str, Any]:
    """Check a line against the specification of the embedded metric format, and return it."""
    assert "\n" not in line
    event: dict[str, Any] = json.loads(line)
    described = event["_aws"]
    assert set(described) == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(described["Timestamp"], int)
    assert abs(described["Timestamp"] / 1000 - time.time()) < 60
    for directive in described["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 1024
        assert 1 <= len(directive["Metrics"]) <= 100
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            # The target of a dimension is a text, and a member of the root.
            assert all(isinstance(event[name], str) and event[name] for name in dimensions)
        for metric in directive["Metrics"]:
            assert set(metric) <= {"Name", "Unit", "StorageResolution"}
            assert metric["Unit"] in _UNITS
            assert type(event[metric["Name"]]) in (int, float)
    return event


def _ended() -> Job:
    start = datetime.now(UTC) - timedelta(seconds=90)
    return replace(
        a_job(),
        status=JobStatus.SUCCESS,
        started_at=start,
        ended_at=start + timedelta(seconds=75),
        input_tokens=1000,
        output_tokens=50,
        cost_usd=0.0125,
        steps=9,
    )


def test_the_end_of_a_job_is_a_line_in_the_embedded_metric_format() -> None:
    event = _check_emf(job_end_line(_ended()))
    assert event["Outcome"] == "success"
    assert (event["JobsEnded"], event["JobDuration"], event["InputTokens"], event["CostUSD"]) == (1, 75, 1000, 0.0125)
    # Ids are no dimensions: each value of a dimension is a metric that is paid for.
    assert [each["Dimensions"][0] for each in event["_aws"]["CloudWatchMetrics"]] == [["Outcome"]]


def test_the_queue_is_a_line_in_the_embedded_metric_format(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'jobs.db'}")
    store.submit(a_job(1))
    store.submit(a_job(2))
    store.claim("w", 60)
    event = _check_emf(queue_line(store))
    assert (event["QueueDepth"], event["JobsRunning"]) == (1, 1)
    assert event["OldestPendingAge"] >= 0
    store.close()


def test_the_queue_is_reported_again_and_again_until_it_is_stopped(tmp_path: Path) -> None:
    store, stream = a_store(f"sqlite:///{tmp_path / 'jobs.db'}"), io.StringIO()
    reports = QueueReports(store, interval_s=0.05, stream=stream)
    reports.start()
    deadline = time.monotonic() + 30
    while stream.getvalue().count("\n") < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    reports.stop()
    store.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 3
    assert all(_check_emf(line) for line in lines)


def _samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = list(text_string_to_metric_families(text.decode()))
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_tell_the_queue_and_the_jobs_that_ended(tmp_path: Path) -> None:
    settings = some_settings(tmp_path)
    store = a_store(settings.store)
    before = _samples(metrics_text(store))
    store.submit(a_job(1))
    store.submit(a_job(2))
    store.claim("w", 60)
    observe_job_end(_ended(), settings)
    after = _samples(metrics_text(store))
    store.close()

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0.0)

    assert after["coding_agent_jobs", (("status", "pending"),)] == 1
    assert after["coding_agent_jobs", (("status", "running"),)] == 1
    assert after["coding_agent_queue_depth", ()] == 1
    assert ("coding_agent_oldest_pending_seconds", ()) in after
    assert grown("coding_agent_tokens_total", direction="input") == 1000
    assert grown("coding_agent_tokens_total", direction="output") == 50
    assert grown("coding_agent_cost_usd_total") == pytest.approx(0.0125)
    assert grown("coding_agent_job_seconds_count", outcome="success") == 1
    assert grown("coding_agent_job_seconds_sum", outcome="success") == 75


def test_only_production_tells_cloudwatch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = some_settings(tmp_path)
    observe_job_end(_ended(), settings)
    assert not capsys.readouterr().out
    observe_job_end(_ended(), settings.model_copy(update={"environment": "production"}))
    _check_emf(capsys.readouterr().out.rstrip("\n"))


def _logged(redactor: Redactor, message: str, *arguments: object, **extra: object) -> dict[str, Any]:
    record = logging.LogRecord("coding_agent.x", logging.WARNING, __file__, 1, message, arguments, None)
    record.__dict__.update(extra)
    line = JsonLines(redactor).format(record)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_log_line_is_json_with_the_ids_of_request_and_job() -> None:
    token = REQUEST_ID.set("request-1")
    try:
        with about_job("job-1"):
            line = _logged(Redactor(), "two\nlines of %s", "text", stage="edit")
    finally:
        REQUEST_ID.reset(token)
    assert line["message"] == "two\nlines of text"
    assert (line["level"], line["logger"], line["stage"]) == ("WARNING", "coding_agent.x", "edit")
    assert (line["request_id"], line["job_id"]) == ("request-1", "job-1")
    assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None
    assert "job_id" not in _logged(Redactor(), "outside")


def test_secrets_leave_messages_extras_and_tracebacks() -> None:
    secret = "canary-" + "k3" * 12
    redactor = Redactor([secret])
    logged = _logged(redactor, "token %s", secret, url=f"https://x:{secret}@host/")
    assert (logged["message"], logged["url"]) == ("token ***", "https://***@host/")
    error = RuntimeError(f"with {secret}")
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (type(error), error, None))
    line = JsonLines(redactor).format(record)
    assert secret not in line
    assert "RuntimeError: with ***" in json.loads(line)["exception"]
