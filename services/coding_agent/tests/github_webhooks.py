"""Deliveries as GitHub sends them: documented fields, and a signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

__all__ = ["comment_payload", "encoded", "labeled_payload", "signed_headers"]


def labeled_payload(
    repository: str, number: int, *, label: str = "fix-me", sender: str = "maintainer"
) -> dict[str, Any]:
    """`issues.labeled`."""
    issue = _issue(repository, number)
    return {**_common("labeled", repository, issue, sender), "label": {"id": 1, "name": label, "color": "ffffff"}}


def comment_payload(repository: str, number: int, body: str, *, sender: str = "maintainer") -> dict[str, Any]:
    """`issue_comment.created`."""
    comment = {"id": 77, "body": body, "user": _user(sender), "performed_via_github_app": None}
    return {**_common("created", repository, _issue(repository, number), sender), "comment": comment}


def signed_headers(secret: str, body: bytes, event: str, delivery: str = "d-1") -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/1",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def encoded(payload: dict[str, Any]) -> bytes:
    """The bytes of a delivery."""
    return json.dumps(payload).encode()


def _common(action: str, repository: str, issue: dict[str, Any], sender: str) -> dict[str, Any]:
    owner, _, name = repository.partition("/")
    return {
        "action": action,
        "issue": issue,
        "repository": {"id": 1, "name": name, "full_name": repository, "owner": _user(owner)},
        "sender": _user(sender),
        "installation": {"id": 5},
    }


def _issue(repository: str, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": "It breaks",
        "body": "See title",
        "state": "open",
        "locked": False,
        "user": _user("reporter"),
        "labels": [{"id": 1, "name": "fix-me"}],
        "assignees": [],
        "html_url": f"https://github.com/{repository}/issues/{number}",
        "repository_url": f"https://api.github.com/repos/{repository}",
        "updated_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 9, "type": "Bot" if login.endswith("[bot]") else "User"}
