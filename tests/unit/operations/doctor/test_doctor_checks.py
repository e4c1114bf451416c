"""Checks run within their time, none ends the others, and no text has a secret in it."""

from __future__ import annotations

import threading
import time

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


def test_all_checks_together_keep_within_the_total_time() -> None:
    release = threading.Event()
    hanging = [Check(f"hangs {number}", lambda: ok(str(release.wait(30))), limit_s=5) for number in range(8)]
    began = time.monotonic()
    results = list(run_checks(hanging, total_s=0.3))
    release.set()
    assert time.monotonic() - began < 3
    assert all(each.finding.state == "failed" for each in results)


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
