"""What a check is, and running many of them: one after the other, each within its time, none ending the others.

A check is a function without arguments that returns a Finding; what it looks at is bound to it beforehand. Other lists
of checks (a platform's, a deployed instance's) are run the same way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from finrag_ml_tg1.errors import FinRAGError

__all__ = ["Check", "Finding", "Result", "State", "exit_code", "failed", "ok", "run_checks", "skipped", "warning"]

State = Literal["ok", "warning", "failed", "skipped"]


_LEAST_HIDDEN_CHARS = 8  # what is shorter may be part of our own words, and the gap would tell it


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in one line, and what to do about it, a line each."""

    state: State
    found: str
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name; `needs` names checks that must not have failed before it, `limit_s` is all the time it has.

    `if_silent` is the advice when that was not enough.
    """

    name: str
    look: Callable[[], Finding]
    needs: tuple[str, ...] = ()
    limit_s: float = 5.0
    if_silent: str = "try again; if it stays so, look at the network and the load of this machine"


@dataclass(frozen=True, slots=True)
class Result:
    """A check's finding; `is_running` when it was given up and its thread may still wait for something.

    `is_late` when the time of all checks was over before its turn.
    """

    name: str
    finding: Finding
    seconds: float
    is_running: bool = False
    is_late: bool = False


@dataclass(slots=True)
class _Outcome:
    finding: Finding | None = None
    is_done: threading.Event = field(default_factory=threading.Event)


def ok(found: str, *advice: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", found, advice)


def warning(found: str, *advice: str) -> Finding:
    """Return that it works, but should be changed."""
    return Finding("warning", found, advice)


def failed(found: str, *advice: str) -> Finding:
    """Return that it does not work."""
    return Finding("failed", found, advice)


def skipped(reason: str, *advice: str) -> Finding:
    """Return that there was nothing to check, and why."""
    return Finding("skipped", reason, advice)


def run_checks(checks: Iterable[Check], *, total_s: float, secrets: Collection[str] = ()) -> Iterator[Result]:
    """Yield a result for each check in order, all within `total_s` seconds; no text has any of `secrets` in it.

    The next check is taken from `checks` when the one before has ended, so that it may depend on what was found.
    """
    ends_at = time.monotonic() + total_s
    states: dict[str, State] = {}
    for check in checks:
        missing = [name for name in check.needs if states.get(name) in {"failed", "skipped"}]
        if missing:
            how = "failed" if states[missing[0]] == "failed" else "was skipped"
            result = Result(check.name, skipped(f"needs “{missing[0]}”, which {how}"), 0.0)
        elif (left_s := ends_at - time.monotonic()) <= 0:
            late = skipped(f"not asked: the {total_s:g} s that all checks have were used up before")
            result = Result(check.name, late, 0.0, is_late=True)
        else:
            result = _run(check, min(check.limit_s, left_s))
        states[check.name] = result.finding.state
        yield replace(result, finding=_without(secrets, result.finding))


def exit_code(results: Iterable[Result]) -> int:
    """Return 2 when something failed, 1 when there are only warnings or checks whose turn never came, 0 otherwise."""
    told = list(results)
    states = {result.finding.state for result in told}
    if "failed" in states:
        return 2
    return 1 if "warning" in states or any(result.is_late for result in told) else 0


def _run(check: Check, limit_s: float) -> Result:
    outcome = _Outcome()
    began = time.monotonic()
    # A daemon: what cannot be interrupted (a name server, a file system that hangs) must not hold the program either.
    threading.Thread(target=_look, args=(check, outcome), name=check.name, daemon=True).start()
    is_done = outcome.is_done.wait(limit_s)
    seconds = time.monotonic() - began
    if is_done and outcome.finding is not None:
        return Result(check.name, outcome.finding, seconds)
    return Result(
        check.name, failed(f"no answer within {round(limit_s, 1):g} s", check.if_silent), seconds, is_running=True
    )


def _look(check: Check, outcome: _Outcome) -> None:
    try:
        outcome.finding = check.look()
    except FinRAGError as error:
        outcome.finding = failed(str(error))
    except Exception as error:  # noqa: BLE001 - whatever a check meets is its finding: the others are still worth knowing
        outcome.finding = failed(
            f"the check itself ended with {type(error).__name__}: {_first_line(error)}", "report this as a fault"
        )
    finally:
        outcome.is_done.set()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def _without(secrets: Collection[str], finding: Finding) -> Finding:
    """The last guard: services repeat in their messages what they were sent."""

    def cleaned(text: str) -> str:
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _LEAST_HIDDEN_CHARS:
                text = text.replace(secret, "***")
        return " ".join(text.split())

    return Finding(finding.state, cleaned(finding.found), tuple(cleaned(line) for line in finding.advice))
