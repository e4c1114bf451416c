"""Answers are the filing's own words, cited; where nothing fits there is none."""

from __future__ import annotations

import re

import pytest

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.extractive import Found, answer_extractively
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.index.lexical import Postings, build_postings
from finrag_ml_tg1.index.passage_record import PassageRecord
from tests.unit.answering.passages import make_passage

INCOME = make_passage(
    "2024 | 2023\nRevenue | $75 | $70\nOther income, net | 3 | 2\nNet income | $9 | $8\n"
    "Net income per share | $1.2 | $1.1",
    passage_id="income",
    kind="table",
    item="8",
    statement="income",
    heading="Consolidated statements of operations",
)
OTHER_INCOME = make_passage(
    "Other income, net, was $3 million in 2024. It comes from interest on deposits.", passage_id="other"
)
DEMAND = make_passage(
    "Revenue increased 7% in 2024, mainly because laboratories ordered more pumps. Prices did not change. "
    "Laboratories ordered more pumps because their own customers returned.",
    passage_id="demand",
)
STAFF = make_passage(
    "We employed 1,184 people at the end of the year. About half of our employees build instruments.",
    passage_id="staff",
    item="1",
    heading="Employees",
)
RISKS = [
    make_passage(f"{heading}\n\n{body}", passage_id=heading, item="1A", heading=heading, position=position)
    for position, (heading, body) in enumerate(
        [
            (
                "Our customers can postpone the purchase of an instrument.",
                "When budgets shrink they wait for better times.",
            ),
            ("A fire in our only plant would stop all deliveries.", "We have no second plant at which to build them."),
            ("We depend on a single maker of detectors.", "It has raised prices two times without any warning."),
        ]
    )
]
ALL = [INCOME, OTHER_INCOME, DEMAND, STAFF, *RISKS]
CORPUS = Postings(build_postings([f"{passage.heading} {passage.text}" for passage in ALL])).statistics()


def answer(encoder: OnnxEncoder, question: str, passages: list[PassageRecord], *, several: bool = False) -> Answer:
    return answered(encoder, question, passages, several=several, max_citations=5)


def answered(
    encoder: OnnxEncoder, question: str, passages: list[PassageRecord], *, several: bool, max_citations: int
) -> Answer:
    """The answer by the cosines that an index has of its stored vectors."""
    texts = [" ".join((passage.company, passage.heading, passage.lead, passage.text)) for passage in passages]
    asked, *vectors = encoder.encode([question, *texts])
    alike = [float(vector @ asked) for vector in vectors]
    topic = read_topic(question, CORPUS)
    found = Found(asked, passages, alike)
    return answer_extractively(topic, found, encoder, several=several, max_citations=max_citations)


QUESTIONS = [
    "Why did revenue increase?",
    "How many employees are there?",
    "What are the main risk factors?",
    "What was net income?",
    "How does a fire affect deliveries?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer_is_cited_word_for_word(encoder: OnnxEncoder, question: str) -> None:
    given = answer(encoder, question, ALL)
    assert given.is_answered
    assert [citation.number for citation in given.citations] == list(range(1, len(given.citations) + 1))
    cited = [citation.is_cited for citation in given.citations]
    assert cited == sorted(cited, reverse=True)
    marks = {int(mark) for mark in re.findall(r"\[(\d+)\]", given.markdown)}
    assert marks == {citation.number for citation in given.citations if citation.is_cited}
    for citation in given.citations:
        assert bool(citation.highlights) is citation.is_cited
        for start, end in citation.highlights:
            assert 0 <= start < end <= len(citation.passage.text)
            quoted = citation.passage.text[start:end]
            assert quoted == quoted.strip()
            assert " ".join(quoted.split()) in given.markdown


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer_from_one_filing_is_short(encoder: OnnxEncoder, question: str) -> None:
    repeated = " ".join(["Revenue increased because laboratories ordered more pumps from us again."] * 20)
    long = [make_passage(f"{passage.text} {repeated}", passage_id=passage.passage_id) for passage in ALL]
    assert len(answer(encoder, question, long).markdown.split()) <= 130


def test_row_asked_for_is_the_one_with_just_that_label(encoder: OnnxEncoder) -> None:
    markdown = answer(encoder, "What was net income?", ALL).markdown
    assert markdown.endswith("|  | 2024 | 2023 |\n|---|---:|---:|\n| Net income | $9 | $8 |")


def test_other_income_is_not_given_for_net_income(encoder: OnnxEncoder) -> None:
    given = answer(encoder, "What was net income?", [OTHER_INCOME, STAFF])
    assert not given.is_answered
    assert "$3 million" not in given.markdown


def test_figure_under_a_heading_does_not_answer_how_many(encoder: OnnxEncoder) -> None:
    plan = make_passage(
        "At the end of the year the plans held a total of 4.7 million shares in trusts.", heading="Employees"
    )
    assert not answer(encoder, "How many employees are there?", [plan, DEMAND]).is_answered


def test_row_of_another_thing_in_the_same_year_is_not_given(encoder: OnnxEncoder) -> None:
    schedule = make_passage("Goodwill amortization\nFiscal 2025 | 8,100\nFiscal 2026 | 7,000", kind="table")
    assert "8,100" not in answer(encoder, "What was goodwill in fiscal 2024?", [schedule, DEMAND]).markdown


def test_line_named_for_profit_and_loss_answers_for_either(encoder: OnnxEncoder) -> None:
    row = make_passage("2024 | 2023\nNet income (loss) | $9 | $(8)", kind="table", statement="income")
    assert "| Net income (loss) | $9 | $(8) |" in answer(encoder, "What was net income?", [row]).markdown


def test_reason_is_quoted_when_asked_why(encoder: OnnxEncoder) -> None:
    markdown = answer(encoder, "Why did revenue increase?", ALL).markdown
    assert "mainly because laboratories ordered more pumps" in markdown
    assert "|" not in markdown


def test_headings_stand_for_a_whole_item(encoder: OnnxEncoder) -> None:
    markdown = answer(encoder, "What are the main risk factors?", ALL).markdown
    assert sum(passage.heading in markdown for passage in RISKS) >= 2


def test_a_heading_in_capitals_is_no_statement(encoder: OnnxEncoder) -> None:
    passages = [
        make_passage(
            "RISK FACTORS. Our sales depend on few customers who may leave us.", item="1A", heading="RISK FACTORS."
        ),
        make_passage("STRATEGIC RISKS. Rivals may offer better pumps than ours at lower prices.", item="1A"),
    ]
    markdown = answer(encoder, "What are the main risk factors?", passages).markdown
    assert "RISK FACTORS." not in markdown
    assert "STRATEGIC RISKS." not in markdown


def test_short_item_speaks_for_itself(encoder: OnnxEncoder) -> None:
    item = make_passage("Item 4. Mine Safety Disclosures\n\nNot applicable.", item="4")
    assert "Not applicable. [1]" in answer(encoder, "Is there a mine safety disclosure?", [item, DEMAND]).markdown


@pytest.mark.parametrize("question", ["asdf qwer zxcv", "What is the policy on Martian colonies?", "Who won the cup?"])
def test_question_of_other_things_is_left_unanswered(encoder: OnnxEncoder, question: str) -> None:
    given = answer(encoder, question, ALL)
    assert not given.is_answered
    assert not any(citation.is_cited for citation in given.citations)
    assert not re.search(r"\[\d+\]", given.markdown)


def test_no_passages_give_no_answer(encoder: OnnxEncoder) -> None:
    given = answer(encoder, "Why did revenue increase?", [])
    assert (given.is_answered, given.citations, given.context_length) == (False, (), 0)


def test_each_filing_speaks_for_itself_when_several_are_asked(encoder: OnnxEncoder) -> None:
    later = make_passage(
        "2025 | 2024\nNet income | $11 | $9", kind="table", accession="later", fiscal_year=2025, statement="income"
    )
    markdown = answer(encoder, "Net income", [INCOME, later], several=True).markdown
    assert "10-K for fiscal 2024**" in markdown
    assert "10-K for fiscal 2025**" in markdown
    assert "| Net income | $9 | $8 |" in markdown
    assert "| Net income | $11 | $9 |" in markdown


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_passages_are_listed_than_asked_for(encoder: OnnxEncoder, count: int) -> None:
    given = answered(encoder, "What was net income?", ALL, several=False, max_citations=count)
    assert len(given.citations) == count


SIGNED = make_passage(
    "The audit is done.\n\n/s/ Tindle & Kervan LLP\n\nWe have served as the Company's auditor since 1979.",
    passage_id="signed",
    item="8",
    heading="Report of the auditor",
)


def test_auditor_is_named_with_the_sentence_that_the_signature_speaks(encoder: OnnxEncoder) -> None:
    assert "/s/ Tindle & Kervan LLP We have served" in answer(encoder, "Who is the auditor?", [SIGNED]).markdown


def test_plan_for_employees_is_no_number_of_them(encoder: OnnxEncoder) -> None:
    plan = make_passage(
        "The employee stock plan permits employees to buy stock at 95% of its price.", passage_id="plan"
    )
    assert "1,184" in answer(encoder, "How many employees are there?", [plan, STAFF]).markdown
    assert not answer(encoder, "How many employees are there?", [plan]).is_answered


def test_sentence_of_half_of_a_short_question_says_neither_yes_nor_no(encoder: OnnxEncoder) -> None:
    stores = make_passage("Our retail stores are mostly in shopping malls.", passage_id="stores", item="2")
    assert not answer(encoder, "Did it close stores?", [stores]).is_answered
    closed = make_passage("We announced the closure of nine stores.", passage_id="closed", item="2")
    assert "nine stores" in answer(encoder, "Did it close stores?", [stores, closed]).markdown


def test_footnote_without_a_subject_is_no_sentence(encoder: OnnxEncoder) -> None:
    note = make_passage("2.Primarily related to store closures and other impairments.", passage_id="note")
    assert not answer(encoder, "Describe the store closures", [note]).is_answered
