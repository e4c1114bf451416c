"""Headers and words of providers: how long to wait, and nothing secret repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from finrag_ml_tg1.answering.models.provider_words import retry_after_seconds, without_secrets


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), ("5", 5.0), (" 2.5 ", 2.5), ("soon", None), ("-3", None), ("", None)]
)
def test_seconds_to_wait_are_read(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value) == seconds


def test_date_to_wait_for_is_read() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    assert retry_after_seconds(in_a_minute) == pytest.approx(60, abs=2)
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 -0000") == 0.0


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-Abc123_xyz-789",
        "AKIAIOSFODNN7EXAMPLE",
        "https://user:pw@host/path?key=1",
        "eyJhbGciOiJIUzI1NiJ9.e30.abc",
        "123456789012",
        "own-key",
    ],
)
def test_what_looks_secret_is_hidden_and_the_words_stay(secret: str) -> None:
    shown = without_secrets(f"the value {secret} is\nnot   allowed", "own-key", "")

    assert shown == "the value *** is not allowed"


def test_key_after_bearer_is_hidden_whatever_it_looks_like() -> None:
    assert without_secrets("Authorization: Bearer hunter2 refused") == "Authorization: Bearer *** refused"


def test_long_words_are_cut() -> None:
    assert without_secrets("word " * 100).endswith("…")
    assert len(without_secrets("word " * 100)) == 200


def test_characters_that_steer_a_terminal_or_the_direction_of_text_are_left_out() -> None:
    assert without_secrets("a\x00b \x1b[31mred\u202e\u2028end") == "a b [31mred end"
