"""Many readers at once: sessions without a browser (frontend_session.py), each asking questions of its own in turn."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.frontend_session import Session, Turn, open_session

__all__ = ["SERIES", "Load", "draw_questions", "run_sessions"]

# Drawn as a chart; the first question of every session.
SERIES = "{name} revenue over the last three years"
# What the page says of a question that the back end had no place for, and when it may be asked again.
_NO_PLACE = "(429)"
_ASKED_AGAIN_AFTER_S = 3.0
_TEMPLATES = (
    "Which risks does {name} describe in its fiscal year {year} report?",
    "How did the operating income of {name} change from fiscal year {before} to {year}?",
    "How many employees does {name} have in fiscal {year}?",
    "{name} gross margin {year}",
    "Compare the revenue of {name} and {other} in fiscal {year}.",
    "How does {name} govern cybersecurity risk?",
    "What does {name} report as net income for fiscal year {year}?",
    "{other} net income over the last three years",
    "With whom does {name} compete in fiscal {year}?",
    "What was Apple's revenue in fiscal {year}?",
    "Describe the properties of {other} in {year}.",
)


@dataclass(slots=True)
class Load:
    """What sessions at once came to; `failures` are the words of those that broke off.

    `refused` counts questions that the back end had no place for and that were asked again, as the page says.
    """

    turns: list[Turn] = field(default_factory=list)
    loads: list[Turn] = field(default_factory=list)
    charted: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


def draw_questions(session: int, count: int, companies: Sequence[dict[str, Any]]) -> list[str]:
    """Return a session's questions, made of the catalog's companies: others than those of the sessions beside it."""
    names = [str(company["name"]).partition(" ")[0] for company in companies]
    years = [[int(filing["fiscal_year"]) for filing in company["filings"]] for company in companies]
    questions = []
    order = itertools.islice(itertools.cycle(_TEMPLATES), session, None)
    for position, template in zip(range(count), itertools.chain((SERIES,), order), strict=False):
        chosen = (session + position) % len(names)
        year = max(years[chosen]) - (session // len(names) + position) % 2
        other = names[(chosen + 1) % len(names)]
        questions.append(template.format(name=names[chosen], other=other, year=year, before=year - 1))
    return questions


async def run_sessions(url: str, companies: Sequence[dict[str, Any]], sessions: int, turns: int) -> Load:
    """Open the sessions at the same time, and have each ask its questions one after the other.

    All stay open until the last is through, as the tabs of readers do.
    """
    load = Load()
    through = asyncio.Barrier(sessions)

    async def ask(session: Session, question: str) -> Turn:
        while True:
            turn = await session.ask(question)
            if not turn.failure:
                return turn
            if _NO_PLACE not in turn.failure:
                raise RuntimeError(f"no answer to {question!r}: {turn.failure}")
            load.refused += 1
            await asyncio.sleep(_ASKED_AGAIN_AFTER_S)

    async def read(number: int) -> None:
        async with open_session(url) as session:
            try:
                load.loads.append(await session.load())
                asked = [await ask(session, question) for question in draw_questions(number, turns, companies)]
                load.turns.extend(asked)
                load.charted += any(turn.charts for turn in asked)
            except Exception as error:  # noqa: BLE001 -- one reader's failure is a finding, and must not end the others
                load.failures.append(f"session {number}: {error!r}")
            await through.wait()

    await asyncio.gather(*(read(number) for number in range(sessions)))
    return load
