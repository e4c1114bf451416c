"""`finrag eval answers`: correct, wrong or refused by gold answers, and what the answers rest on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.evaluation.answers.asking import Ask, Given
from finrag_ml_tg1.evaluation.answers.citation_checks import citation_fault
from finrag_ml_tg1.evaluation.answers.gold_in_answer import gold_place
from finrag_ml_tg1.evaluation.answers.grading import Grade, grade
from finrag_ml_tg1.evaluation.answers.intervals import interval
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion
from finrag_ml_tg1.evaluation.report import Outcome, share

__all__ = ["evaluate_answers"]

_VERDICTS = ("correct", "wrong", "refused", "failed")


def evaluate_answers(
    questions: Sequence[AnswerQuestion], ask: Ask, *, judge: LanguageModel | None, tell: Callable[[str], None]
) -> Outcome:
    """Ask every question and return the shares.

    `correct`, `wrong`, `refused`, `failed` and `fell_back` (a model was asked and did not write) are of all questions;
    `citations_valid` and `numbers_flagged` of those answered; `gold_in_answer` of those that have an answer in the
    corpus, and so is `evidence_in_answer`, which counts a cited figure of an evidence page, too.
    """
    counts: Counter[str] = Counter()
    by_type: dict[str, Counter[str]] = defaultdict(Counter)
    misses: list[dict[str, object]] = []
    milliseconds: list[float] = []
    cost = 0.0
    index_version = None
    for number, question in enumerate(questions, start=1):
        given = ask(question)
        milliseconds.append(given.milliseconds)
        cost += given.cost
        index_version = given.index_version or index_version
        judged, grade_given, reasons = _judge(question, given, judge)
        counts.update(judged)
        verdict = next(name for name in _VERDICTS if judged[name])
        for kind in _types(question, grade_given):
            by_type[kind].update(judged)
        if verdict != "correct" or reasons["citations"] or (judged["gold_wanted"] and not judged["gold_in_answer"]):
            misses.append(_miss(question, given, verdict, reasons))
        if number % 100 == 0:
            tell(f"{number} of {len(questions)} asked")
    metrics, intervals = _shares(counts)
    metrics["cost_usd"] = round(cost, 6)
    metrics["p50_ms"] = round(float(np.percentile(milliseconds, 50)), 2)
    metrics["p95_ms"] = round(float(np.percentile(milliseconds, 95)), 2)
    shares = {
        kind: {name: share(of_kind[name], of_kind[whole]) for name, whole in _WHOLES.items() if of_kind[whole]}
        | {"n": of_kind["asked"]}
        for kind, of_kind in sorted(by_type.items())
    }
    return Outcome(len(questions), metrics, misses, intervals, shares, index_version)


def _judge(
    question: AnswerQuestion, given: Given, judge: LanguageModel | None
) -> tuple[Counter[str], Grade | None, dict[str, str]]:
    """What is counted of a response, its grade (None when there was none), and why."""
    judged = Counter(asked=1)
    if given.failure:
        judged["failed"] = 1
        judged["gold_wanted"] = int(question.is_covered and question.gold is not None)
        return judged, None, {"grade": given.failure, "citations": "", "gold": ""}
    graded = grade(
        question.text,
        question.gold,
        given.answer,
        is_answered=given.is_answered,
        is_quoted=given.is_quoted,
        judge=judge,
    )
    judged[graded.verdict] = 1
    judged["fell_back"] = int(given.fell_back)
    fault = ""
    if given.is_answered:
        fault = citation_fault(given)
        judged["answered"] = 1
        judged["citations_valid"] = int(not fault)
        judged["numbers_flagged"] = int("number" in given.flags)
    place = gold_place(question, given)
    if question.is_covered and question.gold is not None:
        judged["gold_wanted"] = 1
        judged["gold_in_answer"] = int(place not in ("", "figure"))
        judged["evidence_in_answer"] = int(bool(place))
    return judged, graded, {"grade": graded.reason, "citations": fault, "gold": place}


def _types(question: AnswerQuestion, graded: Grade | None) -> list[str]:
    names = [f"type {question.kind}"] if question.kind else []
    names += [f"gold {graded.kind}"] if graded else []
    return [*names, "covered" if question.is_covered else "not covered"]


_WHOLES = {
    **dict.fromkeys(_VERDICTS, "asked"),
    "fell_back": "asked",
    "citations_valid": "answered",
    "numbers_flagged": "answered",
    "gold_in_answer": "gold_wanted",
    "evidence_in_answer": "gold_wanted",
}


def _shares(counts: Counter[str]) -> tuple[dict[str, float], dict[str, list[float]]]:
    metrics = {name: share(counts[name], counts[whole]) for name, whole in _WHOLES.items()}
    return metrics, {name: interval(counts[name], counts[whole]) for name, whole in _WHOLES.items()}


def _miss(question: AnswerQuestion, given: Given, verdict: str, reasons: dict[str, str]) -> dict[str, object]:
    return {
        "id": question.identifier,
        "question": question.text,
        "kind": question.kind,
        "gold": question.gold,
        "covered": question.is_covered,
        "verdict": verdict,
        "reason": reasons["grade"],
        "gold_in_answer": reasons["gold"],
        "citations": reasons["citations"],
        "answered": given.is_answered,
        "answer": given.answer[:2000],
        "evidence": [[page.document, page.page] for page in question.evidence],
    }
