"""Whether the questions the chat offers are answered: `python -m benchmarks.suggestions --store FOLDER`.

A reader who only clicks: from the questions to begin with, every suggestion is asked in the conversation that led to
it, three clicks deep. Then each company is taken as if it were the only one covered, for its questions to begin with,
and one click further among all; it is asked for a year that no filing covers, and what is offered then is asked; and
the reasons of its changes, which are offered where a model writes, are asked for. A question in numbers counts as right
when its answer holds the number it was offered for, of that company, metric and fiscal year. Answers are quoted,
without a language model.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from finrag_ml_tg1.answering.models.opening import open_models
from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.scope import Question, Turn
from serving.backend.catalog_presentation import catalog_response
from serving.backend.numbers import facts_response
from serving.backend.presentation import query_response
from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.figures import Figures
from serving.frontend.suggestions.annual_reports import list_report_years
from serving.frontend.suggestions.choice import choose_follow_ups
from serving.frontend.suggestions.examples import propose_examples
from serving.frontend.suggestions.follow_ups import propose_follow_ups
from serving.frontend.suggestions.grounding import ground, look_up, numbers_of, pick_varied
from serving.frontend.suggestions.questions import Proposal, ask_for_reasons
from serving.frontend.suggestions.related_metrics import EXPLAINED
from serving.frontend.suggestions.wording import of_company

CLICKS = 3
_UNCOVERED_YEAR = 1950
_ROLES: tuple[Literal["user"], Literal["assistant"]] = ("user", "assistant")


class InProcess(BackendClient):
    """The front end's client with the pipeline behind it instead of HTTP; what it returns went through JSON."""

    def __init__(self, session: Session) -> None:
        super().__init__("http://in-process.invalid")
        self._rag = session.open_pipeline()
        self._models = open_models(session.config)
        self.lookups_ms: list[float] = []

    def fetch_catalog(self) -> Catalog:
        index = self._rag.index
        return Catalog.from_json(_sent(catalog_response(index.catalog, index.version, self._models)))

    def fetch_facts(
        self,
        tickers: Sequence[str],
        metrics: Sequence[str],
        fiscal_years: Sequence[int],
        *,
        read_timeout_s: float | None = None,
    ) -> Figures:
        began = time.perf_counter()
        figures = Figures.from_json(_sent(facts_response(self._rag, [*tickers], [*metrics], [*fiscal_years])))
        self.lookups_ms.append((time.perf_counter() - began) * 1000)
        return figures

    def ask(self, question: str, turns: Sequence[tuple[str, str]]) -> Answer:
        """Ask after earlier questions and their answers."""
        history = tuple(Turn(role, content) for turn in turns for role, content in zip(_ROLES, turn, strict=True))
        result = self._rag.ask(Question(question, history=history))
        return Answer.from_json(_sent(query_response(result, self._rag.index.catalog, self._rag.index.version)))


def _sent(response: BaseModel) -> object:
    return json.loads(response.model_dump_json(), parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Step:
    """A question to click, what it was offered for, and the questions and answers before it."""

    question: str
    proposal: Proposal | None
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A step, what came of it, and what was offered then."""

    step: Step
    answer: Answer
    offered: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether it is answered, in numbers with those it was offered for."""
        needed = self.step.proposal.numbers if self.step.proposal else frozenset()
        return not self.answer.abstained and needed <= numbers_of(self.answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, action="append", help="a folder; may be given more than once")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    report = {
        "command": "python -m benchmarks.suggestions --store STORE",
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "stores": [measure(InProcess(Session(store))) for store in arguments.store],
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


def measure(client: InProcess) -> dict[str, object]:
    catalog = client.fetch_catalog()
    clicked = list(walk(client, catalog, _begun(client, catalog), CLICKS))
    each = [step for alone in _each_alone(catalog) for step in _begun(client, alone)]
    uncovered = [
        Step(f"What was {of_company(company.name)} revenue in fiscal {_UNCOVERED_YEAR}?", None)
        for company in catalog.companies
    ]
    return {
        "index_version": catalog.index_version,
        "companies": len(catalog.companies),
        "filings": sum(len(company.filings) for company in catalog.companies),
        f"{CLICKS} clicks from the first visit": _counted(clicked),
        "each company": _counted(list(walk(client, catalog, each, 1))),
        "after an abstention": _counted([each for each in walk(client, catalog, uncovered, 1) if each.step.history]),
        "reasons of changes": _counted(list(walk(client, catalog, _reasons(client, catalog), 0))),
        "lookup_ms": {
            "median": round(statistics.median(client.lookups_ms), 1),
            "most": round(max(client.lookups_ms), 1),
        },
    }


def _begun(client: InProcess, catalog: Catalog) -> list[Step]:
    """The questions to begin with."""
    proposals = propose_examples(catalog)
    known = ground(proposals, lambda wanted: look_up(client, wanted))
    offered = {proposal.question: proposal for proposal in proposals}
    return [Step(question, offered[question]) for question in pick_varied(known)]


def _each_alone(catalog: Catalog) -> Iterator[Catalog]:
    yield from (replace(catalog, companies=(company,)) for company in catalog.companies)


def _reasons(client: InProcess, catalog: Catalog) -> list[Step]:
    """The question for the reasons of every change in the latest year that is known."""
    metrics = [metric for metric in catalog.metrics if metric.name in EXPLAINED]
    asked: list[Step] = []
    for company in catalog.companies:
        for year in list_report_years(company)[: 1 if company.tickers else 0]:
            proposals = [reasons for metric in metrics for reasons in ask_for_reasons(company, metric, year)]
            known = ground(proposals, lambda wanted: look_up(client, wanted))
            asked += [Step(proposal.question, proposal) for proposal in known]
    return asked


def walk(client: InProcess, catalog: Catalog, begun: Sequence[Step], clicks: int) -> Iterator[Asked]:
    """Ask every question once, each in the conversation that first offered it, so many clicks after the first."""
    waiting, seen = deque(begun), {step.question for step in begun}
    while waiting:
        step = waiting.popleft()
        answer = client.ask(step.question, step.history)
        so_far = (*step.history, (step.question, answer.text))
        offered = choose_follow_ups(client, answer, catalog, [question for question, _ in so_far])
        yield Asked(step, answer, offered)
        if len(so_far) > clicks:
            continue
        proposed = {proposal.question: proposal for proposal in propose_follow_ups(answer, catalog)}
        fresh = [question for question in offered if question not in seen]
        seen.update(fresh)
        waiting.extend(Step(question, proposed.get(question), so_far) for question in fresh)


def _counted(asked: Sequence[Asked]) -> dict[str, object]:
    numeric = [each for each in asked if each.step.proposal and each.step.proposal.numbers]
    kinds = Counter(each.step.proposal.kind for each in asked if each.step.proposal)
    return {
        "questions": len(asked),
        "answered": _share([not each.answer.abstained for each in asked]),
        "in_numbers": len(numeric),
        "number_asked_for_given": _share([each.is_right for each in numeric]),
        "offered_after_each": dict(sorted(Counter(len(each.offered) for each in asked).items())),
        "pages_that_repeat_a_question": sum(len(set(each.offered)) < len(each.offered) for each in asked),
        "kinds": dict(kinds.most_common()),
        "not_right": [
            {
                "question": each.step.question,
                "after": [question for question, _ in each.step.history],
                "answer": each.answer.text[:200],
            }
            for each in asked
            if not each.is_right
        ],
    }


def _share(holds: Sequence[bool]) -> float | None:
    return round(sum(holds) / len(holds), 4) if holds else None


if __name__ == "__main__":
    main()
