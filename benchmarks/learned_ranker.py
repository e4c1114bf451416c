"""Whether learned weights rank better than those chosen by hand: `python -m benchmarks.learned_ranker --cache DIR`.

Pairs of a right passage and a wrong one of the same question, by what passages are scored by (retrieval.ranking); a
logistic model of their differences (RankNet with one layer: Burges and others, 2005). The pairs are made of three
kinds of questions: automatic ones from tagged facts (a metric's name or a row's label, and every passage that prints
the fact), our own over filings, and the development questions of FinanceBench. No company is in training and in test
at once: five folds of companies, for each kind the questions of the left-out companies are judged.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.retrieval_ablation import OWN_QUESTIONS
from finrag_ml_tg1.evaluation.retrieval.corpus_index import open_corpus
from finrag_ml_tg1.evaluation.retrieval.measures import Judged, judge, means
from finrag_ml_tg1.evaluation.retrieval.questions import GoldPlace, RetrievalQuestion, read_questions
from finrag_ml_tg1.evaluation.retrieval.running import PASSAGES, RetrievalRun, scope_of
from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.retrieval.ranking import IN_SCOPE
from finrag_ml_tg1.retrieval.search import Gathered, gather, rank
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.vocabulary.metrics import load_metrics

FEATURES = tuple(name for name in IN_SCOPE if name != "phrases")
TEMPLATES = (
    "What was {company}'s {name} in fiscal {year}?",
    "How much {name} did {company} report for {year}?",
    "{company} {name} {year}",
    "By how much did {name} of {company} change in fiscal {year}?",
)
FACTS_OF_A_FILING = 12
MOST_NEGATIVES = 120
MOST_POSITIVES = 3
FOLDS = 5
STEPS = 200
PENALTY = 1e-3
SEED = 7

Pairs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its candidates; `cik` is the first company of its scope, `pairs` right minus wrong features."""

    rag: FinRAG
    question: RetrievalQuestion
    scope: Scope
    gathered: Gathered
    cik: int
    pairs: Pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("FINRAG_EVAL_DATA"), help="[FINRAG_EVAL_DATA]")
    parser.add_argument("--cache", type=Path, required=True, help="as for finrag eval retrieval")
    arguments = parser.parse_args()
    encoder = ensure_encoder(Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache")))
    folder = arguments.data / "financebench"
    runs = {
        "filings": RetrievalRun("filings", arguments.data / "filings" / "html", OWN_QUESTIONS),
        "financebench": RetrievalRun("financebench", folder / "pages.parquet", folder / "questions_dev.jsonl"),
    }
    opened = {
        name: open_corpus(run.data, run.corpus, arguments.cache, encoder, dense=True, workers=2, tell=print)
        for name, run in runs.items()
    }
    kinds = {
        name: [_asked(opened[name], run, question) for question in read_questions(run.data, run.questions)]
        for name, run in runs.items()
    }
    automatic = _automatic_questions(opened["filings"], random.Random(SEED))
    kinds["tagged facts"] = [_asked(opened["filings"], runs["filings"], question) for question in automatic]
    print(json.dumps(_compared(kinds), indent=1))


def _automatic_questions(rag: FinRAG, chooser: random.Random) -> Iterator[RetrievalQuestion]:
    names = {concept: metric.synonyms for metric in load_metrics().values() for concept in metric.concepts}
    companies = {company.cik: company for company in rag.index.catalog.companies}
    for entry in rag.index.catalog.parts:
        facts = rag.index.parts.opened(entry).facts()
        own = facts.filter(
            pl.col("passage_id").is_not_null()
            & (pl.col("dimensions").fill_null("") == "")
            & (pl.col("fiscal_year") == entry.fiscal_year)
        )
        groups = list(own.group_by("accession", "concept", maintain_order=True))
        chooser.shuffle(groups)
        for (accession, concept), rows in groups[:FACTS_OF_A_FILING]:
            synonyms = names.get(str(concept)) or tuple(filter(None, rows["row_label"].to_list()[:1]))
            if synonyms:
                text = _worded(companies[entry.cik], chooser.choice(synonyms), entry.fiscal_year, chooser)
                gold = _places(rag, str(accession), rows["passage_id"].to_list())
                yield RetrievalQuestion(f"{accession} {concept}", text, "tagged facts", gold)


def _worded(company: Company, name: str, fiscal_year: int, chooser: random.Random) -> str:
    return chooser.choice(TEMPLATES).format(company=company.name, name=name.lower(), year=fiscal_year)


def _places(rag: FinRAG, accession: str, passage_ids: Sequence[str]) -> tuple[GoldPlace, ...]:
    rows = [rag.index.find_passage(passage_id) for passage_id in dict.fromkeys(passage_ids)]
    records = [rag.index.record(row) for row in rows if row is not None]
    spans = tuple((record.char_start, record.char_start + len(record.text)) for record in records)
    return (GoldPlace(accession, spans=spans),)


def _asked(rag: FinRAG, run: RetrievalRun, question: RetrievalQuestion) -> Asked:
    scope = scope_of(rag, question, run)
    gathered = gather(rag.index, question.text, scope)
    cik = scope.companies[0].cik if scope.companies else 0
    return Asked(rag, question, scope, gathered, cik, _pairs(rag, question, gathered))


def _pairs(rag: FinRAG, question: RetrievalQuestion, gathered: Gathered) -> Pairs:
    """The features of the best right passages less those of the best wrong ones, by the weights chosen by hand."""
    features = np.stack([gathered.features[name] for name in FEATURES], axis=1).astype(np.float64)
    order = np.argsort(-(features @ _by_hand()), kind="stable")[: 2 * MOST_NEGATIVES]
    is_right = np.array(
        [any(place.holds(rag.index.record(int(gathered.found.rows[row]))) for place in question.gold) for row in order],
        dtype=bool,
    )
    right, wrong = order[is_right][:MOST_POSITIVES], order[~is_right][:MOST_NEGATIVES]
    return (features[right][:, None] - features[wrong][None]).reshape(-1, len(FEATURES))


def _compared(kinds: Mapping[str, Sequence[Asked]]) -> dict[str, object]:
    everyone = sorted({asked.cik for own in kinds.values() for asked in own})
    learned: dict[str, list[Judged]] = {name: [] for name in kinds}
    weights = []
    for fold in range(FOLDS):
        left_out = set(everyone[fold::FOLDS])
        training = [asked.pairs for own in kinds.values() for asked in own if asked.cik not in left_out]
        weights.append(_learned(training))
        for name, own in kinds.items():
            learned[name] += [_judged(asked, weights[-1]) for asked in own if asked.cik in left_out]
    return {
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "weights by hand": dict(zip(FEATURES, (_by_hand() / np.abs(_by_hand()).sum()).round(3), strict=True)),
        "weights learned": dict(zip(FEATURES, np.mean(weights, axis=0).round(3), strict=True)),
        "by hand": {name: means([_judged(asked, _by_hand()) for asked in own]) for name, own in kinds.items()},
        "learned": {name: means(judged) for name, judged in learned.items()},
    }


def _by_hand() -> npt.NDArray[np.float64]:
    return np.array([IN_SCOPE[name] for name in FEATURES])


def _learned(training: Sequence[Pairs]) -> npt.NDArray[np.float64]:
    """Weights that sum to 1 in size: the logistic loss over pairs, each question counting the same (Adam, 2015)."""
    held = [pairs for pairs in training if len(pairs)]
    pairs = np.concatenate(held)
    share = np.concatenate([np.full(len(own), 1 / len(own) / len(held)) for own in held])
    weights = _by_hand() * 6
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = -(pairs * (share / (1 + np.exp(pairs @ weights)))[:, None]).sum(axis=0) + PENALTY * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        weights -= 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights / np.abs(weights).sum()


def _judged(asked: Asked, weights: npt.NDArray[np.float64]) -> Judged:
    """Judge a ranking by these weights, of the size that those chosen by hand have."""
    scaled = weights * (np.abs(_by_hand()).sum() / np.abs(weights).sum())
    named = {**dict(zip(FEATURES, scaled.tolist(), strict=True)), "phrases": IN_SCOPE["phrases"]}
    found = [] if asked.scope.obstacle else rank(asked.rag.index, asked.gathered, asked.scope, named, PASSAGES)
    return judge(asked.question, found, {})


if __name__ == "__main__":
    main()
