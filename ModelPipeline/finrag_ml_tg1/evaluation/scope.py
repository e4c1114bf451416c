"""`finrag eval scope`: what questions are understood to be about, against labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.report import Outcome, share
from finrag_ml_tg1.index.catalog import PARTS_SCHEMA, Catalog
from finrag_ml_tg1.scope import Question, Scope, Turn
from finrag_ml_tg1.understanding.conversation.follow_ups import FollowUps
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.understanding.resolution import ScopeResolver
from finrag_ml_tg1.understanding.wording import normal_words
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["evaluate_scope", "read_catalogs"]

_FORM_NAMES = {"8-K EX-99": "earnings"}
_NOT_COVERED = " is not among the companies covered."


def evaluate_scope(
    questions: Path, catalogs: Path, appears_in_filings: Callable[[str], bool], is_word: Callable[[str], bool]
) -> Outcome:
    """Return the share of questions read exactly, whole and by what is read; raises SettingsError for other files.

    Rows of `questions`: question, catalog, companies (tickers, or names of companies without), years, part, forms,
    items, unknown; with `history` (turns before it) the question is read as a follow-up. A row may label as well the
    `metrics`, `words` that have to stand in the topic (`without`: that must not), and of its plan the `operation`,
    `latest`, `years_ago` and whether "words" or a "number" answer (`asks`). `appears_in_filings` and `is_word` say
    which words are no names, as those of an index do.
    """
    readers = {name: _Reader(catalog, appears_in_filings, is_word) for name, catalog in read_catalogs(catalogs).items()}
    right: Counter[str] = Counter()
    by_kind: dict[str, list[bool]] = {}
    misses = []
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        for row in rows:
            read_as, understood = readers[row["catalog"]].read(row)
            expected = _expected(row)
            wrong = {name: understood[name] for name in expected if understood[name] != expected[name]}
            right.update(name for name in expected if name not in wrong)
            right.update(["exact"] if not wrong else [])
            for kind in filter(None, (row["kind"], row.get("split"))):
                by_kind.setdefault(kind, []).append(not wrong)
            if wrong:
                asked = {"question": row["question"]} | ({"read_as": read_as} if read_as != row["question"] else {})
                misses.append({"id": row["id"], **asked, "expected": expected, "understood": wrong})
    except KeyError as error:
        raise SettingsError(f"{questions.name}: a question lacks {error}") from error
    names = ("exact", "companies", "years", "part", "forms", "items", "unknown")
    return Outcome(
        n=len(rows),
        metrics={name: share(right[name], len(rows)) for name in names},
        misses=misses,
        by_type={kind: {"n": len(own), "exact": share(sum(own), len(own))} for kind, own in sorted(by_kind.items())},
    )


def read_catalogs(path: Path) -> dict[str, Catalog]:
    """Return the catalogs of a JSON lines file of filings by their name; raises SettingsError for another file."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            row["period_end"] = date.fromisoformat(row["period_end"])
        table = pl.DataFrame(rows, infer_schema_length=None)
        return {
            str(name): Catalog(own.drop("catalog"), pl.DataFrame(schema=PARTS_SCHEMA))
            for (name,), own in table.group_by("catalog", maintain_order=True)
        }
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise SettingsError(f"{path.name}: no list of filings ({error})") from error


class _Reader:
    """Reads questions over one catalog, as the product does."""

    def __init__(
        self, catalog: Catalog, appears_in_filings: Callable[[str], bool], is_word: Callable[[str], bool]
    ) -> None:
        metrics = MetricNames(load_metrics())
        self._follow_ups = FollowUps(catalog.companies, metrics, appears_in_filings, is_word)
        self._resolver = ScopeResolver(catalog, appears_in_filings, metrics, is_word)
        self._planner = Planner(metrics)

    def read(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the question as it is read alone, and what was understood, by the names of labels."""
        history = tuple(Turn(turn["role"], turn["content"]) for turn in row.get("history", ()))
        question = self._follow_ups.standalone(Question(row["question"], history=history))
        scope = self._resolver.resolve(question)
        return question.text, _understood(scope) | self._planned(scope) | _told(scope, row)

    def _planned(self, scope: Scope) -> dict[str, Any]:
        plan = self._planner.plan(scope.topic, companies=len(scope.companies))
        return {
            "operation": plan.operation if plan else "",
            "latest": plan.latest if plan else 1,
            "years_ago": plan.years_ago if plan else 0,
            "asks": "number" if plan and not plan.supports_words else "words",
        }


def _understood(scope: Scope) -> dict[str, Any]:
    return {
        "companies": {company.tickers[0] if company.tickers else company.name for company in scope.companies},
        "years": list(scope.named_years),
        "part": scope.fiscal_period,
        "forms": sorted(_FORM_NAMES.get(form, form) for form in scope.forms),
        "items": sorted(scope.items),
        "unknown": {
            part.sentence.removesuffix(_NOT_COVERED).lower().removesuffix("'s")
            for part in scope.left_out
            if part.sentence.endswith(_NOT_COVERED)
        },
        "metrics": set(scope.metrics),
    }


def _told(scope: Scope, row: Mapping[str, Any]) -> dict[str, Any]:
    """Of the words labelled those that stand in the topic."""
    topic = set(normal_words(scope.topic))
    return {name: topic.intersection(row.get(name, ())) for name in ("words", "without")}


def _expected(row: Mapping[str, Any]) -> dict[str, Any]:
    labelled = {
        "companies": set(row["companies"]),
        "years": sorted(row["years"]),
        "part": row["part"],
        "forms": sorted(row["forms"]),
        "items": sorted(row["items"]),
        "unknown": {name.lower().removesuffix("'s") for name in row["unknown"]},
    }
    labelled |= {name: row[name] for name in ("operation", "latest", "years_ago", "asks") if name in row}
    labelled |= {name: set(row[name]) for name in ("metrics", "words") if name in row}
    return labelled | ({"without": set()} if "without" in row else {})
