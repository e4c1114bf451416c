"""GitHub's webhook: who sent it, whether it was seen before, and whether it asks for a fix.

A route handles a delivery in this order: `verify_signature` on the raw bytes (401), `decide` (400 for
`webhook_unreadable`; 503 when GitHub does not answer: GitHub then shows the delivery as failed, and it can be sent
again), then the store's `first_sight` for every one of `replay_keys`, kept for `SEEN_FOR_S`, then the submission, then
`acknowledge`. So a delivery that could not be decided does not count as seen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import SecretStr, TypeAdapter, ValidationError

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Account, Label
from coding_agent.github.client import GitHub
from coding_agent.github.issue_url import parse_issue_url
from coding_agent.github.patience import github_patience
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import PullRequestType
from coding_agent.settings import Settings

__all__ = [
    "SEEN_FOR_S",
    "Ignored",
    "Pong",
    "Submit",
    "WebhookDecision",
    "acknowledge",
    "decide",
    "replay_keys",
    "verify_signature",
]

_log = logging.getLogger(__name__)

# GitHub waits 10 seconds for the answer: of those, this long for questions to it, and this long for the reaction.
_PERMISSION_S = 6.0
_REACTION_S = 2.0
# GitHub sends a delivery again for three days at most; what is older is a replay, and needs not be remembered.
_OLDEST_S = 3 * 86_400.0
SEEN_FOR_S = _OLDEST_S + 86_400.0
_MAY_START = frozenset({"admin", "maintain", "write"})
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_BRANCH = re.compile(
    r"(?!/)(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|\Z)))[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}(?<![./])", re.ASCII
)

IgnoredBecause = Literal[
    "event_not_handled",
    "not_the_trigger",
    "sender_is_a_bot",
    "sender_may_not_write",
    "is_pull_request",
    "issue_closed",
    "issue_locked",
    "host_not_allowed",
    "repository_not_allowed",
    "bad_option",
    "too_old",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A job for the issue; `comment_id` is the comment that asked for it, None when a label did."""

    issue: IssueRef
    sender: str
    comment_id: int | None = None
    base_branch: str | None = None
    pr_type: PullRequestType = PullRequestType.DRAFT
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why."""

    reason: IgnoredBecause


@dataclass(frozen=True, slots=True)
class Pong:
    """GitHub tried the webhook out."""


WebhookDecision = Submit | Ignored | Pong


@dataclass(frozen=True, slots=True)
class _Name:
    full_name: str


@dataclass(frozen=True, slots=True)
class _Issue:
    """State and lock are optional in `issues.labeled`: before work begins both are asked of the API anyway."""

    number: int
    html_url: str
    updated_at: datetime
    state: str = "open"
    locked: bool | None = None
    pull_request: object | None = None


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    body: str | None
    performed_via_github_app: object | None = None


@dataclass(frozen=True, slots=True)
class _Payload:
    action: str
    issue: _Issue
    repository: _Name
    sender: Account
    label: Label | None = None
    comment: _Comment | None = None


_PAYLOAD = TypeAdapter(_Payload)


def verify_signature(secret: SecretStr, raw_body: bytes, header: str | None) -> bool:
    """Return whether X-Hub-Signature-256 is the HMAC of exactly these bytes, compared in constant time."""
    if header is None or not _SIGNATURE.fullmatch(header) or not secret.get_secret_value():
        return False
    expected = hmac.digest(secret.get_secret_value().encode(), raw_body, "sha256").hex()
    return hmac.compare_digest(expected, header.removeprefix("sha256="))


def replay_keys(delivery: str, raw_body: bytes) -> tuple[str, str]:
    """Return what to remember of a delivery: its id, and its body.

    The id alone refuses nobody: it is not signed, so an old body can be sent under a new one. GitHub's own redelivery
    has both as they were; two true events differ at least in their times.
    """
    return f"delivery:{delivery[:100]}", f"body:{hashlib.sha256(raw_body).hexdigest()}"


def decide(event: str, raw_body: bytes, settings: Settings, github: GitHub) -> WebhookDecision:
    """Return what a delivery with a true signature asks for; gives up on GitHub after six seconds.

    A job starts when somebody who may write sets the trigger label, or begins a comment with the trigger macro; what
    they may is asked of GitHub, not read from the payload. Raises CodingAgentError `webhook_unreadable`, or what the
    client raises when it does not learn the permission: then nothing was decided.
    """
    if event == "ping":
        return Pong()
    if (event, _action(event, raw_body)) not in {("issues", "labeled"), ("issue_comment", "created")}:
        return Ignored("event_not_handled")
    request = _request(event, _read(raw_body), settings)
    if isinstance(request, Ignored):
        return request
    with github_patience(seconds=_PERMISSION_S):
        permission = github.permission(request.issue.repository, request.sender)
    return request if permission in _MAY_START else Ignored("sender_may_not_write")


def acknowledge(github: GitHub, submit: Submit) -> None:
    """React with eyes to what asked for the job. It is a courtesy: a failure is logged, and the job goes on."""
    try:
        with github_patience(seconds=_REACTION_S):
            github.react(submit.issue, "eyes", comment_id=submit.comment_id)
    except CodingAgentError as error:
        _log.warning("no reaction to the request", extra={"issue": submit.issue.url, "code": error.code})


def _action(event: str, raw_body: bytes) -> str:
    """What happened; other events are not looked into."""
    if event not in {"issues", "issue_comment"}:
        return ""
    try:
        return str(json.loads(raw_body)["action"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unreadable() from None


def _read(raw_body: bytes) -> _Payload:
    try:
        return _PAYLOAD.validate_json(raw_body)
    except ValidationError:
        raise _unreadable() from None


def _unreadable() -> CodingAgentError:
    return CodingAgentError("webhook_unreadable", "The delivery is not JSON as GitHub documents it for its event")


def _request(event: str, payload: _Payload, settings: Settings) -> Submit | Ignored:
    """What the payload asks for, if its sender may."""
    words = _trigger(event, payload, settings)
    if words is None:
        return Ignored("not_the_trigger")
    # Our own comments and labels must never start a job: neither as a bot, nor through an App under a person's name.
    comment = payload.comment
    if payload.sender.is_bot or (comment is not None and comment.performed_via_github_app is not None):
        return Ignored("sender_is_a_bot")
    target = _target(payload, settings)
    if isinstance(target, Ignored):
        return target
    return _options(words, target, payload) or Ignored("bad_option")


def _trigger(event: str, payload: _Payload, settings: Settings) -> list[str] | None:
    """The words behind the macro (none for a label), or None when this is not meant for us."""
    if event == "issues":
        is_ours = payload.label is not None and payload.label.name.lower() == settings.trigger_label.lower()
        return [] if is_ours else None
    lines = (payload.comment.body or "").splitlines() if payload.comment is not None else []
    words = lines[0].split() if lines else []
    return words[1:] if words and words[0] == settings.trigger_macro else None


def _target(payload: _Payload, settings: Settings) -> IssueRef | Ignored:
    if payload.issue.pull_request is not None:
        return Ignored("is_pull_request")
    try:
        ref = parse_issue_url(payload.issue.html_url, settings)
    except CodingAgentError as error:
        match error.code:
            case "host_not_allowed" | "repository_not_allowed" | "is_pull_request":
                return Ignored(error.code)
            case _:
                raise _unreadable() from None
    if (ref.repository, ref.number) != (payload.repository.full_name.lower(), payload.issue.number):
        raise _unreadable()
    if time.time() - payload.issue.updated_at.timestamp() > _OLDEST_S:
        return Ignored("too_old")
    if payload.issue.state != "open":
        return Ignored("issue_closed")
    return Ignored("issue_locked") if payload.issue.locked else ref


def _options(words: list[str], issue: IssueRef, payload: _Payload) -> Submit | None:
    """What stands behind the macro: `base=BRANCH`, `type=draft|ready|branch`, `dry-run`; None for a wrong value.

    Other words are taken for talk.
    """
    base_branch, pr_type, dry_run = None, PullRequestType.DRAFT, False
    for word in words:
        name, _, value = word.partition("=")
        if name == "base" and value:
            if not _BRANCH.fullmatch(value):
                return None
            base_branch = value
        elif name == "type" and value:
            if value not in {each.value for each in PullRequestType}:
                return None
            pr_type = PullRequestType(value)
        elif word == "dry-run":
            dry_run = True
    return Submit(
        issue=issue,
        sender=payload.sender.login,
        comment_id=payload.comment.id if payload.comment is not None else None,
        base_branch=base_branch,
        pr_type=pr_type,
        dry_run=dry_run,
    )
