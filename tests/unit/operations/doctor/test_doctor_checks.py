"""Checks run within their time, none ends the others, and no text has a secret in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.operations.doctor.checks import (
    Check,
    Finding,
    Result,
    exit_code,
    failed,
    ok,
    run_checks,
    skipped,
    warning,
)


def result(finding: Finding) -> Result:
    return Result("any", finding, 0.0)


def raising(error: Exception) -> Finding:
    raise error


def test_check_that_hangs_is_given_up_with_its_advice() -> None:
    release = threading.Event()

    def hang() -> Finding:
        release.wait(30)
        return ok("too late")

    began = time.monotonic()
    hung, after = run_checks(
        [Check("hangs", hang, limit_s=0.1, if_silent="look at the network"), Check("after", lambda: ok("fine"))],
        total_s=5,
    )
    release.set()
    assert time.monotonic() - began < 3
    assert hung.finding.state == "failed"
    assert hung.finding.advice == ("look at the network",)
    assert hung.is_running
    assert after.finding == ok("fine")


def test_checks_whose_turn_never_came_say_so_and_are_not_asked() -> None:
    release = threading.Event()
    asked: list[int] = []

    def hang(number: int) -> Finding:
        asked.append(number)
        return ok(str(release.wait(30)))

    hanging = [Check(f"hangs {number}", partial(hang, number), limit_s=5) for number in range(8)]
    began = time.monotonic()
    first, *others = run_checks(hanging, total_s=0.3)
    release.set()
    assert time.monotonic() - began < 3
    assert first.finding.state == "failed"
    assert first.finding.found == "no answer within 0.3 s"
    assert asked == [0]
    assert all(each.finding.state == "skipped" and "used up before" in each.finding.found for each in others)
    assert exit_code(others) == 1


def test_next_check_is_taken_when_the_one_before_has_ended() -> None:
    found: list[str] = []

    def look() -> Finding:
        found.append("first")
        return ok("fine")

    def checks() -> Iterator[Check]:
        yield Check("first", look)
        yield Check(f"after {found[0]}", lambda: ok("fine"))

    assert [each.name for each in run_checks(checks(), total_s=5)] == ["first", "after first"]


def test_check_is_skipped_when_what_it_needs_has_failed_or_was_skipped() -> None:
    checks = [
        Check("first", lambda: failed("broken")),
        Check("second", lambda: ok("never looked"), ("first",)),
        Check("third", lambda: ok("never looked"), ("second",)),
        Check("fourth", lambda: warning("hm")),
        Check("fifth", lambda: ok("looked"), ("fourth",)),
    ]
    findings = [each.finding for each in run_checks(checks, total_s=5)]
    assert [each.state for each in findings] == ["failed", "skipped", "skipped", "warning", "ok"]
    assert findings[1].found == "needs “first”, which failed"


def test_errors_become_findings_of_one_line_and_the_others_go_on() -> None:
    checks = [
        Check("expected", lambda: raising(StoreUnavailableError("The store is away: check the network."))),
        Check("unexpected", lambda: raising(KeyError("one\ntwo"))),
        Check("last", lambda: ok("fine")),
    ]
    expected, unexpected, last = run_checks(checks, total_s=5)
    assert expected.finding == failed("The store is away: check the network.")
    assert unexpected.finding.state == "failed"
    assert "KeyError" in unexpected.finding.found
    assert "\n" not in unexpected.finding.found
    assert last.finding == ok("fine")


def test_secrets_are_cut_out_of_what_a_service_repeats() -> None:
    said = failed("refused: key sk-canary-0815 is unknown", "renew sk-canary-0815")
    (cleaned,) = run_checks([Check("any", lambda: said)], total_s=5, secrets={"sk-canary-0815", "refused"})
    assert cleaned.finding == failed("refused: key *** is unknown", "renew ***")


def test_exit_code_is_that_of_the_worst_state() -> None:
    assert exit_code([result(ok("")), result(skipped(""))]) == 0
    assert exit_code([result(ok("")), result(warning(""))]) == 1
    assert exit_code([result(warning("")), result(failed("")), result(ok(""))]) == 2
