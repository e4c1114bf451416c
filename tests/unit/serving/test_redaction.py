"""Secrets are hidden by what they are and by what they look like; what is none stays as it is."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.redaction import HIDDEN, Redaction, secrets_of

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PRIVATE = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nzanzibarquux\n-----END RSA PRIVATE KEY-----"
# A text as it might be logged, and the part of it that must be gone.
SHAPES = [
    ("credential AKIAIOSFODNN7EXAMPLE refused", "AKIAIOSFODNN7EXAMPLE"),
    ("temporary ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("{'aws_session_token': 'FwoGZXIvYXdzEXAMPLE=='}", "FwoGZXIvYXdzEXAMPLE"),
    ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
    ("authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ("sent bearer 0123456789abcdef", "0123456789abcdef"),
    ("(b'authorization', b'AWS4-HMAC-SHA256 Credential=x')", "Credential=x"),
    ("Incorrect API key provided: sk-proj-abcDEF0123456789_x", "sk-proj-abcDEF0123456789_x"),
    ("sk-ant-api03-abcdefghijklmnop", "sk-ant-api03-abcdefghijklmnop"),
    ("stripe sk_live_0123456789abcdef", "sk_live_0123456789abcdef"),
    ("clone with ghp_0123456789abcdefghijABCDEFGHIJ0123", "ghp_0123456789abcdefghijABCDEFGHIJ0123"),
    ("github_pat_11ABCDEFG0123456789_abcdefghijklmnop", "github_pat_11ABCDEFG0123456789_abcdefghijklmnop"),
    ("glpat-0123456789abcdefghij", "glpat-0123456789abcdefghij"),  # pragma: allowlist secret
    ("hf_abcdefghijklmnopqrstuvwxyz", "hf_abcdefghijklmnopqrstuvwxyz"),
    ("npm_abcdefghijklmnopqrstuvwxyz", "npm_abcdefghijklmnopqrstuvwxyz"),
    ("pypi-AgEIcHlwaS5vcmcCJDAwMDAw", "pypi-AgEIcHlwaS5vcmcCJDAwMDAw"),
    ("xoxb-123456789012-abcdefghijkl", "xoxb-123456789012-abcdefghijkl"),  # pragma: allowlist secret
    ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "AIzaSyA0123456789abcdefghijklmnopqrstuv"),
    (f"token {JWT} expired", JWT),
    ("redis://:hunter2hunter2@cache:6379/0", "hunter2hunter2"),
    ("postgres://app:p%40ss@db/x", "p%40ss"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=0a1b2c3d&x=1", "0a1b2c3d"),
    ("https://b/k?X-Amz-Credential=AKIX%2F2026&X-Amz-Security-Token=IQoJb3", "IQoJb3"),
    ("https://account.blob.core.windows.net/c?sv=1&sig=abc%2Bdef%3D", "abc%2Bdef%3D"),
    ("password=correct-horse", "correct-horse"),
    ('{"client_secret": "zanzibarquux"}', "zanzibarquux"),
    ("X-API-Key: zanzibarquux", "zanzibarquux"),
    (f"loaded {PRIVATE} from disk", "zanzibarquux"),
    (json.dumps({"key": PRIVATE}), "zanzibarquux"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nzanzibarquux", "zanzibarquux"),  # pragma: allowlist secret
]
HARMLESS = [
    "POST /query 200 in 33.6 ms",
    "index 4f72d0d368b6f431 loaded: 24387 passages",
    "No usable AWS credentials for s3://bucket/x: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or check "
    "AWS_PROFILE.",
    "s3://bucket/index/CURRENT: S3 refused GetObject with 403 InvalidAccessKeyId: check AWS_ACCESS_KEY_ID.",
    "The server's token bucket holds 5 tokens; basic earnings per share",
    "the credentials have expired: renew AWS_SESSION_TOKEN and the keys that belong to it",
    "http://127.0.0.1:8000/query cannot be reached",
    '{"input_tokens": 1234, "output_tokens": 56, "model": "extractive"}',
    "Asia-Pacific risk-sk-factors, task-force, hf_ and eyJ",
]


@pytest.mark.parametrize(("text", "secret"), SHAPES)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret in text or secret in json.loads(text)["key"]
    redacted = Redaction().redacted(text)
    assert secret not in redacted
    assert HIDDEN in redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction(["zanzibarquux"]).redacted(text) == text


@pytest.mark.parametrize("secret", ['a"quoted\\one', "plain-and-long", "per%cent+and/slash=", "(regular.*expression"])
def test_known_secret_is_hidden_as_it_stands_in_any_text(secret: str) -> None:
    redaction = Redaction([secret])
    for text in (secret, json.dumps({"a": secret}), repr([secret]), f"x{secret}y"):
        assert HIDDEN in redaction.redacted(text)
        assert secret not in redaction.redacted(text)


def test_short_secret_is_hidden_as_a_word_and_not_within_one() -> None:
    assert Redaction(["demo"]).redacted("demo and democracy, key demo.") == f"{HIDDEN} and democracy, key {HIDDEN}."


def test_fields_named_like_a_secret_are_hidden_and_the_object_stays_whole() -> None:
    told = {"api_key": "zanzibarquux", "a": ["xoxb-" + "123456789012-abc", 1.5, None, True], "input_tokens": 12}
    assert Redaction().redacted_values(told) == {
        "api_key": HIDDEN, "a": [HIDDEN, 1.5, None, True], "input_tokens": 12,
    }  # fmt: skip


def test_secrets_are_those_of_the_settings_and_of_variables_named_like_one() -> None:
    config = MLConfig(
        api_key=SecretStr("the-key"),
        openai_api_key=SecretStr("the-other-key"),
        otlp_headers=SecretStr("x-collector=the-third,y=the-fourth"),
    )
    environment = {
        "OTHER_TOKEN": "the-fifth-one",
        "HOME": "/home/somebody",
        "MY_PASSWORD": "short",
        "SIGNING_KEY": "the-sixth-one",
    }
    assert secrets_of(config, environment) == {
        "the-key", "the-other-key", "x-collector=the-third,y=the-fourth", "the-third", "the-fourth", "the-fifth-one",
        "the-sixth-one",
    }  # fmt: skip
