"""`GET /facts`, and the numbers of `POST /query`, as the contract gives them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sample_index import ground_truth

Json = dict[str, Any]


def get_facts(client: httpx.Client, **parameters: str) -> Json:
    body: Json = client.get("/facts", params=parameters).raise_for_status().json()
    return body


def test_facts_are_those_of_the_filings(client: httpx.Client) -> None:
    body = get_facts(client, tickers="ORQN,HBLW", metrics="total_assets", fiscal_years="2023,2024")
    given = {(fact["ticker"], fact["fiscal_year"]): fact["value"] for fact in body["facts"]}
    assert given == {
        (filing["ticker"], filing["fiscal_year"]): float(filing["values"]["us-gaap:Assets"]["value"])
        for filing in ground_truth()
        if filing["ticker"] in ("ORQN", "HBLW") and filing["fiscal_year"] in (2023, 2024)
    }
    assert body["missing"] == []


def test_what_is_missing_is_named_with_the_reason(client: httpx.Client) -> None:
    body = get_facts(client, tickers="ORQN,ZZZZ", metrics="net_interest_income", fiscal_years="2024")
    assert body["facts"] == []
    assert {missing["ticker"] for missing in body["missing"]} == {"ORQN", "ZZZZ"}
    assert all(missing["reason"] for missing in body["missing"])


def test_metric_that_does_not_exist_is_refused(client: httpx.Client) -> None:
    response = client.get("/facts", params={"tickers": "ORQN", "metrics": "flurb"})
    assert response.status_code == 422
    assert "flurb" in response.json()["detail"]


def test_calculated_value_comes_first_and_its_inputs_follow(client: httpx.Client) -> None:
    body: Json = client.post("/query", json={"question": "Orquenna's gross margin in fiscal 2024"}).json()
    calculation = body["calculations"][0]
    inputs = [fact["value"] for fact in calculation["inputs"]]
    assert calculation["value"] == pytest.approx(inputs[0] / inputs[1])
    assert {fact["citation"] for fact in calculation["inputs"]} <= {citation["n"] for citation in body["citations"]}
    assert body["resolved"]["metrics"] == ["gross_margin"]
    assert body["metadata"]["context"]["kpi_included"]


def test_no_number_is_looked_up_when_none_is_wanted(client: httpx.Client) -> None:
    question = {"question": "What were Orquenna's total assets in fiscal 2024?", "include_kpi": False}
    body: Json = client.post("/query", json=question).json()
    assert (body["facts"], body["calculations"]) == ([], [])


def test_catalog_lists_the_metrics(client: httpx.Client) -> None:
    metrics = {metric["name"] for metric in client.get("/catalog").json()["metrics"]}
    assert {"revenue", "gross_margin", "free_cash_flow"} <= metrics
