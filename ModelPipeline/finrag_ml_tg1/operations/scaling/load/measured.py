"""How fast and how large one back end is, from what was measured: benchmarks/*.json.

What an answer costs beside its search does not depend on how much is indexed; the search does. So the processor's time
of an answer is what was measured of whole answers, with the search exchanged for that of so many passages.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from finrag_ml_tg1.operations.scaling.errors import ScalingError

__all__ = ["MEASURES_FOLDER", "Measured", "Search", "read_measured"]

MEASURES_FOLDER = "benchmarks"

_SEARCHES = tuple(f"results/retrieval_{size}" for size in ("15k", "150k", "615k", "10m"))


@dataclass(frozen=True, slots=True)
class Search:
    """One measured index: milliseconds of a search (half take longer), and the memory limit it was held in."""

    passages: int
    filtered_ms: float
    open_ms: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one CPU, in the order of the passages.

    `answer_ms` is the processor's time of an answer over `answer_passages`, when `open_share` of the questions named no
    company; `cold_start_s` the time from the process's start with an empty cache until it is ready. `filing_s` are
    seconds of two cores for a filing that is read and indexed, `chat_cpu_s` seconds of the front end's processor for a
    question in the chat.
    """

    answer_ms: float
    answer_passages: int
    open_share: float
    cold_start_s: float
    filing_s: float
    chat_cpu_s: float
    searches: tuple[Search, ...]
    hardware: str

    @property
    def largest(self) -> int:
        """The most passages that were measured; beyond, figures are extrapolated."""
        return self.searches[-1].passages

    def answer_ms_at(self, passages: int, *, has_engine: bool = False) -> float:
        """Return the processor's milliseconds of an answer over so many passages.

        With an outside engine open questions search there, and cost here what those about a company do.
        """
        filtered = self._search_ms(passages, [search.filtered_ms for search in self.searches])
        wide = filtered if has_engine else self.open_search_ms(passages)
        return self._rest_ms + (1 - self.open_share) * filtered + self.open_share * wide

    def open_search_ms(self, passages: int) -> float:
        """Return the milliseconds of a search of all passages; beyond the largest measured in proportion to them."""
        within = self._search_ms(passages, [search.open_ms for search in self.searches])
        return within * max(1.0, passages / self.largest)

    def memory_mb_at(self, passages: int) -> float:
        """Return the megabytes (2²⁰) that hold the index: the limit it was measured in, beyond in proportion to it."""
        for search in self.searches:
            if passages <= search.passages:
                return search.memory_mb
        return self.searches[-1].memory_mb * passages / self.largest

    @property
    def _rest_ms(self) -> float:
        filtered = self._search_ms(self.answer_passages, [search.filtered_ms for search in self.searches])
        wide = self._search_ms(self.answer_passages, [search.open_ms for search in self.searches])
        return self.answer_ms - (1 - self.open_share) * filtered - self.open_share * wide

    def _search_ms(self, passages: int, times_ms: Sequence[float]) -> float:
        """Between two that were measured a straight line over the logarithm of the passages, outside the nearer one."""
        known = [(math.log(search.passages), ms) for search, ms in zip(self.searches, times_ms, strict=True)]
        at = math.log(max(1, passages))
        for (begin, begin_ms), (end, end_ms) in pairwise(known):
            if begin <= at <= end:
                return begin_ms + (end_ms - begin_ms) * (at - begin) / (end - begin)
        return known[0][1] if at < known[0][0] else known[-1][1]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Throughput(_Result):
    cpu_ms_per_answer: float
    passages: int
    share_of_open_questions: float
    hardware: str


class _Times(_Result):
    p50_ms: float


class _Retrieval(_Result):
    rows: int
    memory_limit_mb: int
    filtered: _Times
    unfiltered: _Times


class _Start(_Result):
    cold_ready_s: float


class _Seconds(_Result):
    total: float


class _Indexing(_Result):
    seconds_per_filing: _Seconds


class _Sessions(_Result):
    cpu_s: float
    answered: int


class _Pod(_Result):
    sessions: _Sessions


class _Frontend(_Result):
    pod: _Pod


R = TypeVar("R", bound=_Result)


def read_measured(folder: Path) -> Measured:
    """Return what the results in a folder say; raises `ScalingError` naming the file that is missing or not one."""
    throughput = _read(folder, "results/throughput", _Throughput)
    searches = [_read(folder, name, _Retrieval) for name in _SEARCHES]
    sessions = _read(folder, "frontend_pod", _Frontend).pod.sessions
    return Measured(
        answer_ms=throughput.cpu_ms_per_answer,
        answer_passages=throughput.passages,
        open_share=throughput.share_of_open_questions,
        cold_start_s=_read(folder, "results/start_150k", _Start).cold_ready_s,
        filing_s=_read(folder, "results/ingest_index", _Indexing).seconds_per_filing.total,
        chat_cpu_s=sessions.cpu_s / sessions.answered,
        searches=tuple(
            Search(one.rows, one.filtered.p50_ms, one.unfiltered.p50_ms, one.memory_limit_mb)
            for one in sorted(searches, key=lambda one: one.rows)
        ),
        hardware=throughput.hardware,
    )


def _read(folder: Path, name: str, kind: type[R]) -> R:
    path = folder / f"{name}.json"
    try:
        return kind.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ScalingError(
            f"{path} cannot be read ({error.strerror}): run this in the checkout, or name the folder of the results"
        ) from None
    except (ValidationError, ValueError) as error:
        raise ScalingError(f"{path} is no result of a benchmark: {str(error).splitlines()[0]}") from None
