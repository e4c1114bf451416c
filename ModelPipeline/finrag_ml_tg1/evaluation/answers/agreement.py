"""`finrag eval grader`: the automatic grades against those that people gave to the same answers."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.answers.grading import Verdict, grade
from finrag_ml_tg1.evaluation.answers.intervals import interval
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion
from finrag_ml_tg1.evaluation.report import Outcome, share

__all__ = ["evaluate_grader"]

_LABELS: Mapping[str, Verdict] = {
    "Correct Answer": "correct",
    "Incorrect Answer": "wrong",
    "Refusal": "refused",
}
_COLUMNS = ["financebench_id", "model_answer", "gold_answer", "label"]


def evaluate_grader(graded: Path, questions: Sequence[AnswerQuestion], *, judge: LanguageModel | None) -> Outcome:
    """Grade every answer of a Parquet file of human grades; return how often both agree.

    `agreement` is of the three verdicts, `agreement_correct` of correct or not, both also for gold answers that are
    numbers. Each is given for the two halves of the questions (by the hash of their ids) as well: rules are developed
    on "half a" alone. SettingsError when a column is missing, a label is unknown, or a question is not among those
    given.
    """
    asked = {question.identifier: question for question in questions}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    misses = []
    for identifier, given, gold_answer, label in _read(graded).iter_rows():
        question = asked.get(identifier)
        if question is None:
            raise SettingsError(f"--questions: holds no question {identifier}, which {graded.name} grades an answer to")
        if label not in _LABELS:
            raise SettingsError(f"{graded.name}: a label is one of {', '.join(_LABELS)}, not {label!r}")
        # The graded file may print the gold answer without its unit; people graded with the question's.
        own = grade(question.text, question.gold or gold_answer, given or "", judge=judge)
        human = _LABELS[label]
        agreed = Counter(n=1, agreement=int(own.verdict == human))
        agreed["agreement_correct"] = int((own.verdict == "correct") == (human == "correct"))
        agreed[f"{human} graded {own.verdict}"] = 1
        half = _half(identifier)
        for group in ("all", f"kind {own.kind}", half, f"kind {own.kind}, {half}"):
            counts[group].update(agreed)
        if own.verdict != human:
            miss = {"id": identifier, "kind": own.kind, "human": human, "verdict": own.verdict, "reason": own.reason}
            misses.append({**miss, "half": half, "gold": question.gold, "answer": given})
    metrics, intervals = _metrics(counts)
    by_type = {
        group: {name: share(count, counted["n"]) for name, count in sorted(counted.items()) if name != "n"}
        | {"n": counted["n"]}
        for group, counted in sorted(counts.items())
    }
    return Outcome(counts["all"]["n"], metrics, misses, intervals, by_type)


def _metrics(counts: Mapping[str, Counter[str]]) -> tuple[dict[str, float], dict[str, list[float]]]:
    metrics, intervals = {}, {}
    for prefix, group in (("", "all"), ("number_", "kind number")):
        for name in ("agreement", "agreement_correct"):
            for suffix, half in (("", ""), ("_half_a", ", half a"), ("_half_b", ", half b")):
                counted = counts.get((group + half).removeprefix("all, "), Counter())
                metrics[prefix + name + suffix] = share(counted[name], counted["n"])
                intervals[prefix + name + suffix] = interval(counted[name], counted["n"])
    return metrics, intervals


def _half(identifier: str) -> str:
    return "half b" if hashlib.sha256(identifier.encode()).digest()[-1] % 2 else "half a"


def _read(graded: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(graded, columns=_COLUMNS)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SettingsError(f"--graded {graded}: no human grades with {', '.join(_COLUMNS)} ({error})") from error
