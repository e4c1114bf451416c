"""Which registered metrics a question names, by the longest names first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.understanding.wording import Word, normal_words
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["MetricMention", "MetricNames"]


@dataclass(frozen=True, slots=True)
class MetricMention:
    """A metric named by the words from `start` up to `end`."""

    metric: str
    start: int
    end: int


class MetricNames:
    """The names people use for the metrics of a registry."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._by_words: dict[tuple[str, ...], str] = {}
        for metric in metrics.values():
            for name in (*metric.synonyms, metric.label, metric.name.replace("_", " ")):
                self._by_words.setdefault(normal_words(name), metric.name)
        self._longest = max(map(len, self._by_words))

    def find(self, words: Sequence[Word]) -> list[MetricMention]:
        """Return the metrics named, in order; of names that overlap the one that starts first and is longest counts."""
        texts = [word.text for word in words]
        found: list[MetricMention] = []
        start = 0
        while start < len(texts):
            end = next(
                (
                    end
                    for end in range(min(len(texts), start + self._longest), start, -1)
                    if self._names(texts, start, end)
                ),
                None,
            )
            if end is None:
                start += 1
                continue
            found.append(MetricMention(self._by_words[tuple(texts[start:end])], start, end))
            start = end
        return found

    def exactly(self, text: str) -> str | None:
        """Return the metric that a text is the name of, None when it is none's."""
        return self._by_words.get(normal_words(text))

    def _names(self, texts: Sequence[str], start: int, end: int) -> bool:
        return tuple(texts[start:end]) in self._by_words
