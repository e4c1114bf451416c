"""What each part of the ranking is worth: `python -m benchmarks.retrieval_ablation --data DIR --cache DIR`.

Candidates and what they are scored by are gathered once a question; then each part is left out in turn. The questions
and corpora are those of `finrag eval retrieval`, the filings' questions our own (benchmarks/questions/filings.jsonl).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from finrag_ml_tg1.evaluation.retrieval.corpus_index import open_corpus
from finrag_ml_tg1.evaluation.retrieval.measures import judge, means, twins_of
from finrag_ml_tg1.evaluation.retrieval.questions import RetrievalQuestion, read_questions
from finrag_ml_tg1.evaluation.retrieval.running import PASSAGES, RetrievalRun, scope_of
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.retrieval.candidates import Floats
from finrag_ml_tg1.retrieval.search import Gathered, gather, rank
from finrag_ml_tg1.scope import Scope

OWN_QUESTIONS = Path(__file__).parent / "questions" / "filings.jsonl"
SHOWN = ("doc@1", "hit@1", "hit@5", "hit@10", "recall@10", "mrr@10", "all_filings@10")
# The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
RANK_OFFSET = 60

Variant = Callable[[Gathered], tuple[Mapping[str, Floats], Mapping[str, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("FINRAG_EVAL_DATA"), help="[FINRAG_EVAL_DATA]")
    parser.add_argument("--cache", type=Path, required=True, help="as for finrag eval retrieval")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    encoder = ensure_encoder(Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache")))
    results = {}
    for name, run in _runs(arguments.data).items():
        rag = open_corpus(
            run.data, run.corpus, arguments.cache, encoder, dense=True, workers=os.cpu_count() or 1, tell=print
        )
        results[name] = _ablated(rag, run)
        _show(name, results[name])
    if arguments.out:
        report = {
            "command": "python -m benchmarks.retrieval_ablation --data DIR --cache CACHE",
            "date": datetime.now(UTC).date().isoformat(),
            "hardware": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "results": results,
        }
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _runs(data: Path) -> dict[str, RetrievalRun]:
    pages, asked = data / "financebench" / "pages.parquet", data / "financebench" / "questions_dev.jsonl"
    contexts, programs = data / "finqa" / "contexts.parquet", data / "finqa" / "questions_dev.jsonl"
    quarterly = data / "docugami10q"
    return {
        "financebench": RetrievalRun("financebench", pages, asked),
        "financebench, no scope": RetrievalRun("financebench", pages, asked, "none"),
        "financebench, filing known": RetrievalRun("financebench", pages, asked, "oracle"),
        "docugami": RetrievalRun("docugami", quarterly / "pages.parquet", quarterly / "questions_dev.jsonl"),
        "filings": RetrievalRun("filings", data / "filings" / "html", OWN_QUESTIONS),
        "finqa": RetrievalRun("finqa", contexts, programs, "none"),
        "finqa, filer known": RetrievalRun("finqa", contexts, programs, "oracle"),
    }


def _ablated(rag: FinRAG, run: RetrievalRun) -> dict[str, dict[str, float]]:
    twins = twins_of(rag.index.catalog)
    asked = [(question, *_gathered(rag, question, run)) for question in read_questions(run.data, run.questions)]
    results = {}
    for name, variant in _variants().items():
        judged = []
        for question, scope, gathered in asked:
            features, weights = variant(gathered)
            found = Gathered(gathered.focus, gathered.found, features, weights)
            passages = [] if scope.obstacle else rank(rag.index, found, scope, weights, PASSAGES)
            judged.append(judge(question, passages, twins))
        values = means(judged)
        results[name] = {"n": float(len(judged)), **{measure: values[measure] for measure in SHOWN}}
    return results


def _gathered(rag: FinRAG, question: RetrievalQuestion, run: RetrievalRun) -> tuple[Scope, Gathered]:
    scope = scope_of(rag, question, run)
    return scope, gather(rag.index, question.text, scope)


def _variants() -> dict[str, Variant]:
    parts = ("words", "bridge", "meaning", "context", "statement", "item", "preference", "phrases")
    return {
        "all": lambda gathered: (gathered.features, gathered.weights),
        **{f"without {part}": _without(part) for part in parts},
        "words alone (BM25)": lambda gathered: (gathered.features, {"words": 1.0, "phrases": 0.0}),
        "meaning alone": lambda gathered: (gathered.features, {"meaning": 1.0, "phrases": 0.0}),
        "words and meaning by reciprocal rank": _by_reciprocal_rank,
    }


def _without(part: str) -> Variant:
    """Leave a part out; of pages and stretches all that is scored by them, of words or meaning the context's too."""

    def left(gathered: Gathered) -> tuple[Mapping[str, Floats], Mapping[str, float]]:
        kept = {name: 0.0 if part in name.split("_") else weight for name, weight in gathered.weights.items()}
        return gathered.features, kept

    return left


def _by_reciprocal_rank(gathered: Gathered) -> tuple[Mapping[str, Floats], Mapping[str, float]]:
    ranks = {name: _reciprocal(gathered.features[name]) for name in ("words", "meaning")}
    return ranks, {"words": 1.0, "meaning": 1.0, "phrases": 0.0}


def _reciprocal(values: Floats) -> Floats:
    places = np.empty(len(values), dtype=np.float32)
    places[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return np.where(values > 0, 1 / (RANK_OFFSET + places), 0).astype(np.float32)


def _show(name: str, results: Mapping[str, Mapping[str, float]]) -> None:
    print(f"\n{name} (n = {results['all']['n']:.0f})")
    for line in _table(results):
        print(line)


def _table(results: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield f"{'':40}" + "".join(f"{measure:>15}" for measure in SHOWN)
    for variant, values in results.items():
        yield f"{variant:40}" + "".join(f"{values[measure]:15.3f}" for measure in SHOWN)


if __name__ == "__main__":
    main()
