"""FinRAG's vector search beside libraries people would otherwise use: the same vectors, queries, filters and limits.

Why it exists: speed and memory say little unless what others take for the same is measured in the same run. Only the
search is compared here, with the vector of a question at hand; `benchmarks.peers` compares the answers to questions.

    python3.11 -m venv PEERS && PEERS/bin/pip install -r benchmarks/peers-requirements.txt
    python -m benchmarks.vector_peers --store STORE --peer-python PEERS/bin/python --rows 150000 --questions Q.jsonl

Every system is asked for the 10 nearest rows: of all, of about 1 % and of about 0.1 % of them, by company and years. It
runs in a process of its own inside a control group (2 GiB, 1 CPU), which needs root on Linux; one that is killed there
is said to be, and asked again with more memory. Its files are not in the page cache when it starts. `peak_rss_mb` is of
that process, pages of mapped files included; `cgroup_peak_mb` also holds the page cache, and `anonymous_mb` is what
cannot be dropped. `cpu_ms` is the processor's time a query, which a busy machine changes less than p50 and p95. A run
replaces the results of the systems it names, and keeps the others'; what is built stays in --work for the next run,
unless --rebuild is given.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.vector_peer_corpus import content_hash, exact_thresholds, prepare, read_questions, recall
from benchmarks.vector_peer_report import report
from benchmarks.vector_peer_rows import VectorRows
from benchmarks.vector_peer_steps import StepFailedError, StepLimits, run_step
from benchmarks.vector_peer_systems import OWN, SYSTEMS
from finrag_ml_tg1.commands.session import Session

RESULT = Path(__file__).with_suffix(".json")
POD_MB, POD_CPUS = 2048, 1.0

Json = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    result = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else {}
    result["hardware"] = (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, {platform.python_version()}"
    )
    corpora, results = result.setdefault("corpora", {}), result.setdefault("results", [])
    for count in arguments.rows:
        folder = arguments.work / str(count)
        corpora[str(count)] = _prepared(arguments, count, folder / "rows")
        for system in arguments.systems:
            _tell(f"{system}: {count} rows")
            measured = _measured(arguments, system, folder)
            results[:] = [row for row in results if (row["system"], row["rows"]) != (system, count)]
            results.append({"system": system, "rows": count, **measured})
            results.sort(key=lambda row: (row["rows"], list(SYSTEMS).index(row["system"])))
            arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(report(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="a store that holds an index [FINRAG_STORE]")
    parser.add_argument("--peer-python", type=Path, help="interpreter that has peers-requirements.txt")
    parser.add_argument("--rows", type=int, nargs="+", default=[150_000, 615_000])
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument(
        "--questions", type=Path, nargs="+", default=[], help="JSON-lines files with `question`; made up without them"
    )
    parser.add_argument("--queries", type=int, default=200, help="queries of each kind")
    parser.add_argument("--seconds", type=float, default=60, help="the longest a kind of query is asked")
    parser.add_argument("--limit", type=float, default=7200, metavar="S", help="the longest a step may take")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "finrag_cache" / "vector_peers")
    parser.add_argument("--rebuild", action="store_true", help="build the indexes anew")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.peer_python is None and arguments.systems != [OWN]:
        parser.error("peers need --peer-python")
    return arguments


def _prepared(arguments: argparse.Namespace, count: int, folder: Path) -> Json:
    """Write the rows and queries, unless those of the same passages and numbers are there; say what they are."""
    index = Session(arguments.store).open_pipeline().index
    questions = read_questions(arguments.questions, arguments.queries)
    asked = {
        "content": content_hash(index, count),
        "queries": arguments.queries,
        "questions": [f"{path.parent.name}/{path.name}" for path in arguments.questions],
    }
    stored = folder / "corpus.json"
    if stored.exists():
        described: Json = json.loads(stored.read_text(encoding="utf-8"))
        if {name: described.get(name) for name in asked} == asked:
            return described
    shutil.rmtree(folder.parent, ignore_errors=True)
    _tell(f"preparing {count} rows")
    corpus = prepare(index, count, questions, arguments.queries, folder)
    described = {**asked, "real_rows": corpus.real, "companies": corpus.companies, "filters": _filters(corpus.rows)}
    stored.write_text(json.dumps(described), encoding="utf-8")
    return described


def _filters(rows: VectorRows) -> Json:
    """The rows that filters let through, by kind: how many filters, and the least, middle and most rows."""
    described: Json = {}
    for workload in rows.workloads():
        sizes = sorted(len(rows.rows_of(wanted)) for wanted in set(workload.filters) if wanted)
        if sizes:
            described[workload.name] = {"n": len(sizes), "rows": [sizes[0], sizes[len(sizes) // 2], sizes[-1]]}
    return described


def _measured(arguments: argparse.Namespace, system: str, folder: Path) -> Json:
    """Build a system's index where it is not built, ask it, and say what was found."""
    python = Path(sys.executable) if system == OWN else arguments.peer_python
    index = folder / system
    about = {
        "settings": SYSTEMS[system].settings,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "benchmarks.vector_peers", *_told(arguments, system)]),
        # Above what one process makes (1), others had a share of the processor.
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }
    spare_mb = _spare_megabytes()
    built = index.with_name(f"{system}.built.json")
    if arguments.rebuild or not built.exists():
        shutil.rmtree(index, ignore_errors=True)
        built.unlink(missing_ok=True)
        try:
            limits = StepLimits(spare_mb, os.cpu_count() or 1, arguments.limit)
            done = run_step(python, system, "build", folder / "rows", index, limits, asked_s=arguments.seconds)
        except StepFailedError as error:
            return {**about, "build": str(error)}
        done["load_average"] = round(os.getloadavg()[0], 2)
        built.write_text(json.dumps(done), encoding="utf-8")
    about["build"] = json.loads(built.read_text(encoding="utf-8"))
    about["index_mb"] = round(sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 1e6, 1)
    about["pod"] = f"held {POD_MB} MiB, {POD_CPUS:g} CPU"
    for memory_mb in (POD_MB, spare_mb):
        try:
            limits = StepLimits(memory_mb, POD_CPUS, arguments.limit)
            asked = run_step(python, system, "search", folder / "rows", index, limits, asked_s=arguments.seconds)
        except StepFailedError as error:
            about["pod" if memory_mb == POD_MB else "search"] = str(error)
        else:
            return {**about, "asked_in_mb": memory_mb, **_judged(VectorRows(folder / "rows"), asked)}
    return about


def _judged(rows: VectorRows, asked: Json) -> Json:
    """Put the recall in the place of the rows that were found."""
    for workload in rows.workloads():
        answers = asked["workloads"][workload.name]
        found = answers.pop("found")
        answers["recall@10"] = round(recall(rows, workload, exact_thresholds(rows, workload), found), 4)
    return asked


def _told(arguments: argparse.Namespace, system: str) -> Iterable[str]:
    yield from ("--store", "STORE", "--rows", *map(str, arguments.rows), "--systems", system)
    yield from ("--queries", str(arguments.queries), "--seconds", f"{arguments.seconds:g}")
    if arguments.questions:
        yield from ("--questions", *(f"{path.parent.name}/{path.name}" for path in arguments.questions))


def _spare_megabytes() -> int:
    """Three quarters of the memory nobody holds now."""
    lines: Mapping[str, str] = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    )
    return int(lines["MemAvailable"].split()[0]) * 3 // 4 // 1024


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
