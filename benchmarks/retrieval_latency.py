"""How long scope and retrieval take on a store, in one process: `taskset -c 0 python -m benchmarks.retrieval_latency`.

The store is that of FINRAG_STORE or --store. Questions are those of query_latency: made from what the index covers, a
fifth without a company. Each is asked once unmeasured, so that what it needs of the store is at hand.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time

from benchmarks.query_latency import OPEN_QUESTIONS, TEMPLATES, peak_megabytes
from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.machine import cores
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

PASSAGES = 50
SHARE_OF_OPEN_QUESTIONS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store")
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    rag = Session(arguments.store).open_pipeline()
    questions = _questions(rag, arguments.questions)
    for question in questions:
        _milliseconds(rag, question)
    times = [(question in OPEN_QUESTIONS, _milliseconds(rag, question)) for question in questions]
    result = {
        "all": _percentiles([taken for _, taken in times]),
        "of a company": _percentiles([taken for is_open, taken in times if not is_open]),
        "open": _percentiles([taken for is_open, taken in times if is_open]),
        "filings": rag.index.manifest.filings,
        "passages": rag.index.manifest.passages,
        "peak_rss_mb": peak_megabytes("self"),
        "hardware": f"{cores()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(result, indent=1))


def _questions(rag: FinRAG, count: int) -> list[str]:
    """The same for the same index."""
    covered = [(company.name, company.fiscal_years[-1]) for company in rag.index.catalog.companies]
    of_companies = [template.format(company=name, year=year) for name, year in covered for template in TEMPLATES]
    step = max(1, len(of_companies) // count)
    chosen = of_companies[::step][: count - count // SHARE_OF_OPEN_QUESTIONS]
    return [*chosen, *(OPEN_QUESTIONS * count)[: count // SHARE_OF_OPEN_QUESTIONS]]


def _milliseconds(rag: FinRAG, text: str) -> float:
    question = Question(text)
    started = time.perf_counter()
    scope = rag.understand(question)
    if scope.obstacle is None:
        rag.retrieve(question, scope, PASSAGES)
    return (time.perf_counter() - started) * 1000


def _percentiles(times: list[float]) -> dict[str, float]:
    return {
        "n": len(times),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
    }


if __name__ == "__main__":
    main()
