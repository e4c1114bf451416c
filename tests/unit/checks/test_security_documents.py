"""What SECURITY.md and the threat model name exists, so that no promise rests on a test that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finrag_ml_tg1.loaders.ml_config import described_settings
from tests.sample_index import ROOT

MODEL = ROOT / "docs" / "threat-model.md"
DOCUMENTS = [MODEL, ROOT / "SECURITY.md", ROOT / "docs" / "operations" / "containers.md"]
_OF_STREAMLIT = {"STREAMLIT_SERVER_COOKIE_SECRET"}


def _rows() -> list[list[str]]:
    lines = [line for line in MODEL.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_threat_has_a_mitigation_a_test_and_what_remains() -> None:
    rows = _rows()
    assert len(rows) >= 11
    for row in rows:
        assert len(row) == 4
        assert all(row)
        assert re.findall(r"`(tests/[\w/]+\.py)`", row[2]), row[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = path.read_text()
    named = set(re.findall(r"\b(?:tests|deploy|checks|docs)/[\w./-]+\w", text)) - {"deploy/docker/Dockerfile"}
    linked = {(path.parent / target).resolve() for target in re.findall(r"\]\(([\w./-]+)\)", text)}
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [str(target) for target in linked if not target.exists()]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {name for setting, _ in described_settings().values() for name in setting.names} | _OF_STREAMLIT
    assert set(re.findall(r"\b(?:FINRAG|STREAMLIT)_[A-Z_]+[A-Z]", path.read_text())) <= known


def test_reports_go_the_private_way() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    assert "private vulnerability" in text
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", text), "the address of a person"
