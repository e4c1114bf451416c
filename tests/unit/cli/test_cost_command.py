"""`finrag cost` as people and programs use it: the table, the exact decimals, and errors of one line."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.operations.cost.prices import PRICES_FILE
from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE
from tests.local_processes import SETTINGS

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder with our price list and S2 and S1 in the descriptor, without anybody's settings."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    (tmp_path / "deploy").mkdir()
    (tmp_path / PRICES_FILE).write_text((ROOT / PRICES_FILE).read_text("utf-8"), "utf-8")
    descriptor = (ROOT / DESCRIPTOR_FILE).read_text("utf-8")
    assert "size: S2" in descriptor
    assert "size: S1" in descriptor
    (tmp_path / DESCRIPTOR_FILE).write_text(descriptor, "utf-8")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def read(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def find_line(result: Result, label: str) -> list[str]:
    line = next(line for line in result.stdout.splitlines() if line.strip().startswith(label))
    return line.replace(label, "").split()


def test_both_catalogues_stand_side_by_side_with_dates_and_before_tax() -> None:
    result = run()
    assert result.exit_code == 0
    assert find_line(result, "prices as of") == ["2026-11-26", "2025-10-01"]
    assert find_line(result, "2 builds of 10 min") == ["$0.4685", "$0.4342"]
    assert find_line(result, "always on, 31 days") == ["$50.96", "$25.48"]
    assert find_line(result, "both applications run as long for it") == ["2.9", "h", "5.8", "h"]
    assert "before tax" in result.stdout
    assert "suspended or hibernated costs nothing" in result.stdout
    assert "S1 $10.00*" in result.stdout
    assert "* reported by others" in result.stdout


def test_table_fits_a_terminal_of_100_columns() -> None:
    assert max(map(len, run().stdout.splitlines())) <= 100


def test_options_change_the_session_and_the_schedule() -> None:
    result = run("--hours", "0.5", "--builds", "1", "--build-minutes", "3", "--hours-per-day", "1", "--days", "10")
    assert find_line(result, "1 build of 3 min") == ["$0.0942", "$0.0771"]  # 0.06 + 50 / 730 / 2
    assert find_line(result, "1 h a day on 10 days, else suspended") == ["$0.6849", "$0.3425"]


def test_json_has_exact_decimals_as_strings() -> None:
    told = read("--catalog", "listed-2026")
    assert list(told["catalogs"]) == ["listed-2026"]
    usd = told["catalogs"]["listed-2026"]["usd"]
    assert usd["month_730_h"] == "50"
    assert usd["suspended_hour"] == "0"
    assert usd["hour"] == "0.06849315068493150684931506849"
    assert told["catalogs"]["listed-2026"]["hours"]["build_in_hours"] == "2.92"
    assert all(isinstance(value, str) for value in usd.values())
    assert (told["tax"], told["currency"], told["assumed"]["build_minutes"]) == ("excluded", "USD", "10")


def test_json_and_table_tell_the_same() -> None:
    told = read()["catalogs"]
    cells = [f"${Decimal(told[name]['usd']['month_scheduled']):.2f}" for name in ("listed-2026", "notes-2025")]
    assert find_line(run(), "8 h a day on 22 days, else suspended") == cells


def test_models_are_those_of_the_profiles_or_of_ones_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"model_none", "model_development"} <= read()["beside"]["usd"].keys()
    (tmp_path / "models.yaml").write_text(
        "as_of: 2026-01-01\nprofiles:\n  mine: {provider: openai, model_id: m, context_tokens: 8000, "
        "max_output_tokens: 500, prices: {input: 3, output: 15}}\n",
        "utf-8",
    )
    monkeypatch.setenv("FINRAG_MODELS_FILE", str(tmp_path / "models.yaml"))
    told = read("--model", "mine", "--input-tokens", "1000", "--output-tokens", "100")["beside"]
    assert told["usd"]["model_mine"] == "4.5"
    assert told["as_of"]["models"] == "2026-01-01"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--catalog", "today"], "choose listed-2026 or notes-2025"),
        (["--model", "unheard"], "choose development or "),
        (["--prices", "none.yaml"], "run this in the checkout"),
        (["--descriptor", "none.yml"], "run this in the checkout"),
    ],
)
def test_what_is_not_there_is_told_in_one_line_with_the_mend(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize(
    "arguments",
    [["--hours", "-1"], ["--hours", "1e9"], ["--hours-per-day", "25"], ["--builds", "-1"], ["--days", "nan"]],
)
def test_numbers_out_of_range_are_refused(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"Invalid value for '{arguments[0]}'" in result.stderr


def test_size_without_a_price_names_the_descriptor(tmp_path: Path) -> None:
    path = tmp_path / DESCRIPTOR_FILE
    path.write_text(path.read_text("utf-8").replace("size: S2", "size: S9"), "utf-8")
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("finrag: sevalla.yml: the back end has the size S9")
