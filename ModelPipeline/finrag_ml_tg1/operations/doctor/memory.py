"""Checks of memory, processor and open files against what a back end of this index was measured to need.

Measured inside control groups (`finrag bench`, benchmarks/README.md): the anonymous memory of a process that answers,
by the passages of its index. What is mapped beside it can be given back at any time, but every question without a
company goes through the signs of all vectors (48 bytes a passage) and looks up words in all term counts; where those do
not stay in memory they are read from the disk again. The room beside that is chosen so that the one run that was at its
limit all the time (150,000 passages in 350 MiB: nothing failed) counts as tight.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping
from dataclasses import dataclass

from finrag_ml_tg1.index.encoder import MODEL_FILE
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.index import IndexInStore
from finrag_ml_tg1.operations.doctor.machine_limits import MachineLimits

__all__ = ["Need", "check_machine", "check_memory", "check_open_files", "memory_need"]

_MB = 1_000_000
# Passages, and anonymous MB measured with so many; more passages never need less.
_ANONYMOUS_MB = ((15_405, 121), (617_946, 162), (10_000_000, 188))
_SIGNS_BYTES = 48
_LEAST_ROOM_MB = 64  # for what questions take while they are answered, at the least
_ROOM_MB = 160  # and without reading from the disk again
_MODEL_CLIENTS_MB = 19  # README: clients of both providers
_FEW_FILES = 4096
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


@dataclass(frozen=True, slots=True)
class Need:
    """What a back end needs, in bytes: less than `least_bytes` is not enough, from `good_bytes` on it is fast."""

    least_bytes: int
    good_bytes: int


def memory_need(index: IndexInStore, config: MLConfig) -> Need:
    """Return what a back end with these settings needs for the index."""
    passages = index.manifest.passages
    anonymous_mb = next((mb for most, mb in _ANONYMOUS_MB if passages <= most), None)
    if anonymous_mb is None:  # beyond what was measured: as it grew from the last but one to the last
        (less, less_mb), (most, most_mb) = _ANONYMOUS_MB[-2:]
        anonymous_mb = most_mb + round((passages - most) * (most_mb - less_mb) / (most - less))
    clients_mb = 0 if config.model == "extractive" else _MODEL_CLIENTS_MB
    kept = (anonymous_mb + clients_mb) * _MB + config.answer_cache_bytes
    searched = passages * _SIGNS_BYTES + sum(segment.terms_size or 0 for segment in index.segments)
    model = index.manifest.files[f"encoder/{MODEL_FILE}"].size
    return Need(kept + _LEAST_ROOM_MB * _MB, kept + searched + model + _ROOM_MB * _MB)


def check_memory(index: IndexInStore, config: MLConfig, limits: MachineLimits) -> Finding:
    """Look whether the back end with this index fits the memory it may have."""
    need = memory_need(index, config)
    has = f"{limits.memory_bytes / _MB:,.0f} MB ({limits.memory_source})"
    needs = f"a back end needs {need.least_bytes / _MB:,.0f} MB, and {need.good_bytes / _MB:,.0f} MB to stay fast"
    if limits.memory_bytes < need.least_bytes:
        return failed(
            f"does not fit: {has}; {needs}",
            f"give it at least {_next_size_mb(need.good_bytes)} MB",
            *(("or lower FINRAG_ANSWER_CACHE_MB",) if config.answer_cache_mb > _LEAST_ROOM_MB else ()),
        )
    if limits.memory_bytes < need.good_bytes:
        return warning(f"tight: {has}; {needs}", f"the next size up, {_next_size_mb(need.good_bytes)} MB, avoids that")
    return ok(f"fits: {has}; {needs}")


def check_machine(limits: MachineLimits, environ: Mapping[str, str]) -> Finding:
    """Look at processors and memory, and at variables that let libraries start more threads than processors."""
    found = f"{limits.cpus:g} CPU, {limits.memory_bytes / _MB:,.0f} MB of memory ({limits.memory_source})"
    too_many = [
        f"{name}={environ[name]}"
        for name in _THREAD_VARIABLES
        if environ.get(name, "").isdigit() and int(environ[name]) > max(1, round(limits.cpus))
    ]
    if too_many:
        return warning(f"{found}; more threads than that: {', '.join(too_many)}", "unset them, or set them to 1")
    if limits.cpus < 1:
        return warning(
            f"{found}: less than the one that answers were measured with", "expect longer answers under load"
        )
    return ok(found)


def check_open_files() -> Finding:
    """Look how many files this process may have open; each mapped part of an index holds one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _FEW_FILES:
        return warning(
            f"at most {hard} open files", f"raise the hard limit to {_FEW_FILES}: `ulimit -Hn`, LimitNOFILE, or nofile"
        )
    return ok("as many open files as needed" if hard == resource.RLIM_INFINITY else f"up to {hard:,} open files")


def _next_size_mb(needed_bytes: int) -> int:
    """Return the next of the sizes pods are sold in."""
    size = 256
    while size * 1_048_576 < needed_bytes:
        size *= 2
    return size
