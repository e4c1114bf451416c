"""Parts of a company that a question names in the filer's own words, whatever else those words could mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.facts.members import names_of, parts_of
from finrag_ml_tg1.facts.part_names import KINDS, name_tokens, normal_word
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.plan import Wording
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["PartNames", "SpokenPart", "covers_words"]

_MAX_WORDS = 9
# Say of a row only that it is one of a table.
_NO_NAMES = frozenset(map(name_tokens, ("total", "consolidated", "net", "reported", "US GAAP", "year", "fiscal")))


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """What a question calls a part: the words from one place of its wording up to another."""

    words: tuple[str, ...]
    start: int
    end: int


class PartNames:
    """The names of the parts that one company tags its metrics for, in any period."""

    def __init__(self, facts: CompanyFacts) -> None:
        self._facts = facts
        self._names: dict[str, frozenset[tuple[str, ...]]] = {}

    def spoken(self, metric: Metric, wording: Wording) -> list[SpokenPart]:
        """Return the parts named, in order: a name of one word beside the metric alone, a longer one anywhere."""
        if all(word == "," for word in wording.outside_mentions()):
            return []
        names = self._of(metric)
        words = tuple(map(normal_word, wording.words))
        taken: list[SpokenPart] = []
        for length in range(_MAX_WORDS, 0, -1):
            for start in range(len(wording.words) - length + 1):
                end = start + length
                is_name = words[start:end] in names
                is_free = all(end <= part.start or start >= part.end for part in taken)
                if is_name and is_free and _may_name(wording, metric, start, end):
                    taken.append(SpokenPart(wording.words[start:end], start, end))
        return sorted(taken, key=lambda part: part.start)

    def _of(self, metric: Metric) -> frozenset[tuple[str, ...]]:
        if metric.name not in self._names:
            own = {name_tokens(synonym) for synonym in (*metric.synonyms, metric.label)}
            labels = {
                name for axes, fact in parts_of(self._facts, metric, None) if axes == 1 for name in names_of(fact)
            }
            self._names[metric.name] = frozenset(map(name_tokens, labels)) - own - _NO_NAMES - {()}
        return self._names[metric.name]


def _may_name(wording: Wording, metric: Metric, start: int, end: int) -> bool:
    """Whether a metric is still named beside these words, and a single word stands where a part is named."""
    mentions: Sequence[tuple[str, int, int]] = wording.mentions
    is_named = any(name == metric.name and (last <= start or first >= end) for name, first, last in mentions)
    return is_named and (end - start > 1 or start in wording.beside)


def covers_words(parts: Sequence[SpokenPart], qualifier: str) -> bool:
    """Return whether every word that has to name a part stands in the names found."""
    named = {normal_word(word) for part in parts for word in part.words} | KINDS
    return all(normal_word(word) in named for word in qualifier.split())
