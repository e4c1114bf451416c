"""The bundled models file, and what is said of one that cannot be used."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finrag_ml_tg1.answering.models.language_model import TokenUsage
from finrag_ml_tg1.answering.models.profiles import bundled_profiles, read_profiles
from finrag_ml_tg1.errors import SettingsError

PROFILE = """
as_of: 2026-11-26
profiles:
  one:
    provider: bedrock
    model_id: some.model
    context_tokens: 8000
    max_output_tokens: 500
    prices: {input: 1, output: 2}
"""


def test_bundled_profiles_are_dated_and_complete() -> None:
    profiles = bundled_profiles()

    assert profiles.as_of == date(2026, 11, 26)
    assert list(profiles.by_key) == ["development", "production_balanced", "production_premium"]
    for key, profile in profiles.by_key.items():
        assert profile.key == key
        assert 0 < profile.cached_price < profile.input_price < profile.written_price < profile.output_price
        assert 0 < profile.max_output_tokens < profile.context_tokens
        assert profile.price_known


def test_cost_is_exact_and_counts_each_token_once() -> None:
    premium = bundled_profiles().by_key["production_premium"]

    # By hand, in USD a million: 2 for 1,000 plain, 0.10 for 8,000 cached, 2.50 for 1,000 written, 10 for 500 out.
    assert premium.cost(TokenUsage(10_000, 500, 8_000, 1_000)) == Decimal("0.0103")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("provider: bedrock", "provider: azure", "profiles.one.provider"),
        ("output: 2", "output: -2", "profiles.one.prices.output"),
        ("output: 2", "output: much", "profiles.one.prices.output"),
        ("model_id: some.model", "model: some.model", "profiles.one.model"),
        ("context_tokens: 8000", "context_tokens: many", "profiles.one.context_tokens"),
        ("as_of: 2026-11-26", "as_of: lately", "as_of"),
        ("  one:", "  One Model:", "profiles.One Model"),
        ("as_of", "- as_of", "not valid YAML"),
        ("prices: {input: 1, output: 2}", "prices: {input: 1", "not valid YAML"),
    ],
)
def test_file_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "models.yaml"
    assert old in PROFILE
    path.write_text(PROFILE.replace(old, new))

    with pytest.raises(SettingsError, match=r"^FINRAG_MODELS_FILE: ") as caught:
        read_profiles(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"FINRAG_MODELS_FILE: .* cannot be read"):
        read_profiles(tmp_path / "missing.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_profiles(tmp_path / "binary.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(SettingsError, match="cannot be used"):
        read_profiles(tmp_path / "empty.yaml")
