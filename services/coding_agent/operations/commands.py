"""The commands of whoever runs the service: doctor, verify, status, logs, budget, cost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import NoReturn, ParamSpec, TypeVar

import click
from botocore.exceptions import BotoCoreError, ClientError

from coding_agent.operations.aws_session import aws_words, open_session
from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["register"]

_NOT_ASKED = 2

_P = ParamSpec("_P")
_R = TypeVar("_R")


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (doctor, verify, status, logs, budget, cost):
        group.add_command(command)


class _Amount(click.ParamType[Decimal]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value} is not a number", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value} is not at least 0", param, ctx)
        return amount


def _of_deployment(command: Callable[_P, _R]) -> Callable[_P, _R]:
    name = click.option("--name", default="coding-agent", show_default=True, help="Terraform's variable `name`.")
    region = click.option("--region", default=None, help="AWS region; else AWS_REGION or the profile's.")
    return name(region(command))


@click.command()
@_of_deployment
@click.option("--local", is_flag=True, help="A development machine: nothing of AWS, but bubblewrap and git.")
@click.option("--url", envvar="CODING_AGENT_URL", default=None, help="Where the agent is [CODING_AGENT_URL].")
@click.option("--grace", default=60.0, show_default=True, help="Seconds that /healthz may take to answer 200.")
@click.option("--ask-model", is_flag=True, help="Ask the model too; it costs a few tokens.")
def doctor(name: str, region: str | None, local: bool, url: str | None, grace: float, ask_model: bool) -> None:
    """Look at every part of a deployment; say what is wrong, why, and what to do.

    Exit code: 0 nothing is wrong (checks that could not be made are named), 1 something is.
    """
    from coding_agent.operations.doctor.examination import all_checks
    from coding_agent.operations.doctor.finding import State, examine

    counts = dict.fromkeys(State, 0)
    for check, finding in examine(all_checks(name, region, local=local, url=url, grace_s=grace, ask_model=ask_model)):
        counts[finding.state] += 1
        fix = f" -> {finding.fix}" if finding.fix else ""
        click.echo(f"{finding.state:<8}  {check:<19}  {' '.join((finding.cause + fix).split())}")
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    raise SystemExit(1 if counts[State.PROBLEM] else 0)


@click.command()
@_of_deployment
@click.option("--issue", "issue_url", default=None, help="An issue to submit, of a repository that may be changed.")
@click.option("--dry-run/--no-dry-run", default=True, show_default=True, help="Push nothing, open no pull request.")
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds that the job may take.")
def verify(name: str, region: str | None, issue_url: str | None, dry_run: bool, timeout: float) -> None:
    """Go through the list after a deployment, a line for each step.

    Exit code: the sum of the failed steps' numbers (1 tasks running, 2 targets healthy, 4 variables set, 8 job id
    returned, 16 pull request opened); 0 if none failed. Without --issue the last two are not made.
    """
    from coding_agent.operations.verification import EndToEnd, verify

    deployment: Deployment | BotoCoreError
    try:
        deployment = Deployment(open_session(region), name)
    except BotoCoreError as error:
        deployment = error
    end_to_end = EndToEnd(issue_url, dry_run, timeout) if issue_url else None
    code = 0
    for result in verify(deployment, os.environ, end_to_end):
        word = {True: "ok", False: "FAILED", None: "not made"}[result.passed]
        step = (result.step.name or "").lower().replace("_", " ")
        click.echo(f"{word:<8}  {result.step.value:>2}  {step:<19}  {result.seen}")
        if result.passed is False:
            code |= result.step.value
    raise SystemExit(code)


@click.command()
@_of_deployment
@click.option("--url", envvar="CODING_AGENT_URL", default=None, help="Where the agent is [CODING_AGENT_URL].")
def status(name: str, region: str | None, url: str | None) -> None:
    """Show tasks, targets, deployments, alarms and the queue.

    Exit code: 0, or 2 if AWS could not be asked.
    """
    from coding_agent.operations.service_status import queue_lines, service_lines

    with _asking():
        for line in service_lines(Deployment(open_session(region), name)):
            click.echo(line)
    if url is None:
        click.echo("queue        not known: set CODING_AGENT_URL")
        return
    for line in queue_lines(url.rstrip("/"), os.environ.get("CODING_AGENT_API_KEY")):
        click.echo(line)


@click.command()
@_of_deployment
@click.option("--group", default=None, help="Log group; else /ecs/NAME.")
@click.option("--lines", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Lines of the end.")
@click.option("--minutes", default=60.0, show_default=True, help="How far back.")
@click.option("--job", "job_id", default=None, help="Only of this job.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
@click.option("--for", "seconds", default=600.0, show_default=True, help="Seconds to follow for.")
def logs(
    *,
    name: str,
    region: str | None,
    group: str | None,
    lines: int,
    minutes: float,
    job_id: str | None,
    follow: bool,
    seconds: float,
) -> None:
    """Show the end of the service's log.

    Exit code: 0, or 2 if AWS could not be asked.
    """
    from coding_agent.operations.log_tail import LogQuery, tail
    from coding_agent.operations.log_tail import follow as follow_log

    since = int((time.time() - minutes * 60) * 1000)
    with _asking():
        deployment = Deployment(open_session(region), name)
        query = LogQuery(group or f"/ecs/{name}", since, job_id)
        last, seen, newest = tail(deployment, query, lines)
        for line in last:
            click.echo(line)
        if follow:
            for line in follow_log(deployment, LogQuery(query.group, newest, job_id), seen, seconds):
                click.echo(line)


@click.command()
@_of_deployment
@click.option("--budget-name", default=None, help="Else NAME-month.")
def budget(name: str, region: str | None, budget_name: str | None) -> None:
    """Show the month's limit, what was spent and is expected, thresholds and who is told.

    Exit code: 0, 1 if a threshold is crossed, or 2 if AWS could not be asked.
    """
    from coding_agent.operations.budget_report import read_budget

    with _asking():
        report = read_budget(Deployment(open_session(region), name), budget_name or f"{name}-month")
    for line in report.lines():
        click.echo(line)
    raise SystemExit(1 if report.crossed else 0)


@click.command()
@click.option("--tasks", default=None, type=_Amount(), help="Tasks of the service [2].")
@click.option("--vcpu", default=None, type=_Amount(), help="vCPU of each [2].")
@click.option("--memory", "memory_gb", default=None, type=_Amount(), help="GB of memory of each [4].")
@click.option("--hours", default=None, type=_Amount(), help="Hours that all of it runs [730, a month].")
@click.option("--jobs", default=None, type=_Amount(), help="Jobs in that time [100].")
@click.option("--minutes-per-job", default=None, type=_Amount(), help="Minutes that a job's task runs [20].")
@click.option("--runner-vcpu", default=None, type=_Amount(), help="vCPU of a job's task [2].")
@click.option("--runner-memory", "runner_memory_gb", default=None, type=_Amount(), help="GB of memory of it [4].")
@click.option("--json", "as_json", is_flag=True, help="For programs: amounts as strings, prices with their sources.")
def cost(as_json: bool, **asked: Decimal | None) -> None:
    """Compute what a month costs, line by line, beside what was planned. Nobody is asked.

    Exit code: 0.
    """
    from coding_agent.operations.cost import Usage, charge
    from coding_agent.operations.cost_report import cost_json, cost_text
    from coding_agent.operations.price_list import read_prices

    prices = read_prices()
    lines = charge(Usage(**{name: value for name, value in asked.items() if value is not None}), prices)
    click.echo(cost_json(lines, prices) if as_json else cost_text(lines, prices))


@contextmanager
def _asking() -> Iterator[None]:
    """End with a line on standard error and exit code 2 when AWS refuses or cannot be asked."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        _end(aws_words(error))


def _end(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(_NOT_ASKED)
