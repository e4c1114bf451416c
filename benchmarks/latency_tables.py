"""The tables of docs/latency.md, from two results of benchmarks.latency_legs: before changes and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["tables"]

_TITLES = {
    "front": "Front end ↔ back end",
    "s3": "Back end ↔ S3",
    "model": "Back end ↔ language model",
}
# How soon there is something to see, where that is told.
_BEGINNINGS = {"front": {"first_event_ms": "first event"}, "s3": {}, "model": {"first_words_ms": "first words"}}
_NOT_TOLD = " start, aside"  # nobody waits for it


def tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return a table for each leg: milliseconds at each delay, and what went over it, `before → after` each."""
    return "\n\n".join("\n".join(_table(leg, before[leg], after[leg])) for leg in _TITLES)


def _table(leg: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    delays = list(after)
    yield f"### {_TITLES[leg]}"
    yield ""
    yield "| | " + " | ".join(f"{delay} ms" for delay in delays) + " | connections | requests |"
    yield "|---|" + "---|" * (len(delays) + 2)
    # Where the way is long, what is read aside does not come between.
    longest = delays[-1]
    for what in after[longest]:
        if what.endswith(_NOT_TOLD):
            continue
        rows = [(before[delay][what], after[delay][what]) for delay in delays]
        old, new = before[longest][what], after[longest][what]
        counts = [_both(_each(old, name), _each(new, name)) for name in ("connects", "requests")]
        yield f"| {what} | {' | '.join([*_cells(rows, 'ms'), *counts])} |"
        for name, words in _BEGINNINGS[leg].items():
            if name in new:
                yield f"| {what}: {words} | {' | '.join(_cells(rows, name))} | | |"


def _both(before: float, after: float) -> str:
    return f"{before:g}" if before == after else f"{before:g} → {after:g}"


def _cells(rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], name: str) -> list[str]:
    return [_both(round(_ms(old, name)), round(_ms(new, name))) for old, new in rows]


def _ms(row: Mapping[str, Any], name: str) -> float:
    return float(row[name] if name in row else row["whole_ms"])


def _each(row: Mapping[str, Any], name: str) -> float:
    """How many a question; a model's are counted over several."""
    return round(float(row[name]) / float(row.get("questions", 1)), 2)
