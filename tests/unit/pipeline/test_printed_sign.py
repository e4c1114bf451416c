"""A line of a filing reads with the sign it is printed with, whatever sense its tag has."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.answering.numeric import answer_in_numbers
from finrag_ml_tg1.facts.fact_set import FactSet, UsedFact
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.plan import Plan
from tests.unit.answering.passages import make_passage
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row


def used(value: int, text: str, metric: str = "") -> tuple[UsedFact, str]:
    start = text.index("(") + 1 if "(121" in text else text.index("121")
    row = make_row("LossGain", value, 2023, passage_id="p-1", char_start=start, char_end=start + 3)
    fact: Fact = make_company(row).of_concept("us-gaap:LossGain")[0]
    return UsedFact(fact, metric, "Loss (gain) on sale", "money"), text


@pytest.mark.parametrize(
    ("value", "text", "metric", "shown"),
    [
        (121, "Loss (gain) on sale | (121)", "", "−$121"),
        (-121, "Loss (gain) on sale | 121", "", "$121"),
        (121, "Loss (gain) on sale | 121", "", "$121"),
        (121, "Loss (gain) on sale | (121)", "net_income", "$121"),
    ],
)
def test_line_is_given_as_printed_and_a_metric_as_tagged(value: int, text: str, metric: str, shown: str) -> None:
    fact, passage_text = used(value, text.replace("Loss (gain)", "Loss or gain"), metric)
    passage = make_passage(passage_text, passage_id="p-1")
    found = FactSet(results=(fact,))
    plan = Plan("lookup", line_item="loss gain on sale")
    answer = answer_in_numbers(plan, found, {"p-1": passage}, {COMPANY_CIK: "Marrowby Works"}).answer
    assert f": {shown}**" in answer.markdown
    assert found.facts[0].fact.value == Decimal(value)
