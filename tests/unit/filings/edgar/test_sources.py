"""EDGAR's filings as sources: what is fetched for each, and what is not fetched at all."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.sources import EdgarSources, facts_by_accession
from finrag_ml_tg1.filings.ingest import Ingested, Source
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.filer import CIK, Row, list_filer, list_tickers, old_submission

NEW, OLD, OLDEST = "9990000200-24-000001", "9990000200-12-000001", "9990000200-96-000003"
ROWS: list[Row] = [
    (NEW, "2024-02-20", "2023-12-31", "10-K", "new.htm"),
    (OLD, "2012-02-20", "2011-12-31", "10-K", "old.htm"),
    (OLDEST, "1996-03-29", "1995-12-31", "10-K405", ""),
]
FACTS_PATH = f"/api/xbrl/companyfacts/CIK{CIK:010d}.json"


@pytest.fixture
def filer(edgar: EdgarServer) -> EdgarServer:
    list_tickers(edgar)
    list_filer(edgar, ROWS)
    folder = f"/Archives/edgar/data/{CIK}"
    edgar.files[f"{folder}/{NEW.replace('-', '')}/new.htm"] = b"<html><ix:header></ix:header>new</html>"
    edgar.files[f"{folder}/{OLD.replace('-', '')}/old.htm"] = b"<html>old</html>"
    edgar.files[f"{folder}/{OLDEST}.txt"] = old_submission([("10-K405", b"oldest")])
    number = {"start": "2011-01-01", "end": "2011-12-31", "val": 5, "accn": OLD, "form": "10-K", "filed": "2012-02-20"}
    facts = {"us-gaap": {"Revenues": {"label": "Revenues", "units": {"USD": [number, {**number, "accn": NEW}]}}}}
    edgar.files[FACTS_PATH] = json.dumps({"cik": CIK, "entityName": "Polar Ltd", "facts": facts}).encode()
    return edgar


def sources_of(
    client: EdgarClient, *tickers: str, years: frozenset[int], held: Callable[[str], Ingested | None] = lambda _: None
) -> tuple[EdgarSources, list[Source | Ingested]]:
    edgar = EdgarSources(client, ("10-K",), years, held)
    return edgar, [read() for read in edgar.sources(edgar.listings(tickers))]


def test_company_named_twice_is_taken_once(client: EdgarClient, filer: EdgarServer) -> None:
    _, found = sources_of(client, "PLR", "plr", str(CIK), years=frozenset({2023}))
    assert [source.name for source in found if isinstance(source, Source)] == [f"{NEW}.htm"]


def test_filing_with_its_own_tags_asks_for_no_other_numbers(client: EdgarClient, filer: EdgarServer) -> None:
    _, (source,) = sources_of(client, "PLR", years=frozenset({2023}))
    assert isinstance(source, Source)
    assert source.provenance.company_facts == ()
    assert source.wanted_years == {2023}
    assert filer.statuses(FACTS_PATH) == []


def test_filing_without_tags_comes_with_the_numbers_of_its_own_accession(
    client: EdgarClient, filer: EdgarServer
) -> None:
    _, (source,) = sources_of(client, "PLR", years=frozenset({2011}))
    assert isinstance(source, Source)
    assert [number.accession for number in source.provenance.company_facts] == [OLD]
    assert source.provenance.filed is not None
    assert source.provenance.source_url == f"{filer.url}/Archives/edgar/data/{CIK}/{OLD.replace('-', '')}/old.htm"


def test_filing_of_before_xbrl_is_its_complete_submission_and_asks_for_no_numbers(
    client: EdgarClient, filer: EdgarServer
) -> None:
    _, (source,) = sources_of(client, "PLR", years=frozenset({1995}))
    assert isinstance(source, Source)
    assert source.name == f"{OLDEST}.txt"
    assert b"CENTRAL INDEX KEY" in source.document
    assert filer.statuses(FACTS_PATH) == []


def test_filing_that_the_store_holds_is_not_fetched(client: EdgarClient, filer: EdgarServer) -> None:
    known = Ingested(NEW, "Polar Ltd 10-K FY2023", 1, 1, unchanged=True, notes=())
    _, found = sources_of(client, "PLR", years=frozenset({2023}), held=lambda accession: known)
    assert found == [known]
    assert [request.path for request in filer.received if request.path.startswith("/Archives/")] == []


def test_malformed_companyfacts_are_noted_and_cost_no_filing(client: EdgarClient, filer: EdgarServer) -> None:
    filer.files[FACTS_PATH] = b'{"cik": 1}'
    edgar, (source,) = sources_of(client, "PLR", years=frozenset({2011}))
    assert isinstance(source, Source)
    assert source.provenance.company_facts == ()
    assert edgar.failures == []
    assert len(edgar.notes) == 1
    assert "companyfacts" in edgar.notes[0]


def test_unknown_company_is_told_and_the_others_are_listed(client: EdgarClient, filer: EdgarServer) -> None:
    edgar, found = sources_of(client, "NONE", "PLR", years=frozenset({2023}))
    assert [failure.split(":")[0] for failure in edgar.failures] == ["NONE"]
    assert len(found) == 1


def test_facts_are_grouped_by_the_filing_that_reports_them() -> None:
    assert facts_by_accession([]) == {}
