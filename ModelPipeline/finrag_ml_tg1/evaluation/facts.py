"""Numbers answered by the product, against a bank of questions with known values: exact, wrong, abstained, failed."""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.question_bank import BankRow, common_metrics, each_absent, make_bank, read_bank
from finrag_ml_tg1.evaluation.report import Outcome, share
from finrag_ml_tg1.evaluation.scratch_index import open_scratch_index
from finrag_ml_tg1.facts.fact_set import result_value
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

__all__ = ["evaluate_facts"]

_TIMEOUT_S = 60
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class _Given:
    """What came back: the asked value (None: none), whether anything was answered, the words, and what went wrong."""

    value: float | None
    is_answered: bool
    answer: str
    milliseconds: float
    failure: str = ""


_Ask = Callable[[str], _Given]


def evaluate_facts(
    folder: Path, encoder_folder: Path, *, bank: Path | None, url: str | None, progress: Callable[[str], None]
) -> Outcome:
    """Ask every question of the bank (made from the filings' tags without one) and count the answers.

    Without `url` the filings are read and indexed in a scratch folder, without vectors: numbers need none.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if url is not None and bank is not None:
            return _judged(read_bank(bank), _asking_url(url))
        finrag, facts = open_scratch_index(folder, encoder_folder, Path(scratch), progress)
        rows = read_bank(bank) if bank else make_bank(finrag.index.catalog.filings, facts)
        absent = [] if bank else list(each_absent(finrag.index.catalog.filings, rows))
        progress(f"{len(rows)} questions, {len(absent)} that have no answer")
        return _judged([*rows, *absent], _asking_url(url) if url else _asking(finrag))


def _asking(finrag: FinRAG) -> _Ask:
    def ask(question: str) -> _Given:
        began = time.perf_counter()
        try:
            result = finrag.ask(Question(question))
        except Exception as error:  # noqa: BLE001 - a question that breaks the program is a finding, not the end
            return _Given(None, False, "", _since(began), f"{type(error).__name__}: {error}")
        found = result.found
        value = None
        if result.answer.is_answered and found.is_found:
            value = float(result_value(found.calculations[0] if found.calculations else found.facts[0])[0])
        return _Given(value, result.answer.is_answered, result.answer.markdown, _since(began))

    return ask


def _asking_url(url: str) -> _Ask:
    client = httpx.Client(base_url=url, timeout=_TIMEOUT_S)

    def ask(question: str) -> _Given:
        began = time.perf_counter()
        try:
            response = client.post("/query", json={"question": question})
            response.raise_for_status()
            body: Mapping[str, Any] = response.json()
        except httpx.ConnectError as error:
            raise SettingsError(f"--url {url}: no server answers there") from error
        except (httpx.HTTPError, ValueError) as error:
            return _Given(None, False, "", _since(began), str(error))
        numbers = body["calculations"] or body["facts"]
        is_answered = body["status"] == "answered"
        value = float(numbers[0]["value"]) if is_answered and numbers else None
        return _Given(value, is_answered, body["answer"], _since(began))

    return ask


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _judged(rows: Iterable[BankRow], ask: _Ask) -> Outcome:
    answerable: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    common: Counter[str] = Counter()
    by_type: dict[str, Counter[str]] = defaultdict(Counter)
    misses: list[dict[str, object]] = []
    milliseconds: list[float] = []
    most_asked = common_metrics()
    for row in rows:
        given = ask(row.question)
        milliseconds += [given.milliseconds] if row.accepted else []
        verdict = _verdict(row, given)
        if not row.accepted:
            absent[verdict] += 1
        else:
            answerable[verdict] += 1
            by_type[f"metric {row.metric}"][verdict] += 1
            by_type[f"company {row.ticker}"][verdict] += 1
            if row.metric in most_asked:
                common[verdict] += 1
        if verdict != ("exact" if row.accepted else "abstained"):
            miss: dict[str, object] = {"question": row.question, "verdict": verdict, "accepted": row.accepted}
            misses.append(miss | {"given": given.value, "answer": given.answer[:300], "failure": given.failure})
    metrics = {name: share(answerable[name], answerable.total()) for name in ("exact", "wrong", "abstained", "failed")}
    metrics["common_exact"] = share(common["exact"], common.total())
    metrics["common_wrong"] = share(common["wrong"], common.total())
    metrics["absent_questions"] = absent.total()
    metrics["absent_abstained"] = share(absent["abstained"], absent.total())
    metrics["p50_ms"] = round(float(np.percentile(milliseconds, 50)), 2) if milliseconds else 0.0
    metrics["p95_ms"] = round(float(np.percentile(milliseconds, 95)), 2) if milliseconds else 0.0
    shares = {
        name: {verdict: share(count, counts.total()) for verdict, count in counts.items()} | {"n": counts.total()}
        for name, counts in sorted(by_type.items())
    }
    return Outcome(answerable.total() + absent.total(), metrics, misses, by_type=shares)


def _verdict(row: BankRow, given: _Given) -> str:
    if given.failure:
        return "failed"
    if not row.accepted and given.is_answered:
        # Words of another company or year are no better than its number.
        return "wrong"
    if given.value is None:
        return "abstained"
    is_right = any(math.isclose(given.value, value, rel_tol=_SAME, abs_tol=_SAME) for value in row.accepted)
    return "exact" if is_right else "wrong"
