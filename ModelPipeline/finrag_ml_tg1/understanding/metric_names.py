"""Which registered metrics a question names, by the longest names first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.understanding.wording import Word, normal_words, read_words
from finrag_ml_tg1.vocabulary.filler_words import FILLERS
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
        self._metrics = metrics
        self._by_words: dict[tuple[str, ...], str] = {}
        for metric in metrics.values():
            for name in (*metric.synonyms, metric.label, metric.name.replace("_", " ")):
                self._by_words.setdefault(normal_words(name), metric.name)
        self._longest = max(map(len, self._by_words))

    def find(self, words: Sequence[Word]) -> list[MetricMention]:
        """Return the metrics named, in order; of names that overlap the longest counts, and of equals the first."""
        texts = [word.text for word in words]
        spans = [
            (start, end)
            for length in range(min(len(texts), self._longest), 0, -1)
            for start in range(len(texts) - length + 1)
            if tuple(texts[start : (end := start + length)]) in self._by_words
        ]
        found: list[MetricMention] = []
        for start, end in spans:
            if all(end <= other.start or start >= other.end for other in found):
                found.append(MetricMention(self._by_words[tuple(texts[start:end])], start, end))
        return sorted(found, key=lambda mention: mention.start)

    def is_balance(self, metric: str) -> bool:
        """Return whether a metric is a line that a balance sheet may divide into current and noncurrent."""
        return self._metrics[metric].measures == "stock" and self._metrics[metric].group in ("balance", "tax")

    def counted(self, metric: str) -> str:
        """Return the metric that counts what a metric values: shares bought for what was paid for them."""
        return self._metrics[metric].counted_by or metric

    def exactly(self, text: str) -> str | None:
        """Return the metric that a text is the name of, None when it is none's."""
        return self._by_words.get(normal_words(text))

    def is_in(self, text: str) -> bool:
        """Return whether a text names a metric."""
        return bool(self.find(read_words(text)))

    def fill(self, text: str) -> bool:
        """Return whether most words of a text are names of metrics, so that it can be no name of a company."""
        words = [word for word in read_words(text) if word.text not in FILLERS]
        named = sum(mention.end - mention.start for mention in self.find(words))
        return named > len(words) / 2
