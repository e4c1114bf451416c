"""benchmarks/README.md, from the results of the suite: what was measured, beside what was aimed at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.suite import MEASURES, REQUESTS, Measure
from benchmarks.vector_peers import RESULT as PEERS

__all__ = ["readme"]

_GROWTH = ("retrieval_15k", "retrieval_150k", "retrieval_615k", "retrieval_10m")


_ORIGIN = """Passages up to 265,705 are those of real filings' pages, beyond that they are repeated under
invented companies with vectors between theirs; 10,000,000 have generated text and vectors, and are searched in meaning
alone when no company is named."""
_PEER_COLUMNS = (
    "passages", "system", "unfiltered: recall, p95, cpu", "1 %: recall, p95, cpu", "0.1 %: recall, p95, cpu",
    "resident / anonymous MB", "in 2 GB, 1 CPU",
)  # fmt: skip


def readme() -> str:
    """Return benchmarks/README.md."""
    return f"""# Benchmarks

This file is written by `python -m docs.generate` from `benchmarks/results/`; `finrag bench`
measures again, elsewhere.

A pod is a control group with a hard limit of memory and of one CPU. The index's files are not in the page cache when a
pod starts, and the pages it maps count as its memory. {_ORIGIN}
S3 is moto's server on loopback.

| measure | target | measured |
|---|---|---|
{"".join(_lines())}
## How times grow

Milliseconds of retrieval for a question asked before, and memory of the process.

| passages | limit | filtered p50 / p95 | unfiltered p50 / p95 | anonymous memory | resident |
|---|---|---|---|---|---|
{"".join(_growth())}
## Beside other libraries

The same vectors, queries and filters, top 10; each in a process of its own. `cpu` is the processor's milliseconds a
query. Ours are the segments' coarse vectors, with the best 32 by their int8 codes; with a filter the codes
of its parts.

| {" | ".join(_PEER_COLUMNS)} |
|---|---|---|---|---|---|---|
{"".join(_peers())}
Commands, versions and settings stand in [vector_peers.json](vector_peers.json); answers to questions about pages are
compared in [peers_docugami.json](peers_docugami.json) and [peers_finqa.json](peers_finqa.json).

## Again, elsewhere

```
finrag bench --list
finrag bench --from STORE --filings FOLDER          # all of it: hours, 25 GB of disk
finrag bench --from STORE --only start_150k --only retrieval_150k
```
"""


def _lines() -> Iterator[str]:
    for measure in MEASURES.values():
        if measure.target:
            yield _line(measure.title, measure.target, _measured(measure))
    title, target, name, shown = REQUESTS
    result = _read(MEASURES[name].result)
    yield _line(title, target, shown(result) if result else "not measured")


def _line(title: str, target: str, measured: str) -> str:
    return f"| {title} | {target} | {measured} |\n"


def _measured(measure: Measure) -> str:
    result = _read(measure.result)
    if not result:
        return "not measured"
    return f"{measure.shown(result)}. {result.get('date', '')}, {result['hardware']}"


def _growth() -> Iterator[str]:
    for name in _GROWTH:
        result = _read(MEASURES[name].result)
        if result and "failed" not in result:
            filtered, unfiltered = (
                f"{result[kind]['p50_ms']} / {result[kind]['p95_ms']}" for kind in ("filtered", "unfiltered")
            )
            yield (
                f"| {result['rows']:,} | {result['memory_limit_mb']} MB | {filtered} | {unfiltered} | "
                f"{result['anonymous_mb']} MB | {result['rss_mb']} MB |\n"
            )


def _peers() -> Iterator[str]:
    for row in sorted(_read(PEERS).get("results", []), key=lambda row: (row["rows"], row["system"] != "finrag")):
        if "workloads" not in row:
            reason = row.get("search", row["build"])
            yield f"| {row['rows']:,} | {row['system']} | {reason} | | | | {row.get('pod', '')} |\n"
            continue
        asked = " | ".join(
            f"{found['recall@10']:.3f}, {found['p95_ms']:g}, {found.get('cpu_ms', '-')}"
            for found in row["workloads"].values()
        )
        memory = f"{row['peak_rss_mb']:.0f} / {row['anonymous_mb']:.0f}"
        yield f"| {row['rows']:,} | {row['system']} | {asked} | {memory} | {row.get('pod', '')} |\n"


def _read(path: Path) -> Mapping[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
