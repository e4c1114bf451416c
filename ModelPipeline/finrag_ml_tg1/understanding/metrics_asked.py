"""Which number the words of a question mean: the metrics they name, and what beside these says which part is meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from finrag_ml_tg1.plan import Wording
from finrag_ml_tg1.understanding.metric_names import MetricMention, MetricNames
from finrag_ml_tg1.understanding.wording import Word
from finrag_ml_tg1.vocabulary.filler_words import FILLERS, JOINING_WORDS, LABEL_FILLERS, NAMING_FILLERS

__all__ = ["Reading", "read_metrics_asked"]

_MAX_LINE_ITEM_WORDS = 10
_BETWEEN_NAMES = ("and", "or", "vs", "versus")
_EARNING = ("earn", "earns", "earned")
_WITHIN_NAMES = (*_BETWEEN_NAMES, "of", "the")


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a question that tell which number is meant.

    `qualifier` are those beside the metrics that have to name a part of it, `loose` those that stand elsewhere;
    `line_item` the metrics' words with the qualifier, `phrase` with the loose ones too, and `label` with all that the
    name of a line may have.
    """

    metrics: tuple[str, ...]
    qualifier: str = ""
    loose: str = ""
    line_item: str = ""
    phrase: str = ""
    label: str = ""
    wording: Wording = field(default_factory=Wording)


def read_metrics_asked(names: MetricNames, words: Sequence[Word], *, is_whole_first: bool) -> Reading:
    """Return what the words name; with `is_whole_first` the first metric is a whole and all after it names its part."""
    mentions = _heads(names.find(words), words)
    if is_whole_first:
        mentions = mentions[:1]
    is_telling = _Telling(words, mentions, names)
    beside = [index for index in range(len(words)) if is_telling(index) and not _covered(index, mentions)]
    labelling = {index for index in range(len(words)) if words[index].text in LABEL_FILLERS} | set(beside)

    def said(places: Iterable[int]) -> str:
        return " ".join(words[index].text for index in sorted(places))

    if not mentions:
        is_name = len(beside) <= _MAX_LINE_ITEM_WORDS
        return (
            Reading((), line_item=said(beside), phrase=said(beside), label=said(labelling)) if is_name else Reading(())
        )
    bound = sorted(index for index in beside if is_whole_first or index in _bound(words, mentions, beside))
    own = {index for mention in mentions for index in range(mention.start, mention.end)}
    return Reading(
        tuple(dict.fromkeys(mention.metric for mention in mentions)),
        said(bound),
        said(set(beside) - set(bound)),
        said({*bound, *own}),
        said({*beside, *own}),
        said({*labelling, *own}),
        _wording(words, mentions, bound),
    )


def _heads(mentions: Sequence[MetricMention], words: Sequence[Word]) -> list[MetricMention]:
    """The metrics without those that only say of which kind the next one is: "advertising revenue"."""
    followers = {mention.start for mention in mentions}
    return [
        mention
        for mention in mentions
        if mention.end not in followers or (mention.end < len(words) and words[mention.end].after_break)
    ]


@dataclass(frozen=True, slots=True)
class _Telling:
    """Whether a word says which number is meant, and does not only help to ask."""

    words: Sequence[Word]
    mentions: Sequence[MetricMention]
    names: MetricNames

    def __call__(self, index: int) -> bool:
        word = self.words[index]
        if word.text not in FILLERS:
            return not word.text.replace(".", "").isdigit()
        before = self.words[index - 1].text if index else ""
        follower = self.words[index + 1].text if index + 1 < len(self.words) else ""
        if word.text == "us":
            is_name = word.is_capitalised or not any(other.is_capitalised for other in self.words)
            is_pronoun = before in ("give", "tell", "show", "let")
            return is_name and not is_pronoun and follower not in ("gaap", "dollar", "dollars")
        if word.text in ("share", "shares"):
            return before == "per"
        if word.text == "current":
            return any(
                mention.start == index + 1 and self.names.is_balance(mention.metric) for mention in self.mentions
            )
        return word.text == "other" or (word.text == "all" and follower == "other")


def _covered(index: int, mentions: Sequence[MetricMention]) -> bool:
    return any(mention.start <= index < mention.end for mention in mentions)


def _bound(words: Sequence[Word], mentions: Sequence[MetricMention], beside: Sequence[int]) -> set[int]:
    """Of the words beside the metrics those that say which part is meant: next to one, joined to one, or a name."""
    telling = set(beside)
    bound = {index for index in beside if words[index].is_capitalised and index > 0}
    for mention in mentions:
        bound |= _earned(words, mention) & telling
        index = mention.start - 1
        while index in telling and not words[index + 1].after_break:
            bound.add(index)
            index -= 2 if words[index - 1].text in _BETWEEN_NAMES and index - 2 in telling else 1
        for start in (mention.end, _joined_to(words, mention)):
            index = start
            while index in telling and not words[index].after_break:
                bound.add(index)
                index += 1
                if index < len(words) and words[index].text in _WITHIN_NAMES and index + 1 in telling:
                    index += 1
    return bound


def _earned(words: Sequence[Word], mention: MetricMention) -> set[int]:
    """What is asked to be earned: "what *royalty* does it earn" does not ask for net income."""
    if words[mention.start].text not in _EARNING:
        return set()
    helpers = [index for index in range(mention.start) if words[index].text in ("do", "does", "did")]
    return set(range(helpers[-1])) if helpers else set()


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
