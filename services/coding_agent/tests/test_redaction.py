"""Secrets do not leave the process, in whatever encoding a program has put them."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.observability.redaction import HIDDEN, Redactor, redactor_for
from coding_agent.settings import Settings

_SECRET = "Zq7" + '+/"é ' + "x" * 9 + "K2"
_PEM = "\n".join(
    ["-----BEGIN RSA " + "PRIVATE KEY-----", "MIIEow" + "A" * 58, "b" * 64, "-----END RSA PRIVATE KEY-----"]
)


@pytest.mark.parametrize(
    "encode",
    [
        str,
        json.dumps,
        repr,
        lambda secret: quote(secret, safe=""),
        lambda secret: base64.b64encode(f"x-access-token:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"a:{secret}:b".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
        lambda secret: secret.encode().hex(),
    ],
    ids=["plain", "json", "repr", "url", "basic auth", "inside base64", "urlsafe base64", "hex"],
)
def test_a_known_secret_is_hidden_in_each_encoding(encode: Callable[[str], str]) -> None:
    encoded = encode(_SECRET)
    redacted = Redactor([_SECRET]).redact(f"before {encoded} after")
    assert HIDDEN in redacted
    # What is left beside it: quotes, and of base64 what came before it and what it mixes with its neighbours.
    assert sum(map(len, redacted.split(HIDDEN))) <= len("before  after") + len("eC1hY2Nlc3MtdG9rZW46") + 4
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")


@given(before=st.text(max_size=20), after=st.text(max_size=20), secret=st.from_regex(r"[A-Za-z0-9]{12,40}\Z"))
@settings(deadline=None)
def test_a_known_secret_is_gone_whatever_surrounds_it(before: str, after: str, secret: str) -> None:
    redactor = Redactor([secret])
    assert secret not in redactor.redact(before + secret + after)
    encoded = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    redacted = redactor.redact(encoded)
    # No window of the encoding lets the secret be read.
    assert base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] not in redacted
    assert HIDDEN in redacted


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1" * 18,
        "ghs_" + "B2" * 18,
        "github_pat_" + "1A" * 11 + "_" + "x9" * 20,
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "sk-" + "proj-" + "a1B2" * 8,
        "eyJhbGciOiJI" + "." + "eyJzdWIiOiIx" + "." + "c2lnbmF0dXJl",
        _PEM,
    ],
    ids=["classic", "installation", "fine-grained", "aws", "openai", "jwt", "pem"],
)
@pytest.mark.parametrize("around", ["{}", "key={};", '{{"k": "\\n{}"}}', "https://host/{}?x"])
def test_an_unknown_secret_is_hidden_by_its_shape(token: str, around: str) -> None:
    redacted = Redactor().redact(around.format(token))
    assert token not in redacted
    assert token[12:-1] not in redacted
    assert HIDDEN in redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("'X-API-Key': 'abc123def'", "'X-API-Key': '***'"),
        ("authorization: bearer abcdefghijklmnopq", "authorization: bearer ***"),
        ("clone https://x-access-token:abc@github.com/a/b", "clone https://***@github.com/a/b"),
        ("clone https://abc123@github.com/a/b.git", "clone https://***@github.com/a/b.git"),
    ],
)
def test_headers_and_addresses_lose_their_credentials(text: str, redacted: str) -> None:
    assert Redactor().redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "the task-management-framework1 of the disk-0123456789abcdef",
        "ssh://git@github.com/acme/app.git",
        "see https://example.com/a?mail=me@example.com",
        "bearer authentication is asked for",
        "the private key is missing",
        "def test_ghp_prefix(): ...",
    ],
)
def test_innocent_text_stays(text: str) -> None:
    assert Redactor().redact(text) == text


def test_the_lines_of_a_key_are_hidden_one_by_one() -> None:
    redactor = Redactor([_PEM])
    assert redactor.redact("line " + "b" * 64) == "line ***"


def test_a_secret_learnt_later_is_hidden() -> None:
    redactor = Redactor()
    secret = secrets.token_urlsafe(16)
    assert redactor.redact(secret) == secret
    redactor.learn(secret)
    assert redactor.redact(f"[{secret}]") == "[***]"


def test_json_keeps_its_structure_and_bytes_keep_what_is_no_text() -> None:
    redactor = Redactor([_SECRET])
    assert redactor.redact_json({"a": [1, None, {_SECRET: f"x{_SECRET}"}]}) == {"a": [1, None, {"***": "x***"}]}
    assert redactor.redact_bytes(b"\xff\x00" + _SECRET.encode() + b"\xfe") == b"\xff\x00***\xfe"


def test_secrets_of_the_settings_are_known() -> None:
    configured = Settings.model_validate(
        {
            "github_token": "plain-github-1",
            "model_key": "plain-model-2",
            "webhook_secret": "plain-hook-3",
            "callback_secret": "plain-callback-4",
            "github_app_private_key": _PEM,
            "store": "redis://:" + "store-word-5" + "@127.0.0.1/0",
        }
    )
    redactor = redactor_for(configured, {"AWS_SECRET_ACCESS_KEY": "plain-aws-6"})
    told = redactor.redact(
        "plain-github-1 plain-model-2 plain-hook-3 plain-callback-4 store-word-5 plain-aws-6 " + "b" * 64
    )
    assert told.split() == [HIDDEN] * 7


@pytest.mark.parametrize(
    "piece", ["eyJ-", "sk-", "-----BEGIN " + "PRIVATE KEY-----", "a://", "bearer ", "ghp_", "authorization"]
)
def test_hostile_text_is_handled_in_time_that_grows_with_its_length(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    Redactor([_SECRET]).redact(text)
    assert time.process_time() - began < 3
