"""Operations: the commands of whoever runs the service or uses it, against what they run against."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from scheduler.__main__ import scheduler
from scheduler.api.keys import parse_keys
from scheduler.settings import Settings
from scheduler.tests.fake_kubectl import FakeKubectl
from scheduler.tests.running_api import RunningApi, key_of, keys_file, running_api
from scheduler.tests.running_doctor import Installation
from scheduler.tests.running_redis import RunningRedis, free_port, running_redis
from scheduler.tests.running_s3 import RunningS3, running_s3

SERVICES = Path(__file__).parents[2]
EXAMPLE = SERVICES.parent / "deploy/kubernetes/examples/finrag-triggers/triggers.json"


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def s3() -> Iterator[RunningS3]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_api(redis, prefix="commands", keys_file=keys_file(tmp_path_factory.mktemp("keys"))) as running:
        yield running


def run(*arguments: str, text: str | None = None, **variables: str) -> Result:
    done = CliRunner().invoke(scheduler, list(arguments), env=variables, input=text)
    assert "Traceback" not in done.output
    return done


def ask(api: RunningApi, *arguments: str, name: str = "acme", text: str | None = None, **variables: str) -> Result:
    return run(
        "triggers",
        *arguments,
        text=text,
        **{"SCHEDULER_URL": api.url, "SCHEDULER_API_KEY": key_of(name), **variables},
    )


def variables_of(settings: Settings, redis: RunningRedis, s3: RunningS3) -> dict[str, str]:
    own = {"SCHEDULER_PREFIX": settings.prefix, "SCHEDULER_METRICS_PREFIX": settings.metrics_prefix}
    return {**redis.environment, **s3.environment, **own}


def test_a_made_key_opens_the_api_by_its_digest_alone() -> None:
    for options, workspaces, role in (
        (["--workspace", "acme", "--workspace", "globex"], frozenset({"acme", "globex"}), "member"),
        (["--admin"], None, "admin"),
    ):
        done = run("key", "ci", *options)
        assert done.exit_code == 0
        made = done.stderr.split()[-1]
        assert made not in done.stdout
        key = parse_keys(yaml.safe_dump({"keys": yaml.safe_load(done.stdout)}))["ci"]
        assert key.digest == hashlib.sha256(made.encode()).digest()
        assert (key.principal.workspaces, key.principal.role) == (workspaces, role)


@pytest.mark.parametrize("options", [[], ["--admin", "--workspace", "acme"]], ids=["neither", "both"])
def test_a_key_says_whose_it_is(options: list[str]) -> None:
    assert run("key", "ci", *options).exit_code == 2


def test_the_openapi_document_is_printed() -> None:
    document = json.loads(run("openapi").stdout)
    assert "/api/workspaces/{workspace_id}/triggers" in document["paths"]


@pytest.mark.parametrize("role", ["api", "worker"])
def test_a_role_that_cannot_start_says_why_in_a_line(role: str) -> None:
    url = "https://user:s3cret@redis.invalid"  # pragma: allowlist secret
    done = subprocess.run(
        [sys.executable, "-m", "scheduler", role],
        env={**os.environ, "PYTHONPATH": str(SERVICES), "SCHEDULER_REDIS_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.startswith(f"The {role.replace('api', 'API')} does not start: SCHEDULER_REDIS_URL: ")
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_triggers_are_set_listed_run_and_deleted(api: RunningApi) -> None:
    """SC-01, SC-02: by the commands, through the API."""
    file = {"environment": "stg", "triggers": [{"cron": "30 2 * * *", "url": "https://app.example/${PLACE}"}]}
    done = ask(api, "apply", "acme", "-", text=yaml.safe_dump(file), PLACE="nightly")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0] == "acme, stg: 0 removed, 1 set"

    listed = ask(api, "list", "acme").stdout.splitlines()
    assert listed[0].split() == ["KEY", "CRON", "METHOD", "URL", "NEXT", "(UTC)"]
    assert re.match(r"acme:stg:0 +30 2 \* \* \* +GET +https://app.example/nightly +\d{4}-\d\d-\d\d 02:30:00", listed[1])
    assert json.loads(ask(api, "list", "acme", "--environment", "stg", "--json").stdout)["count"] == 1

    assert ask(api, "run", "acme", "acme:stg:0").stdout.startswith("now:acme:stg:0:")
    assert ask(api, "delete", "acme", "--key", "acme:stg:0", "--yes").stdout == "acme: 1 removed\n"
    assert ask(api, "list", "acme").stdout == "acme has no triggers\n"


def test_a_deletion_that_is_not_confirmed_does_nothing(api: RunningApi) -> None:
    body = yaml.safe_dump([{"cron": "@daily", "url": "https://app.example/x"}])
    assert ask(api, "apply", "acme", "-", "--environment", "prod", text=body).exit_code == 0
    assert ask(api, "delete", "acme", text="n\n").exit_code == 1
    assert json.loads(ask(api, "list", "acme", "--json").stdout)["count"] == 1
    assert ask(api, "delete", "acme", "--environment", "prod", text="y\n").exit_code == 0


def test_finrags_own_triggers_are_taken(api: RunningApi) -> None:
    """SC-01: deploy/kubernetes/examples/finrag-triggers, as it stands, with the key from the environment."""
    done = ask(api, "apply", "finrag", str(EXAMPLE), name="ops", FINRAG_API_KEY="the-indexers-key")
    assert done.exit_code == 0, done.stderr
    told = json.loads(ask(api, "list", "finrag", "--json", name="ops").stdout)
    assert [job["environment"] for job in told["jobs"]] == ["prod", "prod"]
    assert {job["trigger"]["tz"] for job in told["jobs"]} == {"America/New_York"}
    assert "the-indexers-key" not in json.dumps(told)


def test_a_value_that_is_not_set_is_told_before_anything_is_sent(api: RunningApi) -> None:
    done = ask(api, "apply", "finrag", str(EXAMPLE), name="ops")
    assert done.exit_code == 2
    assert "FINRAG_API_KEY is not set" in done.stderr


def test_refusals_are_told_with_the_apis_own_words(api: RunningApi) -> None:
    wrong = ask(api, "apply", "acme", "-", text='[{"cron": "0 0 30 2 *", "url": "https://app.example"}]')
    assert wrong.exit_code == 1
    assert "HTTP 422" in wrong.stderr
    assert "invalid_triggers" in wrong.stderr
    assert "HTTP 403" in ask(api, "list", "globex").stderr
    away = ask(api, "list", "acme", SCHEDULER_URL=f"http://127.0.0.1:{free_port()}")
    assert (away.exit_code, "cannot be reached" in away.stderr) == (2, True)
    assert run("triggers", "list", "acme", SCHEDULER_URL="").exit_code == 2


def test_jobs_are_shown(redis: RunningRedis, s3: RunningS3) -> None:
    """Operations: view jobs."""
    installation = Installation(redis, s3)
    settings = installation.settings()
    asyncio.run(installation.well(settings))
    variables = variables_of(settings, redis, s3)
    done = run("view-jobs", **variables)
    assert done.exit_code == 0, done.stderr
    assert "2 delayed" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1] == "workers: 1, calls now: 0"
    assert re.search(r"^delayed +repeat:acme:prod:0:\d+ +0 +\d{4}-", done.stdout, re.MULTILINE)
    assert "repeat:" not in run("view-jobs", "--workspace", "acm", **variables).stdout


def test_executions_and_objects_are_shown(redis: RunningRedis, s3: RunningS3) -> None:
    """Operations: view metrics, list objects."""
    settings = Installation(redis, s3).settings()
    now = datetime.now(UTC)
    record = {
        "workspace_id": "acme",
        "job_id": "acme:prod:0",
        "job_name": "acme-prod-trigger-0",
        "trigger_url": "https://app.example/run",
        "trigger_method": "GET",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "status": "failed",
        "duration_ms": 12,
        "http_status": 404,
        "retry_count": 0,
        "error_message": "the target answered 404 Not Found",
        "environment": "prod",
        "execution_id": "repeat:acme:prod:0:1",
        "lateness_ms": 5,
        "attempts": [],
        "response": None,
    }
    key = f"{settings.metrics_prefix}{now:year=%Y/month=%m/day=%d/hour=%H}/metrics-1.json"
    s3.put(key, json.dumps([record]).encode())
    variables = variables_of(settings, redis, s3)
    done = run("view-metrics", "acme", **variables)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("acme: 1 executions in 24 h, 1 failed, 0.0 % succeeded")
    assert "the target answered 404 Not Found" in done.stdout
    assert run("view-metrics", "ac", **variables).stdout.startswith("ac: 0 executions")

    listed = run("list-objects", **variables).stdout.splitlines()
    assert listed[0].endswith(key)
    assert listed[-1].startswith("1 objects in calvin-runtime-scheduler below ")
    assert run("list-objects", "--day", "2020-01-01", **variables).stdout.startswith("0 objects")
    assert run("list-objects", "--day", "yesterday", **variables).exit_code == 2


def test_what_is_away_is_told_in_a_line(s3: RunningS3) -> None:
    away = {"SCHEDULER_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    done = run("view-jobs", **away)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    done = run("list-objects", **{**s3.environment, "SCHEDULER_S3_BUCKET": "nobodys"})
    assert (done.exit_code, "no bucket nobodys" in done.stderr) == (2, True)


def test_logs_and_restarts_are_kubectls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SC-15, Operations: view logs, rollout restart; labels app=scheduler-api and app=scheduler-worker."""
    printed = run("view-logs", "--role", "api", "--print").stdout
    assert printed == (
        "kubectl logs --namespace scheduler --selector app=scheduler-api --container api --tail=100 --prefix\n"
    )
    kubectl = FakeKubectl(tmp_path, monkeypatch)
    assert run("view-logs", "--follow", "--tail", "5").exit_code == 0
    assert run("rollout-restart", "--role", "worker", "-n", "cron").exit_code == 0
    logs, restart, status = kubectl.calls
    assert list(logs[:5]) == ["logs", "--namespace", "scheduler", "--selector", "app=scheduler-worker"]
    assert "--follow" in logs
    assert list(restart) == ["rollout", "restart", "deployment/scheduler-worker", "--namespace", "cron"]
    assert list(status[:3]) == ["rollout", "status", "deployment/scheduler-worker"]


def test_without_kubectl_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("rollout-restart")
    assert done.exit_code == 2
    assert "run: kubectl rollout restart deployment/scheduler-api --namespace scheduler" in done.stderr


def test_the_doctor_prints_each_check_with_its_cause_what_to_do_and_a_command(
    redis: RunningRedis, s3: RunningS3
) -> None:
    """SC-14: the doctor as it is called: exit codes 0, 1 and 2, and --json."""
    installation = Installation(redis, s3)
    settings = installation.settings()
    asyncio.run(installation.well(settings))
    variables = variables_of(settings, redis, s3)
    done = run("doctor", **variables)
    assert done.exit_code == 0, done.stdout
    assert re.fullmatch(r"\d+ ok, 0 warn, 0 fail, 0 unknown", done.stdout.splitlines()[-1])

    variables["SCHEDULER_S3_BUCKET"] = "nobodys"
    done = run("doctor", **variables)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("fail     s3 "))
    assert "S3 has no bucket nobodys (404)" in lines[at]
    assert lines[at + 1].strip() == "-> create it, or correct SCHEDULER_S3_BUCKET"
    assert lines[at + 2].strip() == "$ python -m scheduler list-objects"
    found = {each["check"]: each for each in json.loads(run("doctor", "--json", **variables).stdout)}
    assert found["s3"]["state"] == "fail"
    assert set(found["s3"]) == {"check", "state", "cause", "fix", "command"}


@pytest.mark.parametrize(
    "variables",
    [{"SCHEDULER_PORT": "many"}, {"SCHEDULER_REDIS_URL": "http://redis.example"}],
    ids=["a wrong setting", "no address of Redis"],
)
def test_a_doctor_that_cannot_run_says_so_in_a_line(variables: dict[str, str]) -> None:
    done = run("doctor", **variables)
    assert done.exit_code == 2
    assert done.stderr.startswith("The doctor cannot run: ")
    assert len(done.stderr.splitlines()) == 1
