"""How many wrong numbers are flagged, and how many right ones: `python -m benchmarks.number_check --store FOLDER`.

Sentences are made from facts and calculations that questions find, from tagged numbers with the table that prints
them, and from the filings' own sentences. With a fixed seed the same store gives the same sentences.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.planted_numbers import (
    Statement,
    each_planted,
    is_sound,
    of_calculation,
    of_fact,
    of_prose,
    of_table,
    rounded,
    shown_text,
)
from finrag_ml_tg1.answering.number_check import flag_numbers
from finrag_ml_tg1.commands.session import Session
from finrag_ml_tg1.index.sentences import sentence_spans
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

_QUESTIONS = (
    "What was {company}'s {metric} in fiscal {year}?",
    "By how much did {company}'s {metric} grow in fiscal {year}?",
    "What was the change in {company}'s {metric} from {before} to {year}?",
    "What was {company}'s {ratio} in fiscal {year}?",
)
_METRICS = (
    "revenue",
    "net income",
    "total assets",
    "operating income",
    "diluted EPS",
    "long-term debt",
    "cost of revenue",
)
_RATIOS = ("gross margin", "operating margin", "net profit margin", "return on equity", "R&D as a share of revenue")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--of-each", type=int, default=250, help="sentences from each kind of evidence")
    parser.add_argument("--seed", type=int, default=46)
    parser.add_argument("--show", type=int, default=0, help="print so many of the wrong verdicts")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rag = Session(arguments.store).open_pipeline()
    result = measure(list(statements(rag, arguments.of_each, arguments.seed)), arguments.seed, arguments.show)
    print(_table(result))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def statements(rag: FinRAG, of_each: int, seed: int) -> Iterator[Statement]:
    """The true sentences: as many from facts, calculations, tables and prose."""
    chooser = random.Random(seed)
    yield from _of_numbers(rag, of_each, chooser)
    rows = list(range(rag.index.corpus.rows))
    chooser.shuffle(rows)
    yield from _of_tables(rag, of_each, chooser)
    taken = 0
    for row in rows:
        passage = rag.index.record(row)
        if passage.kind == "table" or taken >= of_each:
            continue
        for start, end in sentence_spans(passage.text):
            own = list(of_prose(" ".join(passage.text[start:end].split()), {1: shown_text(passage)}))
            if own and end - start < 400:
                taken += 1
                yield chooser.choice(own)
                break


def _of_numbers(rag: FinRAG, of_each: int, chooser: random.Random) -> Iterator[Statement]:
    facts, calculations = 0, 0
    filings = [row for row in rag.index.catalog.filings.iter_rows(named=True) if row["tickers"]]
    while filings and min(facts, calculations) < of_each and facts + calculations < 3 * of_each:
        filing, template = chooser.choice(filings), chooser.choice(_QUESTIONS)
        question = template.format(
            company=filing["company"],
            metric=chooser.choice(_METRICS),
            ratio=chooser.choice(_RATIOS),
            year=filing["fiscal_year"],
            before=filing["fiscal_year"] - 1,
        )
        result = rag.ask(Question(question))
        if not result.found.is_found:
            continue
        texts = {citation.number: shown_text(citation.passage) for citation in result.answer.citations}
        for used in result.found.facts[:1]:
            facts += 1
            yield of_fact(used, filing["company"], texts, result.found, chooser)
        for calculation in result.found.calculations[:1]:
            statement = of_calculation(calculation, filing["company"], texts, result.found)
            if statement:
                calculations += 1
                yield statement


def _of_tables(rag: FinRAG, of_each: int, chooser: random.Random) -> Iterator[Statement]:
    ciks = [company.cik for company in rag.index.catalog.companies]
    pool = []
    for cik in chooser.sample(ciks, min(len(ciks), 25)):
        own = rag.index.companies.facts(cik)
        facts = [fact for concept in sorted(own.concepts) for fact in own.of_concept(concept)]
        pool += chooser.sample(facts, min(len(facts), 40 * of_each // 10))
    chooser.shuffle(pool)
    taken = 0
    for fact in pool:
        row = rag.index.find_passage(fact.passage_id) if fact.passage_id else None
        if row is None or taken >= of_each:
            continue
        passage = rag.index.record(row)
        if is_sound(fact, passage):
            taken += 1
            yield of_table(fact, passage, {1: shown_text(passage)}, chooser)


def measure(true: list[Statement], seed: int, show: int = 0) -> dict[str, object]:
    """Counts by evidence and kind: (cases, flagged)."""
    chooser = random.Random(seed)
    cases: Counter[tuple[str, str]] = Counter()
    flagged: Counter[tuple[str, str]] = Counter()
    started = time.perf_counter()
    for statement in true:
        shorter = rounded(statement)
        written = [("right", statement.markdown), *([("right, rounded", shorter.markdown)] if shorter else [])]
        for kind, markdown in (*written, *each_planted(statement, chooser)):
            key = statement.evidence, kind
            flags = flag_numbers(markdown, statement.found, statement.texts)
            cases[key] += 1
            flagged[key] += bool(flags)
            if bool(flags) == kind.startswith("right") and show:
                show -= 1
                print(key, markdown, f"    true: {statement.markdown}", *flags, sep="\n    ")
    planted = [key for key in cases if not key[1].startswith("right")]
    right = [key for key in cases if key[1].startswith("right")]
    seconds = time.perf_counter() - started
    return {
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "seed": seed,
        "planted": sum(cases[key] for key in planted),
        "planted_flagged": sum(flagged[key] for key in planted),
        "right": sum(cases[key] for key in right),
        "right_flagged": sum(flagged[key] for key in right),
        "ms_each": round(1000 * seconds / max(1, cases.total()), 2),
        "by_kind": [
            {"evidence": key[0], "kind": key[1], "cases": cases[key], "flagged": flagged[key]} for key in sorted(cases)
        ],
    }


def _table(result: dict[str, object]) -> str:
    lines = ["| evidence | kind | cases | flagged |", "|---|---|---:|---:|"]
    rows = result["by_kind"]
    assert isinstance(rows, list)
    lines += [
        f"| {row['evidence']} | {row['kind']} | {row['cases']} | {row['flagged'] / row['cases']:.1%} |" for row in rows
    ]
    summary = {key: value for key, value in result.items() if key != "by_kind"}
    return "\n".join([*lines, "", json.dumps(summary)])


if __name__ == "__main__":
    main()
