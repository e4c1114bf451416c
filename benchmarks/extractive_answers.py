"""How answers without a language model do over real filings: `python -m benchmarks.extractive_answers --store FOLDER`.

Two banks of questions over the same filings: those of benchmarks/questions/filings.jsonl have the stretches of text
that answer them, and it is counted whose answer quotes one; those of abstention.jsonl are answerable or not, in a half
that limits were set on and one that they were not. Of what is offered instead of an answer each question has to be
answered, and every quotation has to stand in the filing at its place.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.evaluation.retrieval.questions import GoldPlace, read_questions
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

QUESTIONS = Path(__file__).parent / "questions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="an index of the filings that the questions are about")
    rag = Session(parser.parse_args().store).open_pipeline()
    result = {
        "index_version": rag.index.version,
        "filings": rag.index.catalog.filings.height,
        "quoted": _quoted(rag),
        "abstention": _abstention(rag),
    }
    print(json.dumps(result, indent=1))


def _quoted(rag: FinRAG) -> dict[str, float]:
    questions = read_questions("filings", QUESTIONS / "filings.jsonl")
    counts: Counter[str] = Counter()
    for question in questions:
        answer = rag.ask(Question(question.text)).answer
        counts["answered"] += answer.is_answered
        counts["quotes_a_labelled_passage"] += any(_cites(answer, place) for place in question.gold)
        counts["quotes_a_labelled_stretch"] += any(_quotes(answer, place) for place in question.gold)
        counts["quotes_one_of_each_filing"] += all(_quotes_filing(answer, question.gold, of) for of in question.filings)
        counts["verbatim"] += is_verbatim(answer)
    return {"n": len(questions), **{name: round(count / len(questions), 4) for name, count in counts.items()}}


def _cites(answer: Answer, place: GoldPlace) -> bool:
    return any(citation.is_cited and place.holds(citation.passage) for citation in answer.citations)


def _quotes(answer: Answer, place: GoldPlace) -> bool:
    quoted = (
        (citation.passage.char_start + start, citation.passage.char_start + end)
        for citation in answer.citations
        if citation.is_cited and citation.passage.accession == place.accession
        for start, end in citation.highlights
    )
    return any(first < end and start < last for first, last in quoted for start, end in place.spans)


def _quotes_filing(answer: Answer, places: Iterable[GoldPlace], accession: str) -> bool:
    return any(_quotes(answer, place) for place in places if place.accession == accession)


def is_verbatim(answer: Answer) -> bool:
    """Return whether every highlight lies in its passage and what it holds stands in the answer."""
    shown = _words(answer.markdown)
    return all(
        0 <= start < end <= len(citation.passage.text) and _words(citation.passage.text[start:end]) in shown
        for citation in answer.citations
        for start, end in citation.highlights
    )


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))


def _abstention(rag: FinRAG) -> dict[str, dict[str, float]]:
    counts: Counter[tuple[str, str]] = Counter()
    offered: dict[str, None] = {}
    for row in _bank():
        answer = rag.ask(Question(row["question"])).answer
        kind = "unanswerable" if row["unanswerable"] else "answerable"
        counts[row["split"], kind] += 1
        counts[row["split"], f"{kind} abstained"] += not answer.is_answered
        offered |= dict.fromkeys(_offered(answer) if not answer.is_answered else ())
    return {
        half: {
            "unanswerable": counts[half, "unanswerable"],
            "abstained": round(counts[half, "unanswerable abstained"] / counts[half, "unanswerable"], 4),
            "answerable": counts[half, "answerable"],
            "wrongly_abstained": round(counts[half, "answerable abstained"] / counts[half, "answerable"], 4),
        }
        for half in ("dev", "held-out")
    } | {"offered": _answered_of(rag, offered)}


def _bank() -> Iterator[dict[str, Any]]:
    lines = (QUESTIONS / "abstention.jsonl").read_text(encoding="utf-8").splitlines()
    yield from (json.loads(line) for line in lines)


def _offered(answer: Answer) -> list[str]:
    return [line.removeprefix("- ") for line in answer.markdown.splitlines() if line.startswith("- ")]


def _answered_of(rag: FinRAG, questions: Iterable[str]) -> dict[str, float]:
    answers = [rag.ask(Question(question)).answer.is_answered for question in questions]
    return {"questions": len(answers), "answered": round(sum(answers) / max(1, len(answers)), 4)}


if __name__ == "__main__":
    main()
