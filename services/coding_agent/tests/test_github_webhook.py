from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from coding_agent.errors import CodingAgentError
from coding_agent.github.webhook import (
    SEEN_FOR_S,
    Ignored,
    Pong,
    Submit,
    WebhookDecision,
    acknowledge,
    decide,
    replay_keys,
    verify_signature,
)
from coding_agent.jobs.job import PullRequestType
from coding_agent.tests.github_setup import Setup, running_github
from coding_agent.tests.github_webhooks import comment_payload, encoded, labeled_payload, signed_headers


@pytest.fixture
def setup() -> Iterator[Setup]:
    with running_github() as running:
        running.state.set_permission("acme/app", "maintainer", "maintain")
        yield running


def _decide(setup: Setup, event: str, payload: dict[str, Any]) -> WebhookDecision:
    return decide(event, encoded(payload), setup.settings, setup.github)


def test_githubs_documented_example_has_the_documented_signature() -> None:
    # The values of "Testing the webhook payload validation" in GitHub's documentation.
    secret = SecretStr("It's a Secret to Everybody")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"  # pragma: allowlist secret
    assert verify_signature(secret, b"Hello, World!", signature)
    assert not verify_signature(secret, b"Hello, World!\n", signature)
    assert not verify_signature(SecretStr("another"), b"Hello, World!", signature)


@pytest.mark.parametrize("spoil", ["", "sha1=", "sha256=", "upper", "space", "short", "non-ascii", "none"])
def test_a_signature_of_another_form_is_none(spoil: str) -> None:
    good = signed_headers("k", b"{}", "ping")["X-Hub-Signature-256"]
    header = {
        "sha1=": good.replace("sha256=", "sha1="),
        "sha256=": "sha256=",
        "upper": good.upper(),
        "space": good + " ",
        "short": good[:-1],
        "non-ascii": good[:-1] + "é",
        "none": None,
    }.get(spoil, spoil)
    assert not verify_signature(SecretStr("k"), b"{}", header)


def test_an_empty_secret_signs_nothing() -> None:
    assert not verify_signature(SecretStr(""), b"{}", signed_headers("", b"{}", "ping")["X-Hub-Signature-256"])


@given(body=st.binary(max_size=200), flip=st.integers(0, 1599))
@settings(deadline=None)
def test_any_changed_bit_breaks_the_signature(body: bytes, flip: int) -> None:
    header = signed_headers("k", body, "ping")["X-Hub-Signature-256"]
    assert verify_signature(SecretStr("k"), body, header)
    if body:
        changed = bytearray(body)
        changed[flip // 8 % len(body)] ^= 1 << flip % 8
        assert not verify_signature(SecretStr("k"), bytes(changed), header)


def test_ping_is_answered_and_other_events_are_not_looked_into(setup: Setup) -> None:
    assert decide("ping", b"not json", setup.settings, setup.github) == Pong()
    assert decide("push", b"not json", setup.settings, setup.github) == Ignored("event_not_handled")
    assert _decide(setup, "issues", {"action": "opened"}) == Ignored("event_not_handled")
    assert _decide(setup, "issue_comment", {"action": "edited"}) == Ignored("event_not_handled")
    assert setup.state.requests == []


def test_the_label_of_somebody_who_may_write_starts_a_job(setup: Setup) -> None:
    assert _decide(setup, "issues", labeled_payload("Acme/App", 1)) == Submit(issue=setup.ref, sender="maintainer")
    assert _decide(setup, "issues", labeled_payload("Acme/App", 1, label="bug")) == Ignored("not_the_trigger")


def test_a_label_needs_only_the_fields_that_github_promises(setup: Setup) -> None:
    payload = labeled_payload("Acme/App", 1)
    payload["issue"]["assignees"] = [None]
    for optional in ("state", "locked", "labels"):
        del payload["issue"][optional]
    assert isinstance(_decide(setup, "issues", payload), Submit)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/fix", {}),
        ("/fix please, it hurts\nThanks", {}),
        ("/fix base=release/1.2 type=ready", {"base_branch": "release/1.2", "pr_type": PullRequestType.READY}),
        ("/fix dry-run type=branch", {"dry_run": True, "pr_type": PullRequestType.BRANCH}),
    ],
)
def test_a_comment_that_begins_with_the_macro_starts_a_job(
    setup: Setup, body: str, expected: dict[str, object]
) -> None:
    decision = _decide(setup, "issue_comment", comment_payload("acme/app", 1, body))
    assert decision == Submit(issue=setup.ref, sender="maintainer", comment_id=77, **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["please /fix", "/fixit", "> /fix", "\n/fix", "", "/FIX", "`/fix`", "Fixed"])
def test_a_comment_that_only_mentions_the_macro_does_not(setup: Setup, body: str) -> None:
    assert _decide(setup, "issue_comment", comment_payload("acme/app", 1, body)) == Ignored("not_the_trigger")


@pytest.mark.parametrize(
    "option", ["base=../x", "base=--upload-pack=id", "base=a..b", "base=$(id)", "base=x.lock", "base=a/", "type=merge"]
)
def test_an_option_that_cannot_be_meant_is_refused(setup: Setup, option: str) -> None:
    payload = comment_payload("acme/app", 1, f"/fix {option}")
    assert _decide(setup, "issue_comment", payload) == Ignored("bad_option")


@pytest.mark.parametrize("role", ["triage", "read", "none", None])
def test_who_may_not_write_starts_nothing_whatever_the_payload_says(setup: Setup, role: str | None) -> None:
    if role:
        setup.state.set_permission("acme/app", "stranger", role)
    payload = comment_payload("acme/app", 1, "/fix", sender="stranger")
    payload["comment"]["author_association"] = "OWNER"
    payload["sender"]["site_admin"] = True
    assert _decide(setup, "issue_comment", payload) == Ignored("sender_may_not_write")


@pytest.mark.parametrize("role", ["admin", "maintain", "write"])
def test_who_may_write_starts_a_job(setup: Setup, role: str) -> None:
    setup.state.set_permission("acme/app", "ann", role)
    assert isinstance(_decide(setup, "issues", labeled_payload("acme/app", 1, sender="ann")), Submit)


def test_bots_start_nothing_even_with_permission(setup: Setup) -> None:
    setup.state.set_permission("acme/app", "fixer[bot]", "admin")
    setup.state.set_permission("acme/app", "robot", "admin")
    by_name = labeled_payload("acme/app", 1, sender="fixer[bot]")
    by_type = labeled_payload("acme/app", 1, sender="robot")
    by_type["sender"]["type"] = "Bot"
    by_app = comment_payload("acme/app", 1, "/fix")
    by_app["comment"]["performed_via_github_app"] = {"id": 4711}
    assert _decide(setup, "issues", by_name) == Ignored("sender_is_a_bot")
    assert _decide(setup, "issues", by_type) == Ignored("sender_is_a_bot")
    assert _decide(setup, "issue_comment", by_app) == Ignored("sender_is_a_bot")
    assert setup.state.requests == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "closed"}, "issue_closed"),
        ({"locked": True}, "issue_locked"),
        ({"pull_request": {"url": "x"}}, "is_pull_request"),
        ({"html_url": "https://github.com/acme/other/issues/1"}, "repository_not_allowed"),
        ({"html_url": "https://evil.example/acme/app/issues/1"}, "host_not_allowed"),
        ({"updated_at": "2020-01-01T00:00:00Z"}, "too_old"),
    ],
)
def test_issues_that_are_not_to_be_fixed_are_ignored_with_the_reason(
    setup: Setup, changes: dict[str, object], reason: str
) -> None:
    payload = labeled_payload("acme/app", 1)
    payload["issue"].update(changes)
    decision = _decide(setup, "issues", payload)
    assert isinstance(decision, Ignored)
    assert decision.reason == reason
    assert setup.state.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"action": "labeled"}',
        b"[" * 100_000,
        encoded({**labeled_payload("acme/app", 1), "sender": None}),
        encoded({**labeled_payload("acme/app", 1), "issue": {"number": "x"}}),
        encoded({**labeled_payload("acme/app", 1), "repository": {"full_name": "acme/other"}}),
    ],
    ids=range(10),
)
def test_what_is_no_delivery_of_github_is_unreadable(setup: Setup, body: bytes) -> None:
    with pytest.raises(CodingAgentError) as error:
        decide("issues", body, setup.settings, setup.github)
    assert error.value.code == "webhook_unreadable"


def test_a_permission_that_cannot_be_learnt_decides_nothing(setup: Setup) -> None:
    setup.state.add_fault("primary_limit", seconds=600)
    with pytest.raises(CodingAgentError) as error:
        _decide(setup, "issues", labeled_payload("acme/app", 1))
    assert error.value.code == "github_rate_limited"


def test_a_slow_github_is_given_up_in_time_for_the_answer(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding_agent.github.webhook._PERMISSION_S", 0.4)
    setup.state.add_fault("slow", seconds=3, times=5)
    began = time.monotonic()
    with pytest.raises(CodingAgentError) as error:
        _decide(setup, "issues", labeled_payload("acme/app", 1))
    assert error.value.code == "github_unreachable"
    assert time.monotonic() - began < 2.5


def test_the_request_gets_eyes_and_a_failure_of_them_is_logged_only(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    comment = setup.state.add_comment("acme/app", 1, "maintainer", "/fix")
    acknowledge(setup.github, Submit(issue=setup.ref, sender="maintainer", comment_id=comment))
    acknowledge(setup.github, Submit(issue=setup.ref, sender="maintainer"))
    repository = setup.state.repositories["acme/app"]
    assert repository.comments[comment].reactions == [("fixer", "eyes")]
    assert repository.issues[1].reactions == [("fixer", "eyes")]
    setup.state.add_fault("server_error")
    with caplog.at_level(logging.WARNING):
        acknowledge(setup.github, Submit(issue=setup.ref, sender="maintainer"))
    assert "no reaction" in caplog.text


def test_an_old_body_under_a_new_delivery_id_is_still_known() -> None:
    first, replayed = replay_keys("d-1", b"{}"), replay_keys("d-2", b"{}")
    assert first[0] != replayed[0]
    assert first[1] == replayed[1]
    assert len(set(replay_keys("x" * 10_000, b""))) == 2
    assert max(map(len, replay_keys("x" * 10_000, b""))) < 200
    assert SEEN_FOR_S > 3 * 86_400
