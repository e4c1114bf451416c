"""The alerts of deploy/observability/prometheus, by promtool: each fires, and is silent where it must be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.prometheus_queries import RULES, rules_in

FOLDER = RULES[0].parent
TESTS = sorted((FOLDER / "tests").glob("*_test.yaml"))
ALERTS = [rule for file in RULES for rule in rules_in(file) if "alert" in rule]
SEVERITIES = {"page", "ticket", "warning"}


@pytest.fixture(scope="module")
def promtool() -> str:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool (Debian's package prometheus) is not on the PATH")
    return program


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_have_to_and_only_then(promtool: str, file: Path) -> None:
    """SU-09: the files say what was measured, and which alerts are on at which time."""
    tested = run(promtool, "test", "rules", file)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_rules_are_what_prometheus_reads(promtool: str) -> None:
    checked = run(promtool, "check", "rules", *RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tested_both_ways() -> None:
    """SU-09."""
    expected: dict[str, list[bool]] = {}
    for file in TESTS:
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                expected.setdefault(case["alertname"], []).append(bool(case["exp_alerts"]))
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names)) >= 19
    assert [name for name in names if set(expected.get(name, [])) != {True, False}] == []


def test_every_alert_says_how_bad_it_is_what_is_wrong_and_what_to_do() -> None:
    for alert in ALERTS:
        assert alert["labels"]["severity"] in SEVERITIES, alert["alert"]
        assert alert["annotations"].keys() == {"summary", "action"}, alert["alert"]


@pytest.mark.parametrize("threshold", ["> 100", "> 36 * 3600", "> 14.4 * 0.001"])
def test_a_threshold_that_is_moved_is_noticed(promtool: str, threshold: str, tmp_path: Path) -> None:
    """The tests can fail: a threshold that nothing exceeds leaves an expected alert out."""
    shutil.copytree(FOLDER, tmp_path / "rules")
    for file in (tmp_path / "rules").glob("*.yaml"):
        file.write_text(file.read_text(encoding="utf-8").replace(threshold, "> 1e12"), encoding="utf-8")
    changed = [file for file in RULES if threshold in file.read_text(encoding="utf-8")]
    assert changed
    names = {file.stem for file in changed}
    tests = [
        file for file in (tmp_path / "rules" / "tests").glob("*_test.yaml") if file.stem.removesuffix("_test") in names
    ]
    assert run(promtool, "test", "rules", *tests).returncode == 1
