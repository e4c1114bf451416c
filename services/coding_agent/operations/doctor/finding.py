"""What a check found: ok, a problem with its cause and what to do, or why it could not be made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from redis.exceptions import RedisError

from coding_agent.errors import CodingAgentError
from coding_agent.operations.aws_session import aws_words

__all__ = ["CHECKS", "Check", "Finding", "State", "examine", "not_made", "ok", "problem"]

# Every check by its name, with what it looks at; docs/SEVALLA_DEPLOYMENT.md names them in its table of symptoms.
CHECKS = {
    "settings": "the service's own variables, as this machine has them",
    "aws credentials": "whose credentials these are",
    "image": "each image of the task definitions is in ECR, by its digest",
    "secrets": "each secret has a value, and the execution role may read it",
    "tasks": "as many tasks run as are wanted; why the last one stopped",
    "targets": "the load balancer finds the tasks healthy",
    "load balancer": "it faces the internet and listens at 443",
    "security groups": "443 to the balancer, 8000 from it to the tasks, runners only to the proxy",
    "runner role": "tasks of jobs have no role",
    "dns": "the host of CODING_AGENT_URL has addresses",
    "tcp": "its port takes connections",
    "tls": "its certificate is trusted, has its name and is not about to expire",
    "health": "GET /healthz answers 200 within the grace period",
    "key refused": "a request without a key gets 401",
    "key accepted": "a request with CODING_AGENT_API_KEY gets 200",
    "github": "the token's scopes, or the App's permissions",
    "github repositories": "each listed repository may be pushed to",
    "redis persistence": "the store loses no job when it restarts",
    "redis eviction": "the store throws no job away when its memory is full",
    "model": "the model answers (with --ask-model)",
    "bubblewrap": "commands of a model can run isolated on this machine",
    "git": "git is installed on this machine",
}


class State(StrEnum):
    """How it stands."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_MADE = "not made"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check ended; `cause` is what was seen, `fix` what to do about a problem. No secret is in either."""

    state: State
    cause: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name in `CHECKS`."""

    name: str
    look: Callable[[], Finding]


def ok(cause: str) -> Finding:
    """Return that all is well, with what was seen."""
    return Finding(State.OK, cause)


def problem(cause: str, fix: str) -> Finding:
    """Return what is wrong and what to do."""
    return Finding(State.PROBLEM, cause, fix)


def not_made(why: str) -> Finding:
    """Return why the check could not be made."""
    return Finding(State.NOT_MADE, why)


def examine(checks: Iterable[Check]) -> Iterator[tuple[str, Finding]]:
    """Make the checks in their order. One that cannot be made says why, and the others go on."""
    for check in checks:
        try:
            finding = check.look()
        except (ClientError, BotoCoreError) as error:
            finding = not_made(aws_words(error))
        except (httpx.HTTPError, OSError, RedisError) as error:
            # Their texts may hold an address with a password in it, so only their kind is told.
            finding = not_made(f"no answer ({type(error).__name__})")
        except CodingAgentError as error:
            finding = not_made(error.message)
        yield check.name, finding
