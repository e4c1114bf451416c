"""Questions offered to the reader: what they are made from, what is dropped, and that a click asks them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from finrag_ml_tg1.vocabulary.metrics import load_metrics
from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog, Company, Metric
from serving.frontend.responses import BackendAwayError
from serving.frontend.suggestions.choice import choose_examples, choose_follow_ups
from serving.frontend.suggestions.examples import propose_examples
from serving.frontend.suggestions.follow_ups import propose_follow_ups
from serving.frontend.suggestions.grounding import Numbers, ground, pick_varied
from serving.frontend.suggestions.questions import Proposal
from serving.frontend.suggestions.related_metrics import EXPLAINED, FIRST_FIGURES, FIRST_RATIOS, RELATED
from serving.frontend.suggestions.wording import spoken_name
from tests.ui import stub_coverage
from tests.ui.stub_backend import Reply, StubBackend, answer_question, build_answer, build_citation
from tests.ui.stub_numbers import Json, build_fact, build_margin, build_revenues

CHAT = Path(__file__).parents[2] / "serving" / "frontend" / "chat.py"
VELMORA = "Velmora Instruments, Inc. (fictional)"
METRICS = (
    Metric("revenue", "Revenue"),
    Metric("net_income", "Net income"),
    Metric("total_assets", "Total assets"),
    Metric("gross_margin", "Gross margin"),
)
ITEMS = ("1", "1A", "3", "7")


def build_company(name: str, *years: int, items: Sequence[str] = ITEMS, pointers: Sequence[str] = ()) -> Company:
    told = dict.fromkeys(pointers, "It stands elsewhere.")
    filings = [{**stub_coverage.build_filing(year, pointers=told), "items": list(items)} for year in years]
    return read_company(stub_coverage.build_company(name, *filings, tickers=(name[:4].upper(),)))


def read_company(company: Json) -> Company:
    return stub_coverage.read_catalog(company).companies[0]


def build_catalog(*companies: Company) -> Catalog:
    return Catalog("v1", companies, (), METRICS, ())


def read_answer(body: Json, *, is_quoted: bool = True, **resolved: object) -> Answer:
    """Return the answer, with parts of how it was understood replaced."""
    return replace(Answer.from_json({**body, "resolved": {**body["resolved"], **resolved}}), is_quoted=is_quoted)


def tell_revenue(*years: int, is_quoted: bool = True) -> Answer:
    """Return an answer that tells Velmora's revenue of these fiscal years."""
    facts = [fact for fact in build_revenues() if fact["fiscal_year"] in years]
    body = build_answer("Revenue?", "Told.", [build_citation(1, "vlmr/2024:t1", [])])
    return read_answer({**body, "facts": facts}, is_quoted=is_quoted)


def abstain(text: str = "Not in the filings.", fiscal_year: int = 2024) -> Answer:
    return read_answer(build_answer("Q", text, [], status="abstained"), fiscal_years=[fiscal_year])


def ask_all(proposals: Sequence[Proposal]) -> list[str]:
    return [proposal.question for proposal in proposals]


def know_all(proposals: Sequence[Proposal]) -> Numbers:
    return frozenset[tuple[str, str, int]]().union(*(proposal.numbers for proposal in proposals))


CATALOG = build_catalog(build_company(VELMORA, 2023, 2024), build_company("Ostrand Corp", 2024))


def test_number_is_followed_by_its_change_a_related_figure_a_comparison_and_a_trend() -> None:
    assert pick_varied(propose_follow_ups(tell_revenue(2024), CATALOG)) == (
        "How did Velmora Instruments' revenue change in fiscal 2024?",
        "What was Velmora Instruments' gross margin in fiscal 2024?",
        "Compare the revenue of Velmora Instruments and Ostrand in fiscal 2024.",
        "What was Velmora Instruments' revenue over the last three fiscal years?",
    )


def test_change_quoted_from_the_filings_is_followed_by_no_question_for_reasons() -> None:
    kinds = {proposal.kind for proposal in propose_follow_ups(tell_revenue(2023, 2024), CATALOG)}
    assert not kinds & {"change", "reasons"}


def test_change_told_by_a_model_is_followed_by_the_question_for_reasons() -> None:
    proposals = propose_follow_ups(tell_revenue(2023, 2024, is_quoted=False), CATALOG)
    assert proposals[0].question == "Why did Velmora Instruments' revenue change in fiscal 2024?"


def test_reasons_are_not_asked_for_when_the_discussion_of_results_is_elsewhere() -> None:
    catalog = build_catalog(build_company(VELMORA, 2023, 2024, pointers=["7"]))
    proposals = propose_follow_ups(tell_revenue(2023, 2024, is_quoted=False), catalog)
    assert "reasons" not in {proposal.kind for proposal in proposals}


def test_comparison_is_followed_by_another_figure_of_the_same_companies() -> None:
    facts = [build_fact("Revenue", 1.0), build_fact("Revenue", 2.0, company="Ostrand Corp", ticker="OSTR")]
    answer = read_answer({**build_answer("Compare", "Told.", []), "facts": facts})
    assert propose_follow_ups(answer, CATALOG)[0] == Proposal(
        "related",
        "Compare the gross margin of Velmora Instruments and Ostrand in fiscal 2024.",
        "gross_margin",
        ("VELM", "OSTR"),
        (2024,),
    )


def test_answer_in_words_is_followed_by_other_topics_a_number_and_another_company() -> None:
    citation = build_citation(1, "vlmr/2024:r1", [[0, 6]])
    questions = pick_varied(propose_follow_ups(read_answer(build_answer("Risks?", "Told.", [citation])), CATALOG))
    assert questions == (
        "Who are Velmora Instruments' main competitors in fiscal 2024?",
        "What was Velmora Instruments' revenue in fiscal 2024?",
        "What are the main risk factors of Ostrand in fiscal 2024?",
        "Describe the business of Velmora Instruments in fiscal 2024.",
    )


def test_abstention_is_followed_by_the_same_number_of_the_nearest_covered_year() -> None:
    catalog = build_catalog(build_company(VELMORA, 2022, 2024))
    questions = pick_varied(propose_follow_ups(abstain(fiscal_year=2019), catalog))
    assert questions[0] == "What was Velmora Instruments' revenue in fiscal 2022?"


def test_abstention_that_offers_questions_is_followed_by_those_alone() -> None:
    client = BackendClient("http://127.0.0.1:9")
    text = "Not in the filings.\n\nYou could ask:\n\n- What is A?\n- Describe B."
    assert choose_follow_ups(client, abstain(text), None, ["What is A?"]) == ("Describe B.",)


def test_answer_about_no_covered_company_is_followed_by_questions_to_begin_with() -> None:
    answer = read_answer(build_answer("Q", "Told.", []), companies=[])
    assert propose_follow_ups(answer, CATALOG) == propose_examples(CATALOG)


def test_examples_are_a_number_a_ratio_a_comparison_and_a_topic_of_different_companies() -> None:
    catalog = build_catalog(
        build_company("Quarterly", 2024),
        build_company("Velmora", 2023, 2024),
        build_company("Ostrand", 2022, 2023, 2024),
        build_company("Uncovered"),
    )
    assert pick_varied(propose_examples(catalog)) == (
        "What was Ostrand's revenue in fiscal 2024?",
        "What was Velmora's gross margin in fiscal 2024?",
        "Compare the net income of Quarterly and Ostrand in fiscal 2024.",
        "What are the main risk factors of Ostrand in fiscal 2024?",
    )


def test_examples_are_none_when_no_annual_report_is_covered() -> None:
    report = {**stub_coverage.build_filing(2024, "10-Q"), "items": ["II-1A"]}
    quarterly = read_company(stub_coverage.build_company("Velmora", report, tickers=("VLMR",)))
    assert propose_examples(build_catalog(quarterly, build_company("Ostrand"))) == []


def test_examples_are_in_words_when_no_company_has_a_ticker() -> None:
    catalog = build_catalog(replace(build_company("Velmora", 2024), tickers=()))
    assert {proposal.metric for proposal in propose_examples(catalog)} == {""}


def test_topic_is_left_out_when_its_item_only_points_elsewhere() -> None:
    catalog = build_catalog(build_company("Velmora", 2024, pointers=["1A"]))
    assert not [question for question in ask_all(propose_examples(catalog)) if "risk factors" in question]


def test_proposal_is_dropped_when_one_of_its_numbers_is_missing() -> None:
    proposals = propose_follow_ups(tell_revenue(2024), CATALOG)
    known = know_all(proposals) - {("VELM", "revenue", 2023), ("VELM", "gross_margin", 2024)}
    left = ground(proposals, lambda wanted: known)
    assert pick_varied(left) == (
        "What was Velmora Instruments' net income in fiscal 2024?",
        "Compare the revenue of Velmora Instruments and Ostrand in fiscal 2024.",
        "What are the main risk factors of Velmora Instruments in fiscal 2024?",
        "Who are Velmora Instruments' main competitors in fiscal 2024?",
    )


def test_only_words_are_offered_when_numbers_cannot_be_looked_up() -> None:
    def fail(wanted: Sequence[Proposal]) -> Numbers:
        raise BackendAwayError("The back end cannot be reached.")

    left = ground(propose_follow_ups(tell_revenue(2024), CATALOG), fail)
    assert left
    assert not [proposal for proposal in left if proposal.metric]


def test_question_asked_already_is_replaced_by_the_next_of_its_kind() -> None:
    proposals = propose_follow_ups(tell_revenue(2024), CATALOG)
    asked = {"What was Velmora Instruments' gross margin in fiscal 2024?"}
    assert pick_varied(proposals, asked)[1] == "What was Velmora Instruments' net income in fiscal 2024?"


@pytest.mark.parametrize("part", [{"dimensions": {"axis": "member"}}, {"fiscal_period": "Q1"}, {"ticker": "OTHR"}])
def test_number_of_a_part_a_quarter_or_another_company_grounds_nothing(stub: StubBackend, part: Json) -> None:
    catalog = build_catalog(replace(build_company(VELMORA, 2024), tickers=("VLMR",)))
    client = BackendClient(stub.url)
    body: Json = {"index_version": "v1", "facts": [build_fact("Revenue", 1.0)], "calculations": [], "missing": []}
    stub.replies["/facts"] = Reply(200, body)
    assert "What was Velmora Instruments' revenue in fiscal 2024?" in choose_examples(client, catalog)
    stub.replies["/facts"] = Reply(200, {**body, "facts": [build_fact("Revenue", 1.0, **part)]})
    other = replace(catalog, index_version="v2")
    assert "What was Velmora Instruments' revenue in fiscal 2024?" not in choose_examples(client, other)


def test_metrics_that_go_together_are_all_known_to_the_back_end() -> None:
    named = {*RELATED, *FIRST_FIGURES, *FIRST_RATIOS, *EXPLAINED, *(name for row in RELATED.values() for name in row)}
    assert named <= set(load_metrics())


COMPANIES = st.lists(
    st.builds(
        build_company,
        st.sampled_from(["Velmora, Inc.", "Ostrand", "HARDWICK CO", "Quill & Co.", VELMORA]),
        st.integers(1995, 2030),
        st.integers(1995, 2030),
        items=st.lists(st.sampled_from(["1", "1A", "1C", "2", "3", "7", "7A"]), unique=True),
        pointers=st.lists(st.sampled_from(["1", "1A", "7"]), unique=True),
    ),
    max_size=5,
    unique_by=lambda company: company.name,
)
METRIC_LISTS = st.lists(st.sampled_from([*METRICS, Metric("eps_diluted", "Diluted earnings per share")]), unique=True)


@given(
    companies=COMPANIES,
    metrics=METRIC_LISTS,
    asked=st.sampled_from(["revenue", "gross_margin", "eps_diluted", "unheard_of"]),
    told=st.lists(st.integers(2020, 2026), max_size=4),
    status=st.sampled_from(["answered", "abstained"]),
    is_quoted=st.booleans(),
)
@settings(deadline=None)
def test_companies_years_and_metrics_of_every_proposal_are_in_the_catalog(
    companies: list[Company], metrics: list[Metric], asked: str, told: list[int], status: str, is_quoted: bool
) -> None:
    catalog = Catalog("v1", tuple(companies), (), tuple(metrics), ())
    facts = [
        build_fact("Figure", 1.0, year, metric=asked, company=company.name)
        for year in told
        for company in companies[:3]
    ]
    answer = read_answer(
        {**build_answer("Q", "Told.", [], status=status), "facts": facts}, is_quoted=is_quoted, metrics=[asked]
    )
    names = [spoken_name(company.name) for company in companies]
    years = {filing.fiscal_year for company in companies for filing in company.filings}
    tickers = {ticker for company in companies for ticker in company.tickers}
    for proposal in propose_follow_ups(answer, catalog):
        assert any(name in proposal.question for name in names)
        assert {int(year) for year in re.findall(r"\d{4}", proposal.question)} <= years
        assert not proposal.metric or proposal.metric in {metric.name for metric in metrics}
        assert set(proposal.tickers) <= tickers
        assert bool(proposal.metric) == bool(proposal.numbers)
        assert 3 <= len(proposal.question) <= 200


@pytest.fixture
def page(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    return AppTest.from_file(str(CHAT), default_timeout=20).run()


def ask(page: AppTest, question: str) -> None:
    page.chat_input(key="question").set_value(question).run()
    assert not page.exception


def read_offered(page: AppTest, turn: int) -> list[str]:
    return [button.label for button in page.button if str(button.key).startswith(f"next-{turn}-")]


def test_suggestion_is_asked_when_clicked_and_only_the_latest_turn_shows_some(page: AppTest, stub: StubBackend) -> None:
    ask(page, "gross margin?")
    offered = read_offered(page, 1)
    assert 2 <= len(offered) <= 4
    assert "You could ask next" in "".join(str(element.value) for element in page.markdown)
    page.button(key="next-1-1").click().run()
    assert not page.exception
    assert [body["question"] for body in stub.questions] == ["gross margin?", offered[0]]
    assert read_offered(page, 1) == []
    assert offered[0] not in read_offered(page, 2)


def test_suggestions_are_looked_up_once_for_each_answer(page: AppTest, stub: StubBackend) -> None:
    stub.lookups.clear()
    ask(page, "gross margin?")
    page.run()
    page.run()
    assert len(stub.lookups) == 1


def test_suggestions_in_words_are_left_when_the_look_up_fails(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/facts"] = Reply(500, {"detail": "The store is slow."})
    ask(page, "gross margin?")
    offered = read_offered(page, 1)
    assert offered
    assert not [question for question in offered if "revenue" in question or "margin" in question]
    assert not page.error


def test_questions_of_an_abstention_are_shown_once_as_buttons(page: AppTest, stub: StubBackend) -> None:
    body = answer_question("please abstain")
    stub.replies["/query"] = Reply(200, {**body, "answer": f"{body['answer']}\n\nYou could ask:\n\n- What about [b]?"})
    ask(page, "please abstain")
    assert read_offered(page, 1) == [r"What about \[b\]?"]
    assert "You could ask" not in page.info[0].value
    del stub.replies["/query"]
    page.button(key="next-1-1").click().run()
    assert stub.questions[-1]["question"] == "What about [b]?"


@pytest.mark.parametrize(("numbers", "words"), [(True, False), (False, True)])
def test_only_what_answers_are_set_to_hold_is_offered(stub: StubBackend, numbers: bool, words: bool) -> None:
    client = BackendClient(stub.url)
    catalog = build_catalog(replace(build_company(VELMORA, 2024), tickers=("VLMR",)))
    examples = choose_examples(client, catalog, numbers=numbers, words=words)
    follow_ups = choose_follow_ups(client, tell_revenue(2024), catalog, (), numbers=numbers, words=words)
    for offered in (examples, follow_ups):
        assert any("revenue" in question or "margin" in question for question in offered) == numbers
        assert any("risk factors" in question for question in offered) == words


def test_calculated_numbers_ground_the_questions_that_ask_for_them(stub: StubBackend) -> None:
    catalog = build_catalog(replace(build_company(VELMORA, 2024), tickers=("VLMR",)))
    body: Json = {"index_version": "v1", "facts": [], "calculations": [build_margin()], "missing": []}
    stub.replies["/facts"] = Reply(200, body)
    offered = choose_examples(BackendClient(stub.url), catalog)
    assert offered[0] == "What was Velmora Instruments' gross margin in fiscal 2024?"
