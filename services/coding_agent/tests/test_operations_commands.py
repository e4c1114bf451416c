"""verify, status, logs, budget and cost as commands: what they say, and their exit codes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator

import boto3
import click
import pytest
from botocore.config import Config
from click.testing import CliRunner, Result

from coding_agent.operations import commands
from coding_agent.operations.doctor import aws_deployment
from coding_agent.operations.doctor.aws_deployment import Deployment
from coding_agent.operations.log_tail import LogQuery, follow, line_of, tail
from coding_agent.tests.aws_deployment import Faults, deploy
from coding_agent.tests.fake_agent_api import FakeAgent, fake_agent
from coding_agent.tests.moto_server import client_environment, moto_server

_KEY = secrets.token_urlsafe(24)
_ISSUE = "https://github.com/acme/app/issues/7"
_ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def aws() -> Iterator[boto3.session.Session]:
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(url).items():
            patch.setenv(name, value)
        # What moto lacks it answers with 500, which would be asked again after a pause.
        patch.setattr(aws_deployment, "CLIENT", Config(retries={"total_max_attempts": 1}))
        yield boto3.session.Session()


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAgent]:
    with fake_agent(_KEY) as serving:
        monkeypatch.setenv("CODING_AGENT_URL", serving.url)
        monkeypatch.setenv("CODING_AGENT_API_KEY", _KEY)
        yield serving


def _run(*arguments: str) -> Result:
    group = click.Group("coding-agent")
    commands.register(group)
    return CliRunner().invoke(group, list(arguments))


def test_verify_adds_up_the_failed_steps(aws: boto3.session.Session, agent: FakeAgent) -> None:
    agent.script = [{"status": "success"}]
    # moto starts no tasks, so that the first two steps fail: 1 + 2.
    result = _run("verify", "--name", deploy(aws, Faults()).name, "--issue", _ISSUE)
    assert result.exit_code == 3, result.output
    assert agent.received[0].body == {"issue_url": _ISSUE, "dry_run": True}
    assert "nothing pushed" in result.output
    lines = result.output.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["FAILED", "1"],
        ["FAILED", "2"],
        ["ok", "4"],
        ["ok", "8"],
        ["ok", "16"],
    ]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({"status": "success", "pr_url": "https://github.com/acme/app/pull/8"}, 3),
        ({"status": "success"}, 3 + 16),
        ({"status": "no_changes"}, 3 + 16),
        ({"status": "failed", "error": {"code": "push_refused", "message": "a workflow"}}, 3 + 16),
    ],
)
def test_verify_wants_a_pull_request_when_not_dry(
    end: dict[str, object], code: int, aws: boto3.session.Session, agent: FakeAgent
) -> None:
    agent.script = [end]
    result = _run("verify", "--name", "nobody", "--issue", _ISSUE, "--no-dry-run")
    assert result.exit_code == code, result.output
    assert agent.received[0].body == {"issue_url": _ISSUE, "dry_run": False}


def test_verify_without_variables_fails_them_and_what_needs_them(
    aws: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODING_AGENT_URL", raising=False)
    monkeypatch.delenv("CODING_AGENT_API_KEY", raising=False)
    assert _run("verify", "--name", "nobody").exit_code == 1 + 2 + 4
    assert _run("verify", "--name", "nobody", "--issue", _ISSUE).exit_code == 31


def test_verify_does_not_submit_unless_told_to(aws: boto3.session.Session, agent: FakeAgent) -> None:
    result = _run("verify", "--name", "nobody")
    assert result.exit_code == 3
    assert result.output.count("not made") == 2
    assert agent.received == []


def test_status_shows_service_targets_deployments_and_alarms(
    aws: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODING_AGENT_URL", raising=False)
    made = deploy(aws, Faults())
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{made.name}-cpu",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
    )
    aws.client("cloudwatch").set_alarm_state(AlarmName=f"{made.name}-cpu", StateValue="ALARM", StateReason="test")
    result = _run("status", "--name", made.name)
    assert result.exit_code == 0, result.output
    assert f"service      {made.name}: ACTIVE" in result.output
    assert "tasks        0 of 2 run" in result.output
    assert "targets      0 of 0 healthy" in result.output
    assert "deployment   " in result.output
    assert f"alarm        ALARM             {made.name}-cpu" in result.output


def test_status_of_what_is_not_there_says_so(aws: boto3.session.Session) -> None:
    result = _run("status", "--name", "nobody", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 0
    assert "there is none named nobody" in result.output
    assert "does not answer" in result.output


def _log(aws: boto3.session.Session, group: str, messages: list[str]) -> int:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="service/1")
    now = int(time.time() * 1000)
    events = [{"timestamp": now - 1000 * (len(messages) - n), "message": each} for n, each in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName="service/1", logEvents=events)  # type: ignore[arg-type]
    return now


def test_logs_shows_the_last_lines_of_a_job(aws: boto3.session.Session) -> None:
    entries = [
        {"level": "INFO", "message": "claimed", "job_id": "job-1"},
        {"level": "INFO", "message": "claimed", "job_id": "job-2"},
        {"level": "ERROR", "message": "failed", "job_id": "job-1", "code": "push_refused"},
    ]
    _log(aws, "/ecs/logged", [json.dumps(each) for each in entries])
    result = _run("logs", "--name", "logged", "--job", "job-1")
    assert result.exit_code == 0, result.output
    told = [line[20:] for line in result.output.splitlines()]
    assert told == ["INFO    [job-1] claimed", "ERROR   [job-1] failed code=push_refused"]
    assert len(_run("logs", "--name", "logged", "--lines", "1").output.splitlines()) == 1


def test_follow_tells_each_line_once_and_ends(aws: boto3.session.Session) -> None:
    now = _log(aws, "/ecs/followed", ["one"])
    deployment = Deployment(aws, "followed")
    query = LogQuery("/ecs/followed", now - 60_000)
    last, seen, newest = tail(deployment, query, 10)
    assert [line[20:] for line in last] == ["one"]

    def write_meanwhile(_: float) -> None:
        events = [{"timestamp": int(time.time() * 1000), "message": f"more {len(slept)}"}]
        aws.client("logs").put_log_events(
            logGroupName="/ecs/followed",
            logStreamName="service/1",
            logEvents=events,  # type: ignore[arg-type]
        )
        slept.append(1)

    slept: list[int] = []
    told = []
    for line in follow(deployment, LogQuery("/ecs/followed", newest), seen, 30, write_meanwhile):
        told.append(line[20:])
        if len(told) == 3:
            break
    assert told == ["more 0", "more 1", "more 2"]
    assert list(follow(deployment, LogQuery("/ecs/followed", newest + 60_000), set(), 0)) == []


@pytest.mark.parametrize("message", ["", "{", "[1]", "plain\x1b[31m\nsecond", '{"message": "a\\nb", "level": 3}'])
def test_any_event_is_one_printable_line(message: str) -> None:
    line = line_of(message, 0)
    assert line.startswith("1970-01-01 00:00:00")
    assert line.isprintable()


def test_a_log_group_that_is_not_there_is_one_line_and_code_2(aws: boto3.session.Session) -> None:
    result = _run("logs", "--name", "nobody")
    assert result.exit_code == 2
    assert "ResourceNotFoundException" in result.output
    assert len(result.output.splitlines()) == 1


def _budget(aws: boto3.session.Session, name: str, actual: str, thresholds: tuple[float, ...]) -> None:
    aws.client("budgets").create_budget(
        AccountId=_ACCOUNT,
        Budget={
            "BudgetName": name,
            "BudgetLimit": {"Amount": "400", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
            "CalculatedSpend": {
                "ActualSpend": {"Amount": actual, "Unit": "USD"},
                "ForecastedSpend": {"Amount": "410", "Unit": "USD"},
            },
        },
        NotificationsWithSubscribers=[
            {
                "Notification": {
                    "NotificationType": "ACTUAL",
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": threshold,
                    "ThresholdType": "PERCENTAGE",
                },
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "owner@example.com"}],
            }
            for threshold in thresholds
        ],
    )


@pytest.mark.parametrize(
    ("actual", "code", "crossed"),
    [("320", 0, 0), ("320.01", 1, 1), ("400", 1, 1), ("400.01", 1, 2), ("0", 0, 0)],
)
def test_budget_says_which_thresholds_are_crossed(
    actual: str, code: int, crossed: int, aws: boto3.session.Session
) -> None:
    name = f"b{actual.replace('.', '-')}"
    _budget(aws, f"{name}-month", actual, (80.0, 100.0))
    result = _run("budget", "--name", name)
    assert result.exit_code == code, result.output
    assert result.output.count(" CROSSED") == crossed
    assert result.output.count("owner@example.com") == 2
    assert "400.00 USD a month" in result.output
    assert "410.00 USD" in result.output


def test_budget_says_which_alert_is_missing(aws: boto3.session.Session) -> None:
    _budget(aws, "lacking-month", "1", (80.0,))
    assert "no alert at 100 %" in _run("budget", "--name", "lacking").output


def test_a_budget_that_is_not_there_is_one_line_and_code_2(aws: boto3.session.Session) -> None:
    result = _run("budget", "--name", "nobody")
    assert result.exit_code == 2
    assert "NotFoundException" in result.output


def test_credentials_that_are_missing_are_one_line_and_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for command in ("status", "logs", "budget"):
        result = _run(command)
        assert result.exit_code == 2
        assert result.output.startswith("AWS credentials: ")
        assert len(result.output.splitlines()) == 1


def test_cost_of_the_notes_as_json() -> None:
    result = _run("cost", "--tasks", "2", "--vcpu", "2", "--memory", "4", "--hours", "730", "--json")
    told = json.loads(result.output)
    assert result.exit_code == 0
    assert told["lines"][0] == {
        "name": "service tasks",
        "usd": "144.16",
        "how": "2 x (2 vCPU, 4 GB) x 730 h",
        "group": "notes",
        "confidence": "notes",
    }
    assert told["with_sevalla"]["notes"] == {"low": "229.28", "high": "299.28", "verdict": "partly inside"}


@pytest.mark.parametrize("value", ["-1", "two", "NaN", "Infinity"])
def test_cost_refuses_what_is_no_amount(value: str) -> None:
    result = _run("cost", "--hours", value)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
