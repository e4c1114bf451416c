"""One process that opens a store and retrieves, as a pod does; run by `pod_retrieval`, which sets its limits.

It prints one JSON object: milliseconds of each question, memory, and the ten nearest rows of open questions, which the
parent holds against an exact search.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asked_questions import company_questions, open_questions
from benchmarks.generated_parts import SEED, VectorSource
from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

PASSAGES = 10
_NEAREST = 10
_QUERIES = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--questions", type=int, default=200, help="of companies, and as many open ones")
    parser.add_argument("--cold", type=int, default=0, help="so many companies asked for the first time, each once")
    parser.add_argument("--invented", action="store_true", help="recall of generated vectors, for a generated index")
    arguments = parser.parse_args()
    started = time.perf_counter()
    rag = Session(arguments.store).open_pipeline()
    opened_s = time.perf_counter() - started
    result: dict[str, Any] = {"rows": rag.index.manifest.passages, "opened_s": round(opened_s, 2)}
    if arguments.cold:
        result["cold_ms"] = [_asked(rag, question)[1] for question in _about_parts(rag, arguments.cold)]
    else:
        result |= _warm(rag, arguments.questions, is_invented=arguments.invented)
    result |= _memory()
    print(json.dumps(result))


def _warm(rag: FinRAG, count: int, *, is_invented: bool) -> dict[str, Any]:
    """Milliseconds of questions that were asked before, and what is nearest to open ones."""
    result: dict[str, Any] = {}
    of_all = list(open_questions(count))
    for name, questions in (("filtered", company_questions(rag.index.catalog, count)), ("unfiltered", of_all)):
        for question in questions:
            _asked(rag, question)
        taken = [_asked(rag, question) for question in questions]
        result[f"{name}_understanding_ms"] = [understood for understood, _ in taken]
        result[f"{name}_ms"] = [retrieved for _, retrieved in taken]
    # Real questions are as far from one generated passage as from another: which are nearest would be chance.
    drawn = VectorSource(rag.index.encoder.identity.dimension, SEED).questions(_QUERIES) if is_invented else None
    vectors = rag.index.encoder.encode(of_all[:_QUERIES]) if drawn is None else drawn
    result["queries"] = vectors.tolist()
    result["nearest"] = [rag.index.vectors.nearest(np.asarray(vector), _NEAREST)[0].tolist() for vector in vectors]
    return result


def _asked(rag: FinRAG, text: str) -> tuple[float, float]:
    """Milliseconds of understanding a question, and of retrieving for it."""
    question = Question(text)
    started = time.perf_counter()
    scope = rag.understand(question)
    understood = time.perf_counter()
    rag.retrieve(question, scope, PASSAGES)
    return (understood - started) * 1000, (time.perf_counter() - understood) * 1000


def _about_parts(rag: FinRAG, count: int) -> list[str]:
    """Questions of which each needs one part that no other needs."""
    latest = [(company.name, company.fiscal_years[-1]) for company in rag.index.catalog.companies]
    step = max(1, len(latest) // count)
    return [f"What does {name} say about its suppliers in {year}?" for name, year in latest[::step][:count]]


def _memory() -> dict[str, float]:
    """Megabytes of this process: all, and those that are not of files."""
    values = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    names = {"rss_mb": "VmRSS", "peak_rss_mb": "VmHWM", "anonymous_mb": "RssAnon"}
    return {name: round(int(values[key].split()[0]) / 1024, 1) for name, key in names.items()}


if __name__ == "__main__":
    main()
