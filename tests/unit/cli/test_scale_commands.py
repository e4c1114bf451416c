"""`finrag scale plan` and `finrag scale simulate` as people and programs use them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scale", *arguments])


def test_plan_is_read_by_people() -> None:
    """SU-08: replicas, engine with its reason, three platforms, thresholds."""
    result = run("plan", "--rps", "300", "--passages", "10M", "--p95", "500ms")
    assert result.exit_code == 0, result.output
    for part in ("engine", "frontend", "backend", "Sevalla", "Kubernetes", "Fargate", "When to move on", "Assumed"):
        assert part in result.output


def test_plan_is_read_by_programs_with_exact_amounts() -> None:
    result = run("plan", "--rps", "50", "--passages", "150k", "--json")
    content = json.loads(result.stdout)
    assert content["demand"] | {"rps": "50", "passages": 150_000, "p95_ms": 500.0} == content["demand"]
    chosen = next(option for option in content["options"] if option["engine"] == content["engine"])
    assert all(Decimal(month) > 0 for month in chosen["usd_month"].values())
    assert {price["confidence"] for price in content["prices"].values()} <= {"documented", "reported", "assumed"}
    assert all(price["source"] and price["as_of"] for price in content["prices"].values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rps", "0", "--passages", "1k"), "no count"),
        (("--rps", "3x", "--passages", "1k"), "no count"),
        (("--rps", "1.5", "--passages", "1k"), "no count"),
        (("--rps", "1", "--passages", "1k", "--p95", "half"), "no time"),
        (("--rps", "1", "--passages", "1k", "--chat-share", "2"), "no share"),
        (("--rps", "1", "--passages", "1k", "--p95", "1ms"), "cannot be there within 1 ms"),
    ],
)
def test_plan_that_cannot_be_made_says_why(arguments: tuple[str, ...], told: str) -> None:
    result = run("plan", *arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_commands_need_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plan", "--rps", "1", "--passages", "1k")
    assert result.exit_code == 2
    assert "run this in the checkout" in result.output


def test_simulation_prints_a_table_and_writes_a_chart(tmp_path: Path) -> None:
    result = run("simulate", "--tier", "medium", "--trace", "spike", "--out", str(tmp_path / "spike.svg"))
    assert result.exit_code == 0, result.output
    assert "replicas" in result.output
    assert (tmp_path / "spike.svg").read_text("utf-8").startswith("<svg ")


def test_simulation_of_a_trace_and_an_autoscaler_of_one_s_own(tmp_path: Path) -> None:
    trace = tmp_path / "load.csv"
    trace.write_text("seconds,requests_per_second\n0,10\n600,10\n", "utf-8")
    manifest = (ROOT / "deploy/kubernetes/finrag/base/backend/autoscaler.yaml").read_text("utf-8")
    (tmp_path / "hpa.yaml").write_text(manifest.replace("minReplicas: 3", "minReplicas: 7"), "utf-8")
    result = run("simulate", "--tier", "low", "--trace", str(trace), "--hpa", str(tmp_path / "hpa.yaml"), "--json")
    content = json.loads(result.stdout)
    assert content["replicas"]["most"] == 7
    assert content["offered"] == pytest.approx(6000)
    assert content["served"] + content["dropped"] + content["queued"] == pytest.approx(content["offered"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tier", "none"), "choose low or medium or high"),
        (("--tier", "low", "--trace", "waves"), "there is no trace waves: choose constant, ramp"),
        (("--tier", "low", "--hpa", "none.yaml"), "none.yaml cannot be read"),
        (("--tier", "low", "--out", "/proc/none/chart.svg"), "cannot be written"),
    ],
)
def test_simulation_that_cannot_be_made_says_why(arguments: tuple[str, ...], told: str) -> None:
    result = run("simulate", *arguments)
    assert result.exit_code == 2
    assert told in result.output
