"""What a check found, and how checks are made one after the other. Knows nothing of what is checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kserve_api.errors import ApiError, ClusterError

__all__ = ["Check", "Finding", "Result", "State", "examine", "exit_code", "fail", "ok", "unknown", "warn"]

_FORBIDDEN = 403


class State(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen and, unless it is ok, what to do: in words, and as a command to copy. No secret is in any of it."""

    state: State
    cause: str
    fix: str = ""
    command: str = ""
    lines: Sequence[str] = ()  # What belongs to it and is longer: lines of a log.


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at; `command` shows the same by hand. after a `vital` one that is not well, none is made."""

    name: str
    look: Callable[[], Awaitable[Sequence[Finding]]]
    command: str = ""
    vital: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One finding of the check with this name."""

    check: str
    finding: Finding
    vital: bool = False


def ok(cause: str) -> Finding:
    """Return that all is well, with what was seen."""
    return Finding(State.OK, cause)


def warn(cause: str, fix: str, command: str = "") -> Finding:
    """Return what works, but not as one would expect, and what to do about it."""
    return Finding(State.WARN, cause, fix, command)


def fail(cause: str, fix: str, command: str = "") -> Finding:
    """Return what is wrong and what to do."""
    return Finding(State.FAIL, cause, fix, command)


def unknown(cause: str, fix: str = "", command: str = "") -> Finding:
    """Return why it could not be looked at."""
    return Finding(State.UNKNOWN, cause, fix, command)


async def examine(checks: Iterable[Check]) -> AsyncIterator[Result]:
    """Make the checks in their order. One that cannot be made says why, and the others go on, but for a vital one."""
    lost = ""
    for check in checks:
        if lost:
            yield Result(check.name, unknown(f"not looked at: {lost}", command=check.command))
            continue
        for finding in await _findings(check):
            if check.vital and finding.state in (State.FAIL, State.UNKNOWN):
                lost = f"see {check.name}"
            yield Result(check.name, finding, check.vital)


def exit_code(results: Iterable[Result]) -> int:
    """Return 2 when a vital check could not be made (nor then the others), 1 when a check failed, else 0."""
    found = list(results)
    if any(each.vital and each.finding.state is State.UNKNOWN for each in found):
        return 2
    return 1 if any(each.finding.state is State.FAIL for each in found) else 0


async def _findings(check: Check) -> Sequence[Finding]:
    try:
        return await check.look()
    except ClusterError as error:
        if error.status == _FORBIDDEN:
            return [unknown("this account may not read it", "look with an account that may", check.command)]
        if error.status == 0:
            return [unknown(f"the API server did not answer: {error.message}", command=check.command)]
        return [unknown(f"the API server answered {error.status} {error.reason}", command=check.command)]
    except ApiError as error:
        return [unknown(error.message, command=check.command)]
    except OSError as error:
        return [unknown(f"no answer ({type(error).__name__})", "try again, or look by hand", check.command)]
