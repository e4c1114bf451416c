"""What a check found, and how checks are made one after the other. Knows nothing of what is checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduler.errors import HistoryUnavailableError, StoreUnavailableError

__all__ = ["Check", "Finding", "Result", "State", "examine", "exit_code", "fail", "ok", "unknown", "warn"]


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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at; `command` shows the same by hand.

    `needs` names checks of before: where one of them failed, this one is not made.
    """

    name: str
    look: Callable[[], Awaitable[Sequence[Finding]]]
    command: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One finding of the check with this name."""

    check: str
    finding: Finding


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
    """Make the checks in their order. One that cannot be made says why, and the others go on."""
    lost: set[str] = set()
    for check in checks:
        missing = [name for name in check.needs if name in lost]
        found = [unknown(f"not looked at: see {missing[0]}")] if missing else await _findings(check)
        for finding in found:
            if finding.state in (State.FAIL, State.UNKNOWN):
                lost.add(check.name)
            yield Result(check.name, finding)


def exit_code(results: Iterable[Result]) -> int:
    """Return 1 when a check failed, else 0: what could not be looked at is named, and is no failure by itself."""
    return 1 if any(each.finding.state is State.FAIL for each in results) else 0


async def _findings(check: Check) -> Sequence[Finding]:
    try:
        return await check.look()
    except (HistoryUnavailableError, StoreUnavailableError) as error:
        return [unknown(str(error), command=check.command)]
    except OSError as error:
        return [unknown(f"no answer ({type(error).__name__})", "try again, or look by hand", check.command)]
