"""The policies that are handed out pass the audit, and a broader one does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.policies import POLICIES, policy_files_mistakes, policy_mistakes

ROOT = Path(__file__).parents[3]
BUCKET = "arn:aws:s3:::BUCKET"


def test_policies_of_the_repository_are_sound() -> None:
    assert policy_files_mistakes(ROOT) == []


def test_a_policy_that_is_missing_or_not_known_is_told(tmp_path: Path) -> None:
    folder = tmp_path / POLICIES
    folder.mkdir(parents=True)
    (folder / "everything.json").write_text("{}")
    told = policy_files_mistakes(tmp_path)
    assert [line for line in told if "pod-reader.json is missing" in line]
    assert [line for line in told if "everything.json: it is not known" in line]


def reader(**changes: object) -> str:
    statement = {"Sid": "S", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/PREFIX/index/*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]})


LISTING: dict[str, object] = {"Action": ["s3:ListBucket"], "Resource": [BUCKET]}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pod-reader.json", reader(Action=["s3:*"]), "s3:* is more than it may allow"),
        ("pod-reader.json", reader(Action=["s3:Get*"]), "s3:Get* is more"),
        ("pod-reader.json", reader(Action="s3:*", Resource="*"), "has to be a list"),
        ("pod-reader.json", reader(Resource=["*"]), "on * is more"),
        ("pod-reader.json", reader(Resource=[f"{BUCKET}/*"]), "on arn:aws:s3:::BUCKET/* is more"),
        ("pod-reader.json", reader(Resource=[f"{BUCKET}/PREFIX/*"]), "PREFIX/* is more"),
        ("pod-reader.json", reader(Resource=[f"{BUCKET}/PREFIX/index/*", f"{BUCKET}/PREFIX/raw/*"]), "raw/* is more"),
        ("pod-reader.json", reader(Action=["s3:GetObject", "s3:PutObject"]), "s3:PutObject is more"),
        ("pod-reader.json", reader(NotAction=["s3:PutObject"]), "has to have Sid, Effect, Action and Resource"),
        ("pod-logs.json", reader(Action=["s3:PutObject"]), "index/* is more"),
        ("pod-logs.json", reader(**LISTING), "needs StringLike on s3:prefix"),
        ("pod-logs.json", reader(**LISTING, Condition={"StringLike": {"s3:prefix": ["*"]}}), "on * is more"),
        ("pod-logs.json", reader(Action=["s3:ListBucket"], Resource=["*"]), "stands alone"),
        ("publisher.json", reader(Action=["s3:DeleteObject"], Resource=[f"{BUCKET}/PREFIX/raw/*"]), "raw/* is more"),
        ("publisher.json", '{"Version": "2008-10-17", "Statement": []}', "Version has to be 2012-10-17"),
        ("publisher.json", "Allow", "it is no JSON"),
    ],
)
def test_a_policy_that_allows_more_or_is_none_is_told(name: str, text: str, words: str) -> None:
    assert words in "; ".join(policy_mistakes(name, text))
