"""Which checks are made, in which order: from what the service needs to start, to who can reach it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from coding_agent.operations.aws_session import aws_words, open_session
from coding_agent.operations.doctor.aws import deployment_checks
from coding_agent.operations.doctor.aws_deployment import Deployment
from coding_agent.operations.doctor.aws_network import aws_network_checks
from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem
from coding_agent.operations.doctor.github import github_checks
from coding_agent.operations.doctor.machine import machine_checks, model_check
from coding_agent.operations.doctor.network import Address, network_checks
from coding_agent.operations.doctor.own_settings import read_own_settings, settings_check
from coding_agent.operations.doctor.store import store_checks

__all__ = ["all_checks"]

_OF_AWS = ("image", "secrets", "tasks", "runner role", "targets", "load balancer", "security groups")
_OF_ADDRESS = ("dns", "tcp", "tls", "health", "key refused", "key accepted")
_OF_SETTINGS = ("github", "github repositories", "redis persistence", "redis eviction", "model")


def all_checks(
    name: str, region: str | None, *, local: bool, url: str | None, grace_s: float, ask_model: bool
) -> Iterator[Check]:
    """Yield the checks; those that something else stands in the way of say so when they are made."""
    if local:
        yield from machine_checks()
    else:
        yield from _aws_checks(name, region)
    yield from _address_checks(url, grace_s)
    settings, wrong = read_own_settings()
    yield settings_check(wrong)
    if settings is None:
        yield from _none_made(_OF_SETTINGS, "the settings are not valid")
        return
    yield from github_checks(settings)
    yield from store_checks(settings)
    yield model_check(settings, ask_model)


def _aws_checks(name: str, region: str | None) -> Iterator[Check]:
    try:
        deployment = Deployment(open_session(region), name)
        who = deployment.identity["Arn"]
    except (BotoCoreError, ClientError) as error:
        words = aws_words(error)
        yield _told("aws credentials", problem(words, "log in, or give --local for a development machine"))
        yield from _none_made(_OF_AWS, words)
        return
    yield _told("aws credentials", ok(who))
    yield from deployment_checks(deployment)
    yield from aws_network_checks(deployment)


def _address_checks(url: str | None, grace_s: float) -> Iterator[Check]:
    if not url:
        yield from _none_made(_OF_ADDRESS, "CODING_AGENT_URL is not set")
        return
    try:
        address = Address.of(url)
    except ValueError as error:
        yield _told("dns", problem(str(error), "set it to Terraform's output service_url"))
        yield from _none_made(_OF_ADDRESS[1:], str(error))
        return
    yield from network_checks(address, os.environ.get("CODING_AGENT_API_KEY"), grace_s)


def _none_made(names: tuple[str, ...], why: str) -> Iterator[Check]:
    for name in names:
        yield _told(name, not_made(why))


def _told(name: str, finding: Finding) -> Check:
    return Check(name, lambda: finding)
