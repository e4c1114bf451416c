"""Damaged filings for FINRAG_SOAK_SECONDS: each is read or refused with a reason, in bounded time and memory.

FINRAG_SOAK_SEED chooses the sequence of cases, FINRAG_SOAK_CASES="17 4711" runs only these. A case is the same for the
same originals: those with FINRAG_EVAL_DATA are others than those without.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.mutations import find_originals, make_case
from tests.soak.results import number_setting, write_result
from tests.soak.watched_worker import Json, WatchedWorker

pytestmark = pytest.mark.soak

SEEDS_OF_ONE_SEQUENCE = 1_000_000


def test_damaged_filing_is_read_or_refused_in_bounded_time_and_memory(encoder_folder: Path, tmp_path: Path) -> None:
    seconds, sequence = number_setting("FINRAG_SOAK_SECONDS", 600), number_setting("FINRAG_SOAK_SEED", 1)
    originals = find_originals()
    started = time.monotonic()
    outcomes: Counter[str] = Counter()
    found: dict[str, Json] = {}
    slowest, most_bytes = (0.0, 0), 0
    worker = WatchedWorker(tmp_path / "worker.log")
    try:
        for seed in _seeds(sequence, started + seconds):
            answer = worker.run(seed)
            outcomes[answer["outcome"]] += 1
            slowest = max(slowest, (answer.get("seconds", 0.0), seed))
            most_bytes = max(most_bytes, answer.get("bytes", 0))
            if answer["outcome"] not in ("read", "refused"):
                _note(found, seed, answer)
    finally:
        worker.close()
    for finding in found.values():
        case = make_case(finding["seeds"][0], originals)
        finding.update(original=case.originals, mutations=case.mutations, bytes=len(case.data))
    counts = {
        "originals": len(originals),
        "cases": outcomes.total(),
        "outcomes": dict(outcomes),
        "slowest_s": round(slowest[0], 1),
        "slowest_seed": slowest[1],
        "largest_bytes": most_bytes,
        "peak_rss_mb": round(worker.peak_rss_mb),
    }
    settings: dict[str, int | str] = {"FINRAG_SOAK_SECONDS": seconds, "FINRAG_SOAK_SEED": sequence}
    if "FINRAG_SOAK_CASES" in os.environ:
        settings = {"FINRAG_SOAK_CASES": repr(os.environ["FINRAG_SOAK_CASES"])}
    if "FINRAG_EVAL_DATA" in os.environ:
        settings["FINRAG_EVAL_DATA"] = "DATA"
    write_result("parser_fuzz", settings, time.monotonic() - started, counts, list(found.values()))
    assert not found, "\n".join(f"{error}: FINRAG_SOAK_CASES={finding['seeds'][0]}" for error, finding in found.items())
    assert "FINRAG_SOAK_CASES" in os.environ or (outcomes["read"] and outcomes["refused"]), outcomes


def _seeds(sequence: int, deadline: float) -> Iterator[int]:
    """The cases asked for, else the sequence's until the time is over."""
    chosen = os.environ.get("FINRAG_SOAK_CASES")
    if chosen:
        yield from map(int, chosen.split())
        return
    for seed in range(sequence * SEEDS_OF_ONE_SEQUENCE, (sequence + 1) * SEEDS_OF_ONE_SEQUENCE):
        if time.monotonic() > deadline:
            return
        yield seed


def _note(found: dict[str, Json], seed: int, answer: Json) -> None:
    """Keep one finding for each place, with its first seeds."""
    finding = found.setdefault(answer["error"], {"error": answer["error"], "cases": 0, "seeds": []})
    if not finding["cases"]:
        sys.stdout.write(f"\nseed {seed}: {answer['error']}\n{answer.get('traceback', '')}\n")
    finding["cases"] += 1
    finding["seeds"] = [*finding["seeds"], seed][:5]
