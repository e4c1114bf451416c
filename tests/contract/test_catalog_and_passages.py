"""`GET /catalog` lists what the filings are; `GET /passages/{id}` gives a passage with what stands around it."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contract.test_query_validation import assert_problem
from tests.sample_index import ground_truth

Json = dict[str, Any]

PASSAGE = {
    "passage_id",
    "ticker",
    "company",
    "form",
    "fiscal_year",
    "accession",
    "item",
    "item_title",
    "page",
    "kind",
    "lead",
    "heading",
    "text",
    "source_url",
}

COVERAGE = {
    "characters",
    "passages",
    "facts",
    "items_expected",
    "items_found",
    "items_missing",
    "share_in_items",
    "pointers",
    "doubts",
    "checks_made",
    "checks_held",
    "notes",
}


def test_catalog_has_exactly_the_agreed_fields(client: httpx.Client) -> None:
    catalog = client.get("/catalog").raise_for_status().json()
    assert set(catalog) == {"index_version", "companies", "items", "metrics", "models"}
    for company in catalog["companies"]:
        assert set(company) == {"cik", "name", "tickers", "filings"}
        for filing in company["filings"]:
            assert set(filing) == {"form", "fiscal_year", "period_end", "accession", "items", "coverage"}


def test_catalog_lists_every_sample_filing_as_its_generator_made_it(client: httpx.Client) -> None:
    catalog = client.get("/catalog").raise_for_status().json()
    listed = {
        (company["cik"], company["name"], *company["tickers"], *(filing[name] for name in FILING))
        for company in catalog["companies"]
        for filing in company["filings"]
    }
    assert listed == {
        (int(entry["cik"]), entry["company"], entry["ticker"], *(entry[name] for name in FILING))
        for entry in ground_truth()
    }


FILING = ("form", "fiscal_year", "period_end", "accession")


def test_catalog_names_the_items_of_each_filing(client: httpx.Client) -> None:
    catalog = client.get("/catalog").raise_for_status().json()
    found = {f["accession"]: set(f["items"]) for company in catalog["companies"] for f in company["filings"]}
    for entry in ground_truth():
        assert found[entry["accession"]] == set(entry["items"])


def test_catalog_lists_covered_items_in_the_order_of_the_form(client: httpx.Client) -> None:
    catalog = client.get("/catalog").raise_for_status().json()
    listed = [item["item"] for item in catalog["items"]]
    assert listed[:6] == ["1", "1A", "1B", "1C", "2", "3"]
    assert set(listed) == {item for company in catalog["companies"] for f in company["filings"] for item in f["items"]}
    assert {"item": "1A", "title": "Risk Factors"} in catalog["items"]


def test_catalog_offers_quotations_alone_when_no_model_is_set(client: httpx.Client) -> None:
    assert client.get("/catalog").raise_for_status().json()["models"] == [
        {"key": "extractive", "model_id": "extractive", "input_price": 0, "output_price": 0, "is_default": True}
    ]


def test_catalog_tells_what_was_read_of_each_filing(client: httpx.Client) -> None:
    catalog = client.get("/catalog").raise_for_status().json()
    coverage = {f["accession"]: f["coverage"] for company in catalog["companies"] for f in company["filings"]}
    for entry in ground_truth():
        told = coverage[entry["accession"]]
        assert set(told) == COVERAGE
        assert told["items_missing"] == []
        assert told["items_found"] == told["items_expected"] > 18
        assert told["facts"] >= len(entry["values"])
        assert told["checks_held"] == told["checks_made"] > 20
        assert 0.8 < told["share_in_items"] <= 1
        assert told["pointers"]["11"] == "incorporated by reference"
        assert "1A" not in told["pointers"]
        assert all(set(doubt) == {"item", "reason"} for doubt in told["doubts"])


def test_passage_is_given_with_its_neighbours_in_text_order(client: httpx.Client, answered: Json) -> None:
    cited = answered["citations"][0]
    window = client.get(f"/passages/{cited['passage_id']}").raise_for_status().json()
    assert set(window) == {"passage", "before", "after"}
    assert set(window["passage"]) == PASSAGE
    shared = PASSAGE & set(cited)
    assert {name: window["passage"][name] for name in shared} == {name: cited[name] for name in shared}
    passages = [*window["before"], window["passage"], *window["after"]]
    assert [p["passage_id"] for p in passages] == sorted(p["passage_id"] for p in passages)
    assert {p["accession"] for p in passages} == {cited["accession"]}
    assert window["before"]
    assert window["after"]


def test_first_passage_of_a_filing_has_nothing_before_it(client: httpx.Client) -> None:
    for entry in ground_truth():
        window = client.get(f"/passages/{entry['accession']}-00000").raise_for_status().json()
        assert window["before"] == []
        assert {p["accession"] for p in window["after"]} == {entry["accession"]}


def test_unknown_passage_is_not_found_and_says_where_ids_come_from(client: httpx.Client) -> None:
    for name in ("zzz", "9990000001-25-000001-99999", "9990000001-25-000001", "%00", "🧪", "-1"):
        assert "fresh answer" in assert_problem(client.get(f"/passages/{name}"), 404)["detail"]


def test_passage_id_that_is_too_long_is_refused_by_name(client: httpx.Client) -> None:
    assert "passage_id" in assert_problem(client.get(f"/passages/{'x' * 101}"), 422)["detail"]
