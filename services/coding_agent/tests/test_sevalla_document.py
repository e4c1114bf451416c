"""docs/SEVALLA_DEPLOYMENT.md says what the code does: checks by their names, exit codes, costs, methods, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coding_agent.client import CodingAgentClient
from coding_agent.operations.cost import Group, Usage, cents, charge, compare, total
from coding_agent.operations.doctor.finding import CHECKS
from coding_agent.operations.price_list import read_prices
from coding_agent.operations.verification import Step

_DOCUMENT = Path(__file__).parents[3] / "docs" / "SEVALLA_DEPLOYMENT.md"
_TEXT = _DOCUMENT.read_text()


def test_the_table_of_symptoms_names_every_check_and_no_other() -> None:
    table = _TEXT.split("| what you see |", 1)[1].split("\n\n", 1)[0]
    rows = [line.split("|")[2] for line in table.splitlines()[2:]]
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == set(CHECKS)


def test_exit_codes_of_verify_are_those_of_its_steps() -> None:
    told = {
        int(code): words for code, words in re.findall(r"(\d+) ((?:[a-z]+ )?[a-z]+ [a-z]+)(?=,|\. `--issue)", _TEXT)
    }
    for step in Step:
        assert told[step.value] == (step.name or "").lower().replace("_", " ")


def test_costs_are_those_that_are_computed() -> None:
    prices = read_prices()
    lines = charge(Usage(), prices)
    notes, everything = compare(total(lines, Group.NOTES), prices), compare(total(lines), prices)
    for amount in (
        next(line.usd for line in lines if line.name == "service tasks"),
        total(lines, Group.NOTES),
        total(lines, Group.BEYOND),
        total(lines),
        notes.low,
        notes.high,
        notes.planned_low - notes.low,
        everything.low,
        everything.high,
    ):
        assert str(cents(amount)) in _TEXT


def test_methods_of_the_client_are_there() -> None:
    table = _TEXT.split("| method |", 1)[1].split("\n\n", 1)[0]
    methods = set(re.findall(r"`(\w+)\(", table))
    assert methods == {"submit_fix", "submit_report", "get_job", "wait", "cancel", "logs"}
    assert all(hasattr(CodingAgentClient, method) for method in methods)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", _TEXT))))
def test_links_lead_to_files(link: str) -> None:
    if link == "AWS_FARGATE_DEPLOYMENT.md" and not (_DOCUMENT.parent / link).exists():
        pytest.skip("docs/AWS_FARGATE_DEPLOYMENT.md is not in this checkout")
    assert (_DOCUMENT.parent / link).exists()
