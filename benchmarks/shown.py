"""Results in a line each, as the table of benchmarks/README.md shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["cold_parts", "ingest", "memory", "requests", "retrieval", "start", "throughput"]

Result = Mapping[str, Any]


def start(result: Result) -> str:
    """Seconds until ready, and what a cold start reads."""
    warm, cold = (
        f"{result[f'{kind}_ready_s']} s (worst {result[f'{kind}_ready_worst_s']})" for kind in ("warm", "cold")
    )
    return f"warm {warm}; cold {cold}, {result['cold_mb']} MB"


def requests(result: Result) -> str:
    """What S3 is asked for."""
    asked = result["requests"]
    first, again = asked["first question about a company's year"], asked["the same again"]
    return (
        f"{again['requests']} for 40 questions asked again; {first['requests']}, {first['mb']} MB for the first of a "
        f"part; a warm start {asked['warm start']['requests']}"
    )


def retrieval(result: Result) -> str:
    """Times by kind of question, recall, memory."""
    if "failed" in result:
        return f"failed (killed for memory: {result['killed_for_memory']})"
    recall = f", recall@10 {result['recall@10']}" if "recall@10" in result else ""
    times = "; ".join(
        f"{kind} p50 {result[kind]['p50_ms']}, p95 {result[kind]['p95_ms']} ms" for kind in ("filtered", "unfiltered")
    )
    return f"{times}{recall}; {result['anonymous_mb']} MB anonymous, {result['killed_for_memory']} kills"


def cold_parts(result: Result) -> str:
    """Times of first questions."""
    times = result["first_of_a_part"]
    return f"p50 {times['p50_ms']}, p95 {times['p95_ms']} ms ({result['part_mb']} MB a part)"


def memory(result: Result) -> str:
    """The peak within the limit, and what was lost."""
    return (
        f"{result['peak_cgroup_mb']} MB of {result['limits'].split(' MiB')[0]}, {result['killed']} kills, "
        f"{result['failed']} of {result['answers']} failed; p50 {result['p50_ms']}, p95 {result['p95_ms']} ms"
    )


def throughput(result: Result) -> str:
    """Answers a second, and what one takes."""
    return (
        f"{result['per_second']} a second ({result['cpu_ms_per_answer']} ms of CPU an answer), "
        f"{result['failed']} failed; p50 {result['p50_ms']}, p95 {result['p95_ms']} ms with {result['clients']} clients"
    )


def ingest(result: Result) -> str:
    """Seconds a filing, and how memory grew."""
    taken, parse, index = result["seconds_per_filing"], result["parse"], result["index"]
    worker, main = parse["memory_largest_worker"], index["memory_main"]
    return (
        f"{taken['total']} s a filing: parse {taken['parse']}, encode {taken['encode']}, "
        f"rest {taken['rest_of_index']}; memory at a third and at the end: a parsing worker "
        f"{worker['first_third_mb']:.0f} and {worker['last_third_mb']:.0f} MB, indexing "
        f"{main['first_third_mb']:.0f} and {main['last_third_mb']:.0f} MB"
    )
