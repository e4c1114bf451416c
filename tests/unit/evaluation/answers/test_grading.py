"""Verdicts on answers about made-up companies, as a person would give them."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.evaluation.answers.grading import grade

ASSETS = "What were Orquenna's total assets at year end FY2023 (in USD millions)?"
MARGIN = "What was Orquenna's net margin in FY2023? Answer in percent."
GROWTH = "Did Orquenna's revenue grow in FY2023?"
WAY = "Has Orquenna's quick ratio improved or declined in FY2023? If it is not a useful metric, say so."
USE = "What drove Orquenna's gross margin? If gross margin is not a useful metric for it, then state that."
REGIONS = "Which regions does Orquenna sell to?"
LIABILITY = "What was the largest liability of Orquenna?"
DEBT = "Which debt securities of Orquenna are listed on an exchange?"
EVENTS = "Were there events not in Orquenna's ordinary business that increased its income in FY2023?"
FLOW = "Among operations, investing, and financing activities, which brought Orquenna the most cash?"
CAUSE = "Why did Orquenna's inventories rise?"


@pytest.mark.parametrize(
    ("question", "gold", "answer"),
    [
        (ASSETS, "$1577.00", "**Orquenna: Total assets, fiscal 2023: $1,577 million** [1]"),
        (ASSETS, "$1577.00", "Total assets were 1,577 [1], of which 300 were cash."),
        (ASSETS, "$1577.00", "Assets are current and other.\n\n577 + 1,000 = 1,577\n\nThus they were $1,577 million."),
        (ASSETS, "$1577.00", "Cash is not given in the context.\n\nTherefore, total assets were $1.577 billion."),
        (MARGIN, "0.019", "To calculate the margin, we divide:\n\n30 / 1,579 = 0.019 or 1.9%."),
        (MARGIN, "from 3.6% to 1.9%", "It fell by 1.7 percentage points."),
        (GROWTH, "Yes, it grew.", "Yes. **Growth of revenue: 8.2 %** [1]"),
        (GROWTH, "Yes, it grew.", "Orquenna's revenue increased from $5 million to $6 million in FY2023. [1]"),
        (GROWTH, "No, it fell by 2%.", "Orquenna's revenue did not grow in FY2023. [1]"),
        (GROWTH, "No", "Revenue of Orquenna declined in FY2023. [1]"),
        (WAY, "It improved from 0.67 to 0.69.", "The quick ratio rose from 0.67 to 0.69 [1]."),
        (USE, "Performance is not measured through gross margin", "Gross margin is not a relevant metric for a bank."),
        (REGIONS, "Europe, Asia, and Oceania", "It sells to customers in Asia [1], Europe [1] and Oceania [2]."),
        (LIABILITY, "Customer deposits", "The largest liability was customer deposits of $110 billion. [1]"),
        (DEBT, "There are none", "There are no debt securities of Orquenna listed on an exchange."),
        (DEBT, "There are none", "Orquenna does not have any debt securities on an exchange. [1]"),
        (
            FLOW,
            "Operating activities brought the most ($2 bn)",
            "**Net cash from operating activities: $2 million** [1]",
        ),
        (EVENTS, "Yes, a gain", "A gain that is not part of its business increased Orquenna's income in FY2023. [1]"),
        (GROWTH, "No", "Orquenna's revenue does not appear to have been able to grow in FY2023."),
        (CAUSE, "The opening of 47 new stores", "The increase was primarily due to the opening of 47 new stores. [1]"),
    ],
)
def test_answer_that_says_what_the_gold_one_says_is_correct(question: str, gold: str, answer: str) -> None:
    graded = grade(question, gold, answer)
    assert graded.verdict == "correct", graded


@pytest.mark.parametrize(
    ("question", "gold", "answer"),
    [
        (ASSETS, "$1577.00", "**Orquenna: Total assets, fiscal 2023: $1,757 million** [1]"),
        (ASSETS, "$1577.00", "**Orquenna: Total assets, fiscal 2023: $1,577 billion** [1]"),
        (ASSETS, "$1577.00", "The allowance grew to 1,577. Therefore total assets were $1,400 million."),
        (ASSETS, "$1577.00", "Therefore, total assets were 1,577 - 40 = 1,537 million."),
        (ASSETS, "$1577.00", "Inventory is not given in the context.\n\nTherefore, total assets were $900 million."),
        (MARGIN, "1.9%", "The net margin was 19%."),
        (MARGIN, "-1.9%", "The net margin was 1.9%."),
        (GROWTH, "Yes, it grew.", "No. Revenue of Orquenna fell in FY2023."),
        (GROWTH, "No", "Orquenna's revenue increased in FY2023. [1]"),
        (GROWTH, "Yes, from 20% to 21%.", "Yes, its share of revenue increased from 26% to 27%."),
        (WAY, "It improved from 0.67 to 0.69.", "The quick ratio declined. [1]"),
        (WAY, "It improved from 0.67 to 0.69.", "The quick ratio improved from 0.21 to 0.35. [1]"),
        (USE, "Performance is not measured through gross margin", "Gross margin rose because of prices."),
        (REGIONS, "Europe, Asia, and Oceania", "It sells to customers in Asia [1]."),
        (LIABILITY, "Customer deposits", "The largest liability was long-term debt. [1]"),
        (DEBT, "There are none", "The 2.5% Notes due 2031 are listed."),
        (FLOW, "Operating activities brought the most ($2 bn)", "Investing activities brought the most cash. [1]"),
        (CAUSE, "The opening of 47 new stores", "The opening of 41 new stores. [1]"),
        (CAUSE, "The opening of 47 new stores", "Inventories rose by 4%. [1]"),
    ],
)
def test_answer_that_says_otherwise_is_wrong(question: str, gold: str, answer: str) -> None:
    graded = grade(question, gold, answer)
    assert graded.verdict == "wrong", graded


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but the context does not include the total assets.",
        "The filing doesn't state that, so it cannot be determined.",
        "As an AI, I do not have access to filings. Please consult the annual report.",
        "As an AI, I don't have access to filings; yes, the opening of 47 new stores might cost $1,577 thousand.",
        "",
    ],
)
@pytest.mark.parametrize(("question", "gold"), [(ASSETS, "$1577.00"), (CAUSE, "New stores"), (GROWTH, "Yes")])
def test_answer_that_cannot_tell_is_refused(question: str, gold: str, answer: str) -> None:
    assert grade(question, gold, answer).verdict == "refused"


def test_abstention_is_refused_whatever_it_says() -> None:
    assert grade(ASSETS, "$1577.00", "Not covered; in FY2022 they were $1,577 million.", is_answered=False).verdict == (
        "refused"
    )


def test_refusal_is_right_where_there_is_no_answer() -> None:
    assert grade("What was Zorblat's revenue?", None, "Not in the filings.", is_answered=False).verdict == "correct"
    assert grade("What was Zorblat's revenue?", None, "It was $5 million. [1]").verdict == "wrong"


def test_filing_copied_out_names_everything_and_answers_nothing() -> None:
    copied = "UNITED STATES SECURITIES AND EXCHANGE COMMISSION. " * 100 + "Europe, Asia and Oceania."
    assert grade(REGIONS, "Europe, Asia, and Oceania", copied).verdict == "wrong"


def test_what_an_annotator_assumes_is_no_part_of_the_gold_answer() -> None:
    gold = "36%. The answer here assumes FY2023 refers to the 12 months ended on January 28, 2023."
    graded = grade("What percent of purchases was made in Q4?", gold, "It was 36.2%. [1]")
    assert (graded.verdict, graded.kind) == ("correct", "number")


def test_filing_quoted_as_disclosing_nothing_does_not_refuse() -> None:
    quoted = "This report does not disclose the prices paid to suppliers. [1]"
    assert grade(CAUSE, "The opening of 47 new stores", quoted).verdict == "refused"
    assert grade(CAUSE, "The opening of 47 new stores", quoted, is_quoted=True).verdict == "wrong"
