"""Licences are read from what is installed; one not known or not allowed is named, unless there is a reason."""

from __future__ import annotations

from datetime import date
from importlib.metadata import Distribution, PathDistribution, distributions
from pathlib import Path

import pytest

from checks import audit
from checks.exceptions import EXCEPTIONS, ExceptionsError, LicenceException, read_exceptions
from checks.licences import licence_mistakes

ALLOWED = {
    "expression": "License-Expression: MIT",
    "one of two": "License-Expression: GPL-3.0-only OR MIT",
    "both": "License-Expression: Apache-2.0 AND BSD-3-Clause",
    "with more freedom": "License-Expression: Apache-2.0 WITH LLVM-exception",
    "in brackets": "License-Expression: (MIT OR ISC) AND Zlib",
    "classifier": "Classifier: License :: OSI Approved :: Apache Software License",
    "free text": "License: BSD 3-Clause License",
    "whole text": "License: MIT License\n        Permission is hereby granted, free of charge",
}
REFUSED = {
    "copyleft": "License-Expression: AGPL-3.0-only",
    "one of both": "License-Expression: MIT AND GPL-3.0-only",
    "choice within": "License-Expression: MIT AND (GPL-3.0-only OR AGPL-3.0-only)",
    "classifier": "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
    "proprietary": "Classifier: License :: Other/Proprietary License",
    "free text": "License: ask our sales department",
    "none": "Summary: nothing is said",
}
ADVISORY = """
[[advisory]]
id = "GHSA-aaaa-bbbb-cccc"
package = "left-pad"
reason = "the affected function is not called"
expires = 2027-01-31
"""


def _installed(folder: Path, line: str) -> Distribution:
    about = folder / "left_pad-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: Left_Pad\nVersion: 1.0\n{line}\n")
    return PathDistribution(about)


def test_licences_of_this_environment_are_allowed() -> None:
    assert licence_mistakes(distributions(), read_exceptions(EXCEPTIONS.read_text()).licences) == []


@pytest.mark.parametrize("way", ALLOWED)
def test_allowed_licence_is_let_be(way: str, tmp_path: Path) -> None:
    assert licence_mistakes([_installed(tmp_path, ALLOWED[way])], []) == []


@pytest.mark.parametrize("way", REFUSED)
def test_other_licence_is_named(way: str, tmp_path: Path) -> None:
    (mistake,) = licence_mistakes([_installed(tmp_path, REFUSED[way])], [])
    assert mistake.startswith("left-pad: ")


def test_licence_with_a_reason_is_let_be(tmp_path: Path) -> None:
    reason = LicenceException("left-pad", "asked its author, who agreed")
    assert licence_mistakes([_installed(tmp_path, REFUSED["none"])], [reason]) == []


def test_exception_for_an_advisory_ends() -> None:
    exceptions = read_exceptions(ADVISORY)
    assert exceptions.ignored(date(2027, 1, 30)) == {"GHSA-aaaa-bbbb-cccc"}
    assert exceptions.over(date(2027, 1, 30)) == []
    assert exceptions.ignored(date(2027, 1, 31)) == set()
    assert exceptions.over(date(2027, 1, 31)) == [
        "the exception for GHSA-aaaa-bbbb-cccc (left-pad) ended on 2027-01-31"
    ]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('reason = "the affected function is not called"', 'reason = "fine"'),
        ('reason = "the affected function is not called"\n', ""),
        ("expires = 2027-01-31\n", ""),
        ("expires = 2027-01-31", 'expires = "never"'),
        ("[[advisory]]", "[[advisories]]"),
    ],
)
def test_exception_without_reason_or_end_is_refused(right: str, wrong: str) -> None:
    with pytest.raises(ExceptionsError):
        read_exceptions(ADVISORY.replace(right, wrong))


def test_file_of_exceptions_that_is_wrong_ends_the_audit_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "exceptions.toml"
    wrong.write_text("[licences]\nsomething = ''\n")
    monkeypatch.setattr(audit, "EXCEPTIONS", wrong)
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    assert audit.main() == 1
    assert capsys.readouterr().err.startswith("exceptions.toml: ")
