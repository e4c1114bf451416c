"""The price list is read as it is written, and refused with the place of what is wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, PriceError, read_prices

ROOT = Path(__file__).parents[4]
OURS = (ROOT / PRICES_FILE).read_text("utf-8")
S1 = 'S1: {cpu: "0.5", memory_mb: 1000, month: "10", confidence: reported}'


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pricing.yaml"
    path.write_text(text, "utf-8")
    read_prices(path)


def test_our_list_has_both_catalogues_with_the_prices_that_were_found() -> None:
    prices = read_prices(ROOT / PRICES_FILE)
    listed, notes = prices.catalogues["listed-2026"], prices.catalogues["notes-2025"]
    months = {name: listed.sizes[name].month for name in ("H1", "S1", "S2", "C3", "M3")}
    assert months == {"H1": 5, "S1": 10, "S2": 40, "C3": 135, "M3": 135}
    assert {name for name, size in listed.sizes.items() if size.confidence == "documented"} == {"S2", "C3", "M3"}
    assert {name: notes.sizes[name].month for name in ("Micro", "Medium")} == {"Micro": 5, "Medium": 20}
    assert listed.build_minute.usd == notes.build_minute.usd == Decimal("0.02")
    assert listed.bandwidth_gb.usd == Decimal("0.10")
    assert {listed.hours_per_month, notes.hours_per_month} == {730}


def test_current_catalogue_is_the_newest_wherever_it_stands_in_the_file() -> None:
    prices = read_prices(ROOT / PRICES_FILE)
    catalogues = prices.catalogues
    assert prices.current is catalogues["listed-2026"]
    turned = prices.model_copy(update={"catalogues": dict(reversed(catalogues.items()))})
    assert turned.current is catalogues["listed-2026"]


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        (S1, S1.replace('"10"', "10"), "sizes.S1.month: Value error, an amount is written in quotes"),
        (S1, S1.replace('"10"', '"-10"'), "sizes.S1.month"),
        (S1, S1.replace('"10"', '"NaN"'), "sizes.S1.month"),
        (S1, S1.replace('"10"', '"1e1"'), "sizes.S1.month"),
        (S1, S1.replace('"10"', '"0"'), "sizes.S1.month"),
        (S1, S1.replace("month", "mouth"), "sizes.S1.mouth: Extra inputs"),
        (S1, S1.replace("reported", "certain"), "sizes.S1.confidence"),
        (S1, S1.replace(", confidence: reported", ""), "sizes.S1.confidence: Field required"),
        (S1, S1.replace("1000", "one"), "sizes.S1.memory_mb"),
        (S1, f"{S1}\n      {S1}", "S1 stands more than once in what begins at line"),
        ("as_of: 2026-11-26", "as_of: yesterday", "listed-2026.as_of"),
        ("hours_per_month: 730", "hours_per_month: 7300", "listed-2026.hours_per_month"),
        ("backend: Medium", "backend: Middle", "roles: there is no size Middle here (Nano, Micro"),
        ('build_minute: {usd: "0.02", confidence: noted}', "", "notes-2025.build_minute: Field required"),
        ("s3:\n", "s4:\n", "s3: Field required"),
        ("catalogues:\n", "catalogues: [\n", "no YAML"),
    ],
)
def test_mistake_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, place: str) -> None:
    assert right in OURS
    with pytest.raises(PriceError) as refused:
        read(tmp_path, OURS.replace(right, wrong, 1))
    assert place in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_that_is_away_empty_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="run this in the checkout"):
        read_prices(tmp_path / "none.yaml")
    with pytest.raises(PriceError, match="the file: Input should be"):
        read(tmp_path, "")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PriceError, match="UTF-8"):
        read_prices(tmp_path / "binary.yaml")
    with pytest.raises(PriceError, match="cannot be read"):
        read_prices(tmp_path)


def test_catalogue_that_is_not_there_is_refused_with_those_there_are() -> None:
    with pytest.raises(PriceError, match="there is no catalogue today: choose listed-2026 or notes-2025"):
        read_prices(ROOT / PRICES_FILE).catalogue("today")
