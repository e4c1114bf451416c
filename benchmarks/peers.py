"""FinRAG beside what else the package index offers for retrieval: the same pages, questions, encoder and machine.

Why it exists: a number about FinRAG says little unless what a user would otherwise install is measured in the same run.
Peers get plain questions, as users ask them; what FinRAG understands of a question is its own doing.

    python3.11 -m venv PEERS && PEERS/bin/pip install -r benchmarks/peers-requirements.txt
    python -m benchmarks.peers --data DIR --peer-python PEERS/bin/python --set docugami --cold

`peak_rss_mb` is of a process that opens the index and answers all questions, `build_peak_rss_mb` of one that builds it.
FinRAG's index carries the encoder (23 MB); what is built is in the cache after the first run, unless --cold is given.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peer_corpora import DATASETS, Corpus, Subset, measured, prepare
from benchmarks.peer_process import run_step, watched
from benchmarks.peer_systems import PEERS
from finrag_ml_tg1.indexing.minilm import ensure_encoder

OWN = "finrag"
MEASURES = ("hit@1", "hit@5", "hit@10", "mrr@10", "recall@10", "doc@1")
COSTS = ("p50_ms", "p95_ms", "peak_rss_mb", "build_peak_rss_mb", "index_mb", "build_s")


def main() -> None:
    arguments = _arguments()
    encoder = ensure_encoder(arguments.cache, progress=_tell)
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        subset = Subset(arguments.companies_asked, arguments.limit_filings)
        corpus = prepare(arguments.set, arguments.data, subset, Path(name))
        systems = []
        for system in arguments.systems:
            _tell(f"{system}: {corpus.pages} pages, {len(corpus.gold)} questions")
            own = system == OWN
            systems.append(_own_row(arguments, corpus) if own else _peer_row(system, arguments, corpus, encoder))
    result = {
        "command": f"python -m benchmarks.peers --data DIR --peer-python PYTHON --set {arguments.set}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": _hardware(),
        "corpus": {"set": arguments.set, "pages": corpus.pages, "filings": corpus.filings},
        "questions": len(corpus.gold),
        "encoder": encoder.name,
        "systems": systems,
    }
    print(_table(systems))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("FINRAG_EVAL_DATA")
    parser.add_argument(
        "--data", type=Path, default=data, required=not data, help="folder of the sets [FINRAG_EVAL_DATA]"
    )
    parser.add_argument("--set", choices=DATASETS, required=True)
    parser.add_argument("--peer-python", type=Path, help="interpreter that has peers-requirements.txt")
    parser.add_argument("--systems", nargs="+", choices=[OWN, *PEERS], default=[OWN, *PEERS])
    parser.add_argument("--companies-asked", action="store_true", help="only filings of companies asked about")
    parser.add_argument("--limit-filings", type=int, metavar="N", help="only N filings, those asked about first")
    parser.add_argument("--cold", action="store_true", help="build FinRAG's index anew, and time it")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "finrag_cache")
    parser.add_argument("--out", type=Path, help="write everything here, as JSON")
    arguments = parser.parse_args()
    if arguments.peer_python is None and arguments.systems != [OWN]:
        parser.error("peers need --peer-python")
    return arguments


def _peer_row(name: str, arguments: argparse.Namespace, corpus: Corpus, encoder: Path) -> dict[str, Any]:
    folder = corpus.peer_pages.parent
    built = run_step(arguments.peer_python, name, "build", encoder, corpus.peer_pages, folder)
    asked = run_step(arguments.peer_python, name, "ask", encoder, corpus.questions, folder)
    times = sorted(asked["milliseconds"])
    return {
        "name": name,
        "version": f"{PEERS[name].distribution} {built['version']}",
        "settings": PEERS[name].settings,
        **measured(asked["ranked"], corpus.gold),
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 2),
        "peak_rss_mb": asked["peak_rss_mb"],
        "build_peak_rss_mb": built["peak_rss_mb"],
        "index_mb": _megabytes(folder / name),
        "build_s": built["build_s"],
    }


def _own_row(arguments: argparse.Namespace, corpus: Corpus) -> dict[str, Any]:
    """Ask twice: the first run builds what is not there, the second finds it as a server would."""
    folder = corpus.rows.parent
    cache = folder / OWN if arguments.cold else arguments.cache / "evaluation"
    out = folder / "finrag.json"
    scope = DATASETS[arguments.set].scope
    command = [str(Path(sys.executable).with_name(OWN)), "eval", "retrieval", "--data", arguments.set]
    command += ["--corpus", str(corpus.rows), "--questions", str(corpus.questions), "--scope", scope]
    command += ["--workers", "2", "--cache", str(cache), "--out", str(out)]
    environment = {"FINRAG_CACHE_DIR": str(arguments.cache)}
    first = watched(command, environment)
    second = watched(command, environment)
    report = json.loads(out.read_text(encoding="utf-8"))
    return {
        "name": OWN,
        "version": report["git_commit"],
        "settings": f"finrag eval retrieval --scope {scope}",
        **{name: report["metrics"][name] for name in (*MEASURES, "p50_ms", "p95_ms")},
        "peak_rss_mb": second.peak_rss_mb,
        "build_peak_rss_mb": first.peak_rss_mb if arguments.cold else None,
        "index_mb": _own_index_megabytes(cache, report["index_version"]),
        "build_s": round(first.seconds - second.seconds, 1) if arguments.cold else None,
    }


def _own_index_megabytes(cache: Path, index_version: str) -> float:
    """The cache keeps the index of every corpus that was ever asked about; the report says which it was."""
    current = cache.glob("corpora/*/store/index/CURRENT")
    return next(_megabytes(path.parent) for path in current if path.read_text() == index_version)


def _megabytes(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


def _hardware() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def _table(systems: Sequence[Mapping[str, Any]]) -> str:
    columns = ("name", *MEASURES, *COSTS)
    lines = [columns, *([str(row[name]) for name in columns] for row in systems)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines)


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
