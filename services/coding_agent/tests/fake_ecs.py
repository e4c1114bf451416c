"""Amazon ECS on loopback, as far as runner tasks need it: a started task can be a real process of this machine.

Parameters are checked by botocore's model of the API on the client's side; operations and combinations that Fargate
does not take are refused here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from coding_agent.tests.loopback_server import LoopbackServer, RequestHandler

__all__ = ["FakeEcs", "FakeTask", "task_definition"]

_TARGET = "AmazonEC2ContainerServiceV20141113."
_ARN = "arn:aws:ecs:us-east-1:123456789012:task/runners/"


def task_definition(**changes: object) -> dict[str, Any]:
    """Return a task definition in which jobs may run."""
    container = {
        "name": "runner",
        "image": "runner",
        "environment": [{"name": "HTTPS_PROXY", "value": "http://egress:3128"}],
    }
    return {
        "family": "runner",
        "networkMode": "awsvpc",
        "executionRoleArn": "arn:aws:iam::123456789012:role/start",
        "volumes": [{"name": "tmp", "host": {}}],
        "containerDefinitions": [container],
        **changes,
    }


@dataclass
class FakeTask:
    """A task: what was asked for, and how far it is."""

    request: dict[str, Any]
    last_status: str = "RUNNING"
    exit_code: int | None = None
    stopped_reason: str = ""
    stop_calls: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """What the overrides set."""
        (container,) = self.request["overrides"]["containerOverrides"]
        return {entry["name"]: entry["value"] for entry in container["environment"]}


@dataclass
class FakeEcs:
    """`refusals` are answered first, one each: an API error's code, or a dict with `failures`.

    `on_start` and `on_describe` are told the task; `on_describe` may end it.
    """

    definition: dict[str, Any] = field(default_factory=task_definition)
    refusals: list[str | dict[str, Any]] = field(default_factory=list)
    describe_refusals: list[str] = field(default_factory=list)
    on_start: Callable[[FakeTask], None] = lambda task: None
    on_describe: Callable[[FakeTask], None] = lambda task: None
    tasks: dict[str, FakeTask] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_token: dict[str, str] = {}
        self._server = LoopbackServer(_handler(self)).start()
        self.client = boto3.client(
            "ecs",
            region_name="us-east-1",
            endpoint_url=self._server.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # pragma: allowlist secret
            config=Config(retries={"total_max_attempts": 1}),
        )

    def close(self) -> None:
        """Answer nobody any more."""
        self.client.close()
        self._server.close()

    def answer(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer to a call."""
        if operation == "DescribeTaskDefinition":
            return 200, {"taskDefinition": self.definition}
        if operation == "RunTask":
            return self._run_task(body)
        if operation == "DescribeTasks":
            return self._describe_tasks(body)
        if operation == "StopTask":
            task = self.tasks[body["task"]]
            task.stop_calls += 1
            task.last_status = "STOPPED"
            return 200, {"task": {"taskArn": body["task"], "lastStatus": "STOPPED"}}
        return 400, {"__type": "InvalidAction", "message": operation}

    def _run_task(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(body)
        network = body.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        if body.get("launchType") != "FARGATE" or not network.get("subnets"):
            return 400, {"__type": "InvalidParameterException", "message": "Network Configuration must be provided"}
        if self.refusals:
            refusal = self.refusals.pop(0)
            if isinstance(refusal, str):
                return 400, {"__type": refusal, "message": f"{refusal} happened"}
            return 200, {"tasks": [], **refusal}
        arn = self._by_token.setdefault(body["clientToken"], f"{_ARN}{len(self.tasks):032x}")
        if arn not in self.tasks:
            self.tasks[arn] = FakeTask(body)
            self.on_start(self.tasks[arn])
        return 200, {"tasks": [{"taskArn": arn, "lastStatus": "PROVISIONING"}], "failures": []}

    def _describe_tasks(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.describe_refusals:
            return 400, {"__type": self.describe_refusals.pop(0), "message": "Rate exceeded"}
        (arn,) = body["tasks"]
        if arn not in self.tasks:
            return 200, {"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]}
        task = self.tasks[arn]
        self.on_describe(task)
        container: dict[str, Any] = {"name": "runner"}
        if task.exit_code is not None:
            container["exitCode"] = task.exit_code
        described = {"taskArn": arn, "lastStatus": task.last_status, "containers": [container]}
        if task.stopped_reason:
            described["stoppedReason"] = task.stopped_reason
        return 200, {"tasks": [described], "failures": []}


def _handler(ecs: FakeEcs) -> type[RequestHandler]:
    class Handler(RequestHandler):
        def serve(self) -> None:
            operation = self.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
            status, body = ecs.answer(operation, json.loads(self.read_body()))
            self.answer(status, json.dumps(body).encode(), "application/x-amz-json-1.1")

    return Handler
