"""Runs assignments in tasks of their own on AWS Fargate: one `ecs:RunTask` per job, no role, key or public address."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.store import JobStore
from coding_agent.runs.assignment import Assignment, RunOutcome, RunSink
from coding_agent.runs.handover import get_outcome, put_assignment
from coding_agent.runs.runner_token import issue_runner_token
from coding_agent.runs.stop import Stop
from coding_agent.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

__all__ = ["FargateTaskRunner"]

_log = logging.getLogger(__name__)

_STARTS = 5
_FIRST_WAIT_S = 4.0
_LOOK_S = 2.0
_DESCRIBE_S = 6.0
_LONGEST_DESCRIBE_S = 60.0
# How long an outcome may still be on its way when the task has stopped.
_OUTCOME_AFTER_STOP_S = 10.0
# What the task may need over the run's own limit: image, clone, report.
_ALLOWANCE_S = 900.0

# ECS says no for now: API errors of RunTask, and reasons of its `failures`.
_FOR_NOW = re.compile(
    r"capacity|RESOURCE:|Throttling|RequestLimitExceeded|ServerException|ServiceUnavailable"
    r"|limit on the number of tasks",
    re.IGNORECASE,
)
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded", "ServerException"})
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|KEY|^AWS_|^GITHUB_", re.IGNORECASE)


class FargateTaskRunner:
    """Starts a task, waits for the outcome that it reports to the service, and sees that it ends."""

    def __init__(
        self,
        settings: Settings,
        store: JobStore,
        *,
        client: ECSClient | None = None,
        pace: float = 1.0,
    ) -> None:
        """`pace` shortens all waiting (tests)."""
        self._settings = settings
        self._store = store
        self._pace = pace
        self._ecs: ECSClient = client or boto3.client(
            "ecs",
            region_name=settings.fargate_region,
            config=Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3}),
        )

    def check(self) -> None:
        """Return when the task definition has nothing to steal, as `TaskRunner.check` says."""
        try:
            definition = self._ecs.describe_task_definition(taskDefinition=self._settings.fargate_task_definition)
        except (BotoCoreError, ClientError) as error:
            raise CodingAgentError(
                "sandbox_unavailable", f"ECS does not show the task definition: {_why(error)}"
            ) from None
        problems = _problems_of(dict(definition["taskDefinition"]), self._settings.fargate_container)
        if not self._settings.fargate_subnets or not self._settings.fargate_security_groups:
            problems.append("CODING_AGENT_FARGATE_SUBNETS and CODING_AGENT_FARGATE_SECURITY_GROUPS must be set")
        if problems:
            raise CodingAgentError("sandbox_unavailable", f"No job runs in this task definition: {'; '.join(problems)}")

    def run(self, assignment: Assignment, git_dir: Path, sink: RunSink, stop: Stop, *, worker: str) -> RunOutcome:
        """Run to the end and leave no task behind, as `TaskRunner.run` says; the task clones for itself.

        Raises CodingAgentError `runner_unavailable` when ECS has no place for a task, `runner_failed` when the task
        ended without an outcome.
        """
        del git_dir
        put_assignment(self._store, assignment)
        token = issue_runner_token(self._store, assignment.job_id, worker)
        task = self._start(assignment, token, stop)
        sink.log(f"runner task {task.rpartition('/')[2]} started")
        ended = False
        try:
            outcome, ended = self._wait(assignment, task, stop)
            return outcome
        finally:
            if not ended:
                self._stop_task(task)

    def _start(self, assignment: Assignment, token: str, stop: Stop) -> str:
        problem = ""
        for number in range(_STARTS):
            stop.check()
            try:
                answer = self._ecs.run_task(**self._request(assignment, token, number))
            except ClientError as error:
                problem = _why(error)
                worth = bool(_FOR_NOW.search(f"{error.response['Error'].get('Code')} {problem}"))
            except BotoCoreError as error:
                problem, worth = _why(error), True
            else:
                if answer["tasks"]:
                    return answer["tasks"][0]["taskArn"]
                problem = "; ".join(f"{each.get('reason')}" for each in answer["failures"]) or "no task was made"
                worth = bool(_FOR_NOW.search(problem))
            if not worth:
                break
            _log.warning("ECS starts no task for job %s: %s", assignment.job_id, problem)
            stop.wait(_FIRST_WAIT_S * 2**number * self._pace)
        stop.check()
        raise CodingAgentError("runner_unavailable", f"ECS starts no task: {problem}")

    def _request(self, assignment: Assignment, token: str, number: int) -> dict[str, Any]:
        settings = self._settings
        job = self._store.get(assignment.job_id)
        return {
            "cluster": settings.fargate_cluster,
            "taskDefinition": settings.fargate_task_definition,
            "launchType": "FARGATE",
            "count": 1,
            # A request whose answer was lost makes no second task; one that was refused is a new request.
            "clientToken": f"{assignment.job_id}-{job.attempt}-{number}"[-64:],
            "startedBy": assignment.job_id[:36],
            "propagateTags": "TASK_DEFINITION",
            "tags": [
                {"key": "coding-agent:job", "value": assignment.job_id},
                {"key": "coding-agent:repository", "value": assignment.issue.repository[:256]},
            ],
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": list(settings.fargate_subnets),
                    "securityGroups": list(settings.fargate_security_groups),
                    "assignPublicIp": "DISABLED",
                }
            },
            "overrides": {
                "containerOverrides": [
                    {
                        "name": settings.fargate_container,
                        "command": ["python", "-m", "coding_agent.fix_issue", "--job"],
                        "environment": [
                            {"name": "JOB_URL", "value": f"{settings.public_url.rstrip('/')}/jobs/{assignment.job_id}"},
                            {"name": "JOB_TOKEN", "value": token},
                        ],
                    }
                ]
            },
        }

    def _wait(self, assignment: Assignment, task: str, stop: Stop) -> tuple[RunOutcome, bool]:
        """Return the outcome, and whether the task has stopped by itself."""
        every_s = _DESCRIBE_S
        now = time.monotonic()
        next_look = now + every_s * self._pace
        deadline = now + assignment.limits.wall_s + assignment.limits.test_s + _ALLOWANCE_S
        stopped: dict[str, Any] | None = None
        while True:
            stop.check()
            outcome = get_outcome(self._store, assignment.job_id)
            if outcome is not None:
                return outcome, stopped is not None
            now = time.monotonic()
            if now >= deadline:
                raise CodingAgentError(
                    "runner_failed",
                    "The runner task has reported nothing, and its time is over"
                    if stopped is None
                    else _end_of(stopped),
                )
            if stopped is None and now >= next_look:
                described, throttled = self._describe(task)
                every_s = min(_LONGEST_DESCRIBE_S, every_s * 2) if throttled else _DESCRIBE_S
                next_look = now + every_s * self._pace
                if described is not None and described.get("lastStatus") == "STOPPED":
                    stopped = described
                    deadline = now + _OUTCOME_AFTER_STOP_S * self._pace
            stop.wait(_LOOK_S * self._pace)

    def _describe(self, task: str) -> tuple[dict[str, Any] | None, bool]:
        """Return the task, and whether ECS asks for patience. An unknown task counts as stopped."""
        try:
            answer = self._ecs.describe_tasks(cluster=self._settings.fargate_cluster, tasks=[task])
        except ClientError as error:
            if error.response["Error"].get("Code") in _THROTTLED:
                return None, True
            raise CodingAgentError("runner_failed", f"ECS does not show the runner task: {_why(error)}") from None
        except BotoCoreError as error:
            _log.warning("ECS does not answer about task %s: %s", task, _why(error))
            return None, True
        if answer["tasks"]:
            return dict(answer["tasks"][0]), False
        return {"lastStatus": "STOPPED", "stoppedReason": "ECS does not know it any more"}, False

    def _stop_task(self, task: str) -> None:
        try:
            self._ecs.stop_task(cluster=self._settings.fargate_cluster, task=task, reason="The job has ended")
        except (BotoCoreError, ClientError) as error:
            # The task ends by itself: its token opens nothing any more, and its run has a time limit.
            _log.warning("Task %s could not be stopped: %s", task, _why(error))


def _problems_of(definition: dict[str, Any], container: str) -> list[str]:
    problems = []
    if definition.get("taskRoleArn"):
        problems.append("it has a task role, whose credentials commands of a model could ask for")
    if definition.get("networkMode") != "awsvpc":
        problems.append("its network mode is not awsvpc")
    # A folder that only this task has is none.
    if any(each.get("host") or each.keys() - {"name", "host"} for each in definition.get("volumes", [])):
        problems.append("it has a volume that others have too")
    containers = definition.get("containerDefinitions", [])
    if container not in [each["name"] for each in containers]:
        problems.append(f"it has no container {container!r}")
    for each in containers:
        if each.get("secrets") or each.get("environmentFiles"):
            problems.append(f"its container {each['name']!r} has secrets")
        named = [entry["name"] for entry in each.get("environment", []) if _SECRET_NAME.search(entry["name"])]
        problems += [f"its variable {name} looks like a secret" for name in named]
        if each.get("privileged"):
            problems.append(f"its container {each['name']!r} is privileged")
    return problems


def _end_of(task: dict[str, Any]) -> str:
    codes = [str(each["exitCode"]) for each in task.get("containers", []) if each.get("exitCode") is not None]
    reasons = [each["reason"] for each in task.get("containers", []) if each.get("reason")]
    said = "; ".join([task.get("stoppedReason") or "no reason given", *reasons])[:400]
    return f"The runner task stopped without an outcome (exit code {', '.join(codes) or 'none'}): {said}"


def _why(error: Exception) -> str:
    if isinstance(error, ClientError):
        given = error.response["Error"]
        return f"{given.get('Code')}: {given.get('Message')}"[:400]
    return type(error).__name__
