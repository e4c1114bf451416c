"""The printed result of `benchmarks.vector_peers`: a table, and how FinRAG compares with each peer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.vector_peer_systems import OWN

__all__ = ["report"]

_GOAL = 5.0
_COSTS = ("open_s", "peak_rss_mb", "anonymous_mb", "cgroup_peak_mb", "index_mb")

Row = Mapping[str, Any]


def report(results: Sequence[Row]) -> str:
    """Return the table and the comparisons, a line each."""
    kinds = next((list(row["workloads"]) for row in results if "workloads" in row), [])
    header = ["rows", "system", *(f"{kind}: recall p50 p95 cpu ms" for kind in kinds)]
    lines = [[*header, *_COSTS, "build s", "build rss mb", "2 GiB, 1 CPU"]]
    lines += [_line(row, kinds) for row in results]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([*table, "", *_comparisons(results)])


def _line(row: Row, kinds: Sequence[str]) -> list[str]:
    asked = [_asked(row["workloads"][kind]) if "workloads" in row else row.get("search", "-") for kind in kinds]
    build = row["build"] if isinstance(row["build"], Mapping) else {"seconds": row["build"], "peak_rss_mb": "-"}
    costs = [str(row.get(name, "-")) for name in _COSTS]
    pod = str(row.get("pod", "-"))
    return [
        str(row["rows"]), row["system"], *asked, *costs, str(build["seconds"]), str(build["peak_rss_mb"]), pod
    ]  # fmt: skip


def _asked(answers: Row) -> str:
    return f"{answers['recall@10']:.3f} {answers['p50_ms']} {answers['p95_ms']} {answers.get('cpu_ms', '-')}"


def _comparisons(results: Sequence[Row]) -> Iterator[str]:
    own = {row["rows"]: row for row in results if row["system"] == OWN and "workloads" in row}
    for peer in results:
        mine = own.get(peer["rows"])
        if peer["system"] != OWN and mine and "workloads" in peer:
            for kind, answers in peer["workloads"].items():
                yield f"{peer['rows']} rows, {peer['system']}, {kind}: {_compared(mine, peer, kind, answers)}"


def _compared(mine: Row, peer: Row, kind: str, answers: Row) -> str:
    own = mine["workloads"][kind]
    faster = answers["p95_ms"] / own["p95_ms"]
    smaller, anonymous, cgroup = (peer[name] / mine[name] for name in ("peak_rss_mb", "anonymous_mb", "cgroup_peak_mb"))
    gap = own["recall@10"] - answers["recall@10"]
    met = "met" if max(faster, smaller) >= _GOAL else "NOT MET"
    if gap < 0:
        met += f", at a recall {-gap:.4f} LOWER"
    recalls = f"recall {own['recall@10']:.4f} to {answers['recall@10']:.4f}"
    memory = f"rss / {smaller:.1f} (cgroup / {cgroup:.1f}, anonymous / {anonymous:.1f})"
    return f"{recalls}, p95 / {faster:.1f}, {memory}: the goal of {_GOAL:g} is {met}"
