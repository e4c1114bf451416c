"""Which number the words of a question mean: the metrics they name, and what beside these says which part is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.plan import Wording
from finrag_ml_tg1.understanding.filler_words import FILLERS, JOINING_WORDS, NAMING_FILLERS
from finrag_ml_tg1.understanding.metric_names import MetricMention, MetricNames
from finrag_ml_tg1.understanding.wording import Word

__all__ = ["Reading", "read_metrics_asked"]

_MAX_LINE_ITEM_WORDS = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a question that tell which number is meant: metrics named, what stands beside them, all together."""

    metrics: tuple[str, ...]
    qualifier: str
    line_item: str
    wording: Wording


def read_metrics_asked(names: MetricNames, words: Sequence[Word], *, is_whole_first: bool) -> Reading:
    """Return what the words name; with `is_whole_first` the first metric is a whole and all after it names its part."""
    mentions = names.find(words)
    if is_whole_first:
        mentions = mentions[:1]
    beside = [index for index in range(len(words)) if _is_telling(words, index) and not _covered(index, mentions)]
    if not mentions:
        telling = [words[index].text for index in beside]
        return Reading((), "", " ".join(telling) if len(telling) <= _MAX_LINE_ITEM_WORDS else "", Wording())
    bound = sorted(index for index in beside if is_whole_first or index in _bound(words, mentions, beside))
    named = sorted({*bound, *(index for mention in mentions for index in range(mention.start, mention.end))})
    return Reading(
        tuple(dict.fromkeys(mention.metric for mention in mentions)),
        " ".join(words[index].text for index in bound),
        " ".join(words[index].text for index in named),
        _wording(words, mentions, bound),
    )


def _is_telling(words: Sequence[Word], index: int) -> bool:
    word = words[index]
    if word.text not in FILLERS:
        return not word.text.replace(".", "").isdigit()
    before = words[index - 1].text if index else ""
    follower = words[index + 1].text if index + 1 < len(words) else ""
    if word.text == "us":
        is_name = word.is_capitalised or not any(other.is_capitalised for other in words)
        return (
            is_name and before not in ("give", "tell", "show", "let") and follower not in ("gaap", "dollar", "dollars")
        )
    return word.text == "other" or (word.text == "all" and follower == "other")


def _covered(index: int, mentions: Sequence[MetricMention]) -> bool:
    return any(mention.start <= index < mention.end for mention in mentions)


def _bound(words: Sequence[Word], mentions: Sequence[MetricMention], beside: Sequence[int]) -> set[int]:
    """Of the words beside the metrics those that say which part is meant: next to one, joined to one, or a name."""
    telling = set(beside)
    bound = {index for index in beside if words[index].is_capitalised and index > 0}
    for mention in mentions:
        index = mention.start - 1
        while index in telling and not words[index + 1].after_break:
            bound.add(index)
            index -= 2 if words[index - 1].text == "and" and index - 2 in telling else 1
        index = _joined_to(words, mention)
        while index in telling and not words[index].after_break:
            bound.add(index)
            index += 1
            if index < len(words) and words[index].text in ("and", "of", "the") and index + 1 in telling:
                index += 1
    return bound


def _joined_to(words: Sequence[Word], mention: MetricMention) -> int:
    """Where the words begin that a metric is joined to: "sales *from* ...", "sales generated *in the* ..."; else -1."""
    index = mention.end
    while index < len(words) and words[index].text in FILLERS - NAMING_FILLERS and not words[index].after_break:
        index += 1
    return index if index > mention.end and words[index - 1].text in JOINING_WORDS | {"the"} else -1


def _wording(words: Sequence[Word], mentions: Sequence[MetricMention], bound: Sequence[int]) -> Wording:
    written: list[str] = []
    places: list[int] = []
    for word in words:
        if word.after_break and written:
            written.append(",")
        places.append(len(written))
        written.append(word.text)
    named = [(mention.metric, places[mention.start], places[mention.end - 1] + 1) for mention in mentions]
    beside = [places[mention.start] - 1 for mention in mentions] + [places[index] for index in bound]
    beside += [
        places[index] for index in (_joined_to(words, mention) for mention in mentions) if 0 <= index < len(words)
    ]
    return Wording(tuple(written), tuple(named), frozenset(beside))
