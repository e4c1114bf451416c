"""`POST /query` answers with exactly the agreed fields, and its citations can be checked against the filings."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.contract.conftest import EMPLOYEES
from tests.local_processes import serve_backend
from tests.sample_index import SAMPLES, build_store, ground_truth

Json = dict[str, Any]

RESPONSE = {
    "request_id",
    "query",
    "status",
    "answer",
    "flags",
    "citations",
    "facts",
    "calculations",
    "resolved",
    "metadata",
}
CITATION = {
    "n",
    "passage_id",
    "ticker",
    "company",
    "form",
    "fiscal_year",
    "accession",
    "item",
    "item_title",
    "page",
    "text",
    "highlights",
    "source_url",
    "cited",
}
QUESTIONS = [
    EMPLOYEES,
    "How does Orquenna govern cybersecurity risk in fiscal 2024?",
    "What drove the change in Tarrendray's gross margin in fiscal 2024?",
    "Compare the revenue of Orquenna and Tarrendray in fiscal 2024.",
    "What does Hibbelwick sell, and to whom?",
    "How does Tarrendray recognize revenue from subscriptions?",
]


def ask(client: httpx.Client, question: str, **fields: object) -> Json:
    body: Json = client.post("/query", json={"question": question, **fields}).raise_for_status().json()
    return body


def test_response_has_exactly_the_agreed_fields(answered: Json) -> None:
    assert set(answered) == RESPONSE
    assert set(answered["citations"][0]) == CITATION
    assert set(answered["resolved"]) == {"companies", "fiscal_years", "items", "metrics", "notes"}
    assert set(answered["resolved"]["companies"][0]) == {"cik", "name", "tickers"}
    assert set(answered["metadata"]) == {
        "llm",
        "context",
        "timings_ms",
        "index_version",
        "timestamp",
        "processing_time_ms",
        "cached",
    }
    assert set(answered["metadata"]["llm"]) == {
        "model_id",
        "model_key",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cached_tokens",
        "cost",
        "price_known",
        "stop_reason",
        "prompt_version",
        "fallback",
    }
    assert set(answered["metadata"]["context"]) == {"kpi_included", "rag_included", "context_length"}


def test_answer_states_what_the_filing_states(answered: Json) -> None:
    """2,475 employees: Item 1 of Orquenna's 10-K for fiscal 2024."""
    [filing] = [entry for entry in ground_truth() if entry["ticker"] == "ORQN" and entry["fiscal_year"] == 2024]
    assert answered["status"] == "answered"
    assert answered["query"] == EMPLOYEES
    assert "2,475 employees" in answered["answer"]
    first = answered["citations"][0]
    assert (first["accession"], first["ticker"], first["form"]) == (filing["accession"], "ORQN", "10-K")
    assert (first["fiscal_year"], first["item"], first["item_title"]) == (2024, "1", "Business")


def test_resolved_names_the_company_and_year_of_the_question(answered: Json) -> None:
    assert answered["resolved"]["companies"] == [
        {"cik": 9990000001, "name": "Orquenna Instruments, Inc. (fictional)", "tickers": ["ORQN"]}
    ]
    assert answered["resolved"]["fiscal_years"] == [2024]


def test_follow_up_is_answered_and_said_as_it_was_read(client: httpx.Client) -> None:
    history = [{"role": "user", "content": "How many employees does Orquenna have in fiscal 2023?"}]
    body = ask(client, "and in fiscal 2024?", history=history)
    assert body["query"] == "and in fiscal 2024?"
    assert body["resolved"]["notes"][0] == f"Read as: “{EMPLOYEES}”"
    assert "2,475 employees" in body["answer"]


def test_answer_without_a_language_model_costs_nothing(answered: Json) -> None:
    llm = answered["metadata"]["llm"]
    assert (llm["model_id"], llm["total_tokens"], llm["cost"]) == ("extractive", 0, 0)
    assert answered["metadata"]["processing_time_ms"] > 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_marker_of_the_answer_resolves_to_a_cited_citation(client: httpx.Client, question: str) -> None:
    response = ask(client, question)
    marked = {int(number) for number in re.findall(r"\[(\d+)\]", response["answer"])}
    numbers = [citation["n"] for citation in response["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {citation["n"] for citation in response["citations"] if citation["cited"]} == marked
    assert marked or response["status"] == "abstained"


@pytest.mark.parametrize("question", QUESTIONS)
def test_highlights_are_ranges_of_the_text_in_order(client: httpx.Client, question: str) -> None:
    for citation in ask(client, question)["citations"]:
        bounds = [bound for pair in citation["highlights"] for bound in pair]
        assert bounds == sorted(bounds)
        assert all(0 <= start < end <= len(citation["text"]) for start, end in citation["highlights"])


@pytest.mark.parametrize("question", QUESTIONS[:3])
def test_highlighted_words_of_prose_stand_in_the_answer(client: httpx.Client, question: str) -> None:
    response = ask(client, question)
    assert response["status"] == "answered"
    for citation in response["citations"]:
        for start, end in citation["highlights"]:
            assert citation["text"][start:end] in response["answer"]


def test_highlights_count_code_points_where_characters_take_two_utf16_units(
    tmp_path: Path, encoder_folder: Path
) -> None:
    """Typographic quotes and characters beyond the basic plane stand before the cited sentence, in its paragraph."""
    filings = tmp_path / "filings"
    filings.mkdir()
    source = (SAMPLES / "ORQN_10-K_9990000001-25-000001.html").read_text(encoding="utf-8")
    sentence = "We had 2,475 employees at December 31, 2024"
    assert source.count(sentence) == 1
    document = source.replace(sentence, f"𝒮 🧪 “Staff” 𝒮 — résumé. {sentence}")
    (filings / "orqn.html").write_text(document, encoding="utf-8")
    build_store(tmp_path / "store", filings, encoder_folder)

    with serve_backend(str(tmp_path / "store"), tmp_path / "backend") as server:
        response = httpx.post(f"{server.url}/query", json={"question": EMPLOYEES}, trust_env=False).json()

    [citation] = [citation for citation in response["citations"] if "🧪" in citation["text"]]
    marked = [citation["text"][start:end] for start, end in citation["highlights"]]
    assert any(words.startswith(sentence) and words.endswith("a year earlier.") for words in marked), marked


def test_citation_text_stands_in_the_canonical_text_of_its_filing(answered: Json, sample_store: Path) -> None:
    store = LocalFolderStore(sample_store)
    for citation in answered["citations"]:
        [key] = [entry.key for entry in store.list("text/") if citation["accession"] in entry.key]
        assert citation["text"] in gzip.decompress(store.get(key).data).decode()


def test_unknown_company_is_abstained_naming_what_is_covered(client: httpx.Client) -> None:
    response = ask(client, "What was Apple's revenue in fiscal 2023?")
    assert response["status"] == "abstained"
    assert response["citations"] == []
    assert "Apple" in response["answer"]
    for company in {entry["company"] for entry in ground_truth()}:
        assert company in response["answer"]


def test_uncovered_year_is_abstained_naming_the_covered_years(client: httpx.Client) -> None:
    response = ask(client, "How many employees did Orquenna have in fiscal 2015?")
    assert response["status"] == "abstained"
    assert response["citations"] == []
    assert re.search(r"2015 is not covered.*2022.2024", response["answer"])


def test_unknown_ticker_beside_a_known_one_is_answered_with_a_note(client: httpx.Client) -> None:
    response = ask(client, EMPLOYEES, filters={"tickers": ["ORQN", "ZZZZ"]})
    assert response["status"] == "answered"
    assert any("ZZZZ" in note for note in response["resolved"]["notes"])


def test_filters_fix_the_scope_by_hand(client: httpx.Client) -> None:
    response = ask(client, "How many employees are there?", filters={"tickers": ["TDRY"], "fiscal_years": [2023]})
    assert response["resolved"]["fiscal_years"] == [2023]
    assert {(c["ticker"], c["fiscal_year"]) for c in response["citations"]} == {("TDRY", 2023)}


def test_form_that_is_not_covered_is_abstained(client: httpx.Client) -> None:
    response = ask(client, EMPLOYEES, filters={"forms": ["10-Q"]})
    assert response["status"] == "abstained"
    assert "10-Q" in response["answer"]


def test_top_k_limits_what_is_listed_beside_the_cited_passages(client: httpx.Client) -> None:
    assert all(citation["cited"] for citation in ask(client, QUESTIONS[1], top_k=1)["citations"])
    assert len(ask(client, QUESTIONS[1], top_k=6)["citations"]) <= 6


def test_history_of_twenty_turns_is_accepted(client: httpx.Client) -> None:
    history = [{"role": role, "content": "x" * 4_000} for role in ("user", "assistant") * 10]
    assert ask(client, EMPLOYEES, history=history)["status"] == "answered"


def test_question_of_3500_characters_is_accepted(client: httpx.Client) -> None:
    question = EMPLOYEES + " " + "staff " * 1_000
    response = ask(client, question[:3_499] + "?")
    assert len(response["query"]) == 3_500


def test_question_in_other_scripts_is_answered_or_abstained(client: httpx.Client) -> None:
    assert ask(client, "オルケンナの従業員は何人ですか 🧪 \x00 \u202e?")["status"] in {"answered", "abstained"}
