"""Bucket policies that are handed out allow what they say, below the store's prefix, and nothing else.

Read as text against what each may hold: whoever widens a policy has to widen it here too, where it is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

__all__ = ["POLICIES", "policy_files_mistakes", "policy_mistakes"]

POLICIES = "deploy/policies"

_BUCKET = "arn:aws:s3:::BUCKET"
_VERSION = "2012-10-17"
_KEYS = {"Sid", "Effect", "Action", "Resource", "Condition"}
_ANY = ("",)
# Which folders of the store each policy may name, by action.
_ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "pod-reader.json": {"s3:GetObject": ("index/",)},
    "pod-logs.json": {
        "s3:PutObject": ("logs/", "feedback/"),
        "s3:GetObject": ("logs/queries/",),
        "s3:ListBucket": ("logs/queries/",),
    },
    "publisher.json": {
        "s3:GetObject": ("index/",),
        "s3:PutObject": ("index/",),
        "s3:DeleteObject": ("index/",),
        # Who publishes has to tell a missing object from a forbidden one: S3 tells only who may list any prefix.
        "s3:ListBucket": _ANY,
    },
}


def policy_files_mistakes(root: Path) -> list[str]:
    """Return what is wrong with the policies below `root`, one line each."""
    found: list[str] = []
    paths = sorted((root / POLICIES).glob("*.json"))
    for missing in sorted(_ALLOWED.keys() - {path.name for path in paths}):
        found.append(f"{POLICIES}/{missing} is missing")
    for path in paths:
        found += [
            f"{POLICIES}/{path.name}: {mistake}" for mistake in policy_mistakes(path.name, path.read_text("utf-8"))
        ]
    return found


def policy_mistakes(name: str, text: str) -> list[str]:
    """Return what is wrong with the policy of this file name."""
    allowed = _ALLOWED.get(name)
    if allowed is None:
        return ["it is not known: say in checks/policies.py what it may allow"]
    try:
        document = json.loads(text)
    except ValueError as error:
        return [f"it is no JSON: {error}"]
    if not isinstance(document, dict) or document.keys() != {"Version", "Statement"}:
        return ["it has to have Version and Statement, and nothing else"]
    if document["Version"] != _VERSION:
        return [f"Version has to be {_VERSION}"]
    statements = document["Statement"]
    if not isinstance(statements, list) or not statements:
        return ["Statement has to be a list"]
    return [mistake for statement in statements for mistake in _statement_mistakes(statement, allowed)]


def _statement_mistakes(statement: object, allowed: dict[str, tuple[str, ...]]) -> Iterator[str]:
    if not isinstance(statement, dict) or not {"Sid", "Effect", "Action", "Resource"} <= statement.keys() <= _KEYS:
        yield "a statement has to have Sid, Effect, Action and Resource, and may have Condition"
        return
    sid = statement["Sid"]
    if statement["Effect"] != "Allow":
        yield f"{sid}: Effect has to be Allow"
    for part in ("Action", "Resource"):
        if not isinstance(statement[part], list) or not all(isinstance(value, str) for value in statement[part]):
            yield f"{sid}: {part} has to be a list of texts"
            return
    is_listing = "s3:ListBucket" in statement["Action"]
    if is_listing and (statement["Action"], statement["Resource"]) != (["s3:ListBucket"], [_BUCKET]):
        yield f"{sid}: s3:ListBucket stands alone, and for {_BUCKET}"
        return
    if is_listing and allowed.get("s3:ListBucket") == _ANY:
        return
    if not is_listing and "Condition" in statement:
        yield f"{sid}: a condition is for s3:ListBucket"
    patterns = _listed_prefixes(statement.get("Condition")) if is_listing else statement["Resource"]
    if not patterns:
        yield f"{sid}: s3:ListBucket needs StringLike on s3:prefix"
    for action in statement["Action"]:
        if action not in allowed:
            yield f"{sid}: {action} is more than it may allow"
            continue
        start = "PREFIX/" if is_listing else f"{_BUCKET}/PREFIX/"
        folders = {f"{start}{folder}*" for folder in allowed[action]}
        for pattern in patterns:
            if pattern not in folders:
                yield f"{sid}: {action} on {pattern} is more than it may allow"


def _listed_prefixes(condition: object) -> list[str]:
    match condition:
        case {"StringLike": {"s3:prefix": [*prefixes], **other_keys}, **others} if not other_keys and not others:
            return [str(prefix) for prefix in prefixes]
    return []
