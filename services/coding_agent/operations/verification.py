"""The verification list after a deployment: a line and a bit of the exit code for each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag

from botocore.exceptions import BotoCoreError, ClientError

from coding_agent.client import AgentError, CodingAgentClient
from coding_agent.operations.aws_session import aws_words
from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["EndToEnd", "Step", "StepResult", "verify"]


class Step(IntFlag):
    """The list, and what each step adds to the exit code when it fails; 0 is: all of it went well."""

    TASKS_RUNNING = 1
    TARGETS_HEALTHY = 2
    VARIABLES_SET = 4
    JOB_ID_RETURNED = 8
    PULL_REQUEST_OPENED = 16


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step, whether it went well, and what was seen. `passed` None: it was not asked for."""

    step: Step
    passed: bool | None
    seen: str


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """The issue that is submitted; a dry run makes the patch and pushes nothing."""

    issue_url: str
    dry_run: bool
    timeout_s: float


def verify(
    deployment: Deployment | BotoCoreError, environment: Mapping[str, str], end_to_end: EndToEnd | None
) -> Iterator[StepResult]:
    """Yield each step's result in the order of the list. A step that cannot be made has not passed."""
    yield from _deployed(deployment)
    try:
        client = CodingAgentClient.from_environment(environment)
    except ValueError as error:
        yield StepResult(Step.VARIABLES_SET, False, str(error))
        if end_to_end is not None:
            yield StepResult(Step.JOB_ID_RETURNED, False, "not made without both variables")
            yield StepResult(Step.PULL_REQUEST_OPENED, False, "not made without both variables")
        return
    with client:
        yield StepResult(Step.VARIABLES_SET, True, "CODING_AGENT_URL and CODING_AGENT_API_KEY")
        if end_to_end is None:
            yield StepResult(Step.JOB_ID_RETURNED, None, "give --issue URL")
            yield StepResult(Step.PULL_REQUEST_OPENED, None, "give --issue URL --no-dry-run")
        else:
            yield from _submitted(client, end_to_end)


def _deployed(deployment: Deployment | BotoCoreError) -> Iterator[StepResult]:
    try:
        if isinstance(deployment, BotoCoreError):
            raise deployment
        service = deployment.service
        if service is None:
            yield StepResult(Step.TASKS_RUNNING, False, f"there is no ECS service {deployment.name}")
            yield StepResult(Step.TARGETS_HEALTHY, False, "there are none without a service")
            return
        running, wanted = service["runningCount"], service["desiredCount"]
        yield StepResult(Step.TASKS_RUNNING, running >= wanted > 0, f"{running} of {wanted}")
    except (ClientError, BotoCoreError) as error:
        yield StepResult(Step.TASKS_RUNNING, False, aws_words(error))
        yield StepResult(Step.TARGETS_HEALTHY, False, "not asked")
        return
    try:
        states = [state for state, _ in deployment.targets()]
    except (ClientError, BotoCoreError) as error:
        yield StepResult(Step.TARGETS_HEALTHY, False, aws_words(error))
        return
    healthy = states.count("healthy")
    yield StepResult(Step.TARGETS_HEALTHY, 0 < len(states) == healthy, f"{healthy} of {len(states)}")


def _submitted(client: CodingAgentClient, end_to_end: EndToEnd) -> Iterator[StepResult]:
    try:
        job = client.submit_fix(end_to_end.issue_url, dry_run=end_to_end.dry_run)
    except AgentError as error:
        yield StepResult(Step.JOB_ID_RETURNED, False, str(error))
        yield StepResult(Step.PULL_REQUEST_OPENED, False, "not made without a job")
        return
    yield StepResult(Step.JOB_ID_RETURNED, True, f"{job.id}{'' if job.created else ', of an earlier request'}")
    try:
        ended = client.wait(job.id, end_to_end.timeout_s)
    except AgentError as error:
        yield StepResult(Step.PULL_REQUEST_OPENED, False, str(error))
        return
    why = f": {ended.error_code}: {ended.error_message}" if ended.error_code else ""
    if end_to_end.dry_run:
        seen = f"dry run: {ended.status}, nothing pushed{why}"
        # A patch was made and nothing was opened, as was asked for.
        yield StepResult(Step.PULL_REQUEST_OPENED, ended.status == "success", seen)
    else:
        opened = ended.status == "success" and ended.pr_url is not None
        yield StepResult(Step.PULL_REQUEST_OPENED, opened, f"{ended.status}: {ended.pr_url or 'no pull request'}{why}")
