"""A descriptor that is broken, or says a thing twice, is refused in one line."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE, DescriptorError, parse_descriptor
from tests.sample_index import ROOT

TEXT = (ROOT / DESCRIPTOR_FILE).read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2026-13-45\n", "month must be in 1..12"),
        ("[" * 5_000, "it is nested too deeply"),
        (f"{TEXT}version: 1\n", "version stands more than once"),
        ("version: [", "while parsing"),
    ],
)
def test_descriptor_that_is_no_yaml_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(DescriptorError) as refused:
        parse_descriptor(text, "plan.yml")
    assert str(refused.value).startswith("plan.yml is no YAML: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
