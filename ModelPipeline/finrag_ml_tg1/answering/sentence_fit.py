"""How well each sentence of the passages answers a question: by what it says, where it stands, and how it is put.

Meaning costs most to know, so that it is asked of few: those that the words of the sentence, the meaning of its passage
and their places promise most of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.answering.answer_kinds import gain_by_kind
from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.answering.whole_company import gain_of_whole
from finrag_ml_tg1.answering.word_families import family_terms
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import MIN_WORDS, hangs, quotable_parts
from finrag_ml_tg1.index.sentence_vectors import encoded_words
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["KnownLikeness", "Vector", "points_elsewhere", "score_sentences"]

Vector = npt.NDArray[np.float32]
KnownLikeness = Callable[[Sequence[tuple[PassageRecord, int, int]]], Sequence[float | None]]

_MIN_WORDS_OF_ITEM = 2
_MAX_TITLE_WORDS = 12
_FEWEST_HEADINGS = 3
_LEAST_OF_OPENING = 0.6
_READ_SENTENCES = 12
_READ_OF_EACH = 4
_MOST_READ = 14

# Set on one half of benchmarks/questions/filings.jsonl (docs/evaluation/extractive-answers.md).
_PASSAGE_SHARE = 0.4
_PROMISED_SHARE = 0.8
_WORDS_SHARE = 0.35
_BRIDGE_SHARE = 0.4
_BRIDGE_TERMS = 4
_RANK_STEP = 0.012
_BACKWARD_PENALTY = 0.1
_POINTER_PENALTY = 0.3
_FOOTNOTE_PENALTY = 0.15
_HEADING_REWARD = 0.35
_ITEM_REWARD = 0.35
_HEADED_REWARD = 0.1

# "(a) Includes …", "(1) In fiscal 2023, …", "* Less than …": of a table's figure.
_FOOTNOTE = re.compile(r"\(?[a-z0-9]{1,2}\)\s|[*†‡]|\d{1,2}\.?[A-Z][a-z]")
_POINTS_BACK = re.compile(r"(?:for example|for (?:a |further |more |additional )|see |refer to)\b", re.IGNORECASE)
# For small letters alone, and first letters before all else: asked of every sentence, so in a quarter of the time.
_POINTS_ELSEWHERE = re.compile(
    r"\b(?=[acdfilprst])(?:"
    r"(?:can be found|are set forth|is (?:provided|included|set forth|contained|incorporated)|"
    r"(?:see|refer to|included in|described in|discussed in|in conjunction with) (?:also )?(?:the |our |“)?"
    r"(?:consolidated )?(?:notes?|items?|part|section|risk factors|business|financial statements|management))\b"
    r"|pages? \d|(?:fasb|asu)\b|table (?:below|above)\b|following (?:table|graph|chart|discussion)\b|as follows\.$|"
    r"forward-looking\b|(?:described|set forth|presented|discussed|shown|listed|summarized) (?:below|above)\b)"
    r"|[”\"] (?:in|of) (?:part|item)|^see\b|^following (?:is|are)\b"
)


def score_sentences(
    topic: Topic,
    asked: Vector,
    passages: Sequence[PassageRecord],
    likeness: Sequence[float],
    encoder: Encoder,
    *,
    filings: int,
    known_likeness: KnownLikeness | None = None,
) -> list[Statement]:
    """Return the most promising sentences with their fit, of each of `filings` filings some.

    `asked` is the question's vector, `likeness` the cosines of the passages with it. For a question about a whole item
    its headings stand for it (filers head each risk with a sentence); an item without headings is short and speaks for
    itself. `known_likeness` gives the cosines of sentences (passage, start, end) whose vectors are kept.
    """
    heads_item = any(_is_of_item(topic, passage) and _heading_start(passage) is not None for passage in passages)
    promised = []
    for number, passage in enumerate(passages):
        headed = _gain_of_heading(topic, passage)
        for start, end in _quotable_sentences(topic, passage):
            part = Statement(number, start, end, 0.0)
            fit = _promise(topic, passage, part, likeness[number]) + (
                _standing(topic, passage, part, heads_item=heads_item) if _is_of_item(topic, passage) else headed
            )
            promised.append(Statement(number, start, end, fit))
    headings = [part for part in promised if heads_item and _is_heading_of_item(topic, passages[part.passage], part)]
    if len(headings) >= _FEWEST_HEADINGS:
        promised = headings
    read = list(_most_promising(promised, passages, filings))
    if not read or topic.whole_items:
        return read
    correction = _PROMISED_SHARE - _PASSAGE_SHARE
    return [
        replace(part, fit=part.fit - correction * likeness[part.passage] + alike, likeness=alike)
        for part, alike in zip(read, _likeness_of(read, asked, passages, encoder, known_likeness), strict=True)
    ]


def _likeness_of(
    read: Sequence[Statement],
    asked: Vector,
    passages: Sequence[PassageRecord],
    encoder: Encoder,
    known_likeness: KnownLikeness | None,
) -> list[float]:
    """The cosine of each sentence with the question; those whose vectors are not kept are encoded."""
    places = [(passages[part.passage], part.start, part.end) for part in read]
    known = known_likeness(places) if known_likeness else [None] * len(read)
    new = [_text(part, passages) for part, alike in zip(read, known, strict=True) if alike is None]
    encoded = iter((encoder.encode([encoded_words(text) for text in new]) @ asked).tolist() if new else ())
    return [next(encoded) if alike is None else alike for alike in known]


def _quotable_sentences(topic: Topic, passage: PassageRecord) -> Iterator[tuple[int, int]]:
    """Where the sentences and lists of a passage stand that may answer."""
    names_one_thing = topic.is_plain_value
    least = _MIN_WORDS_OF_ITEM if _is_of_item(topic, passage) else MIN_WORDS
    for part in quotable_parts(passage.text, passage.kind, least):
        told = passage.text[part.told_from : part.told_to]
        if part.is_list:
            speaks = topic.word_share(told) >= _LEAST_OF_OPENING
        else:
            speaks = not names_one_thing or _names_it(topic, told)
        if speaks:
            yield part.start, part.end


def _names_it(topic: Topic, text: str) -> bool:
    """Whether a sentence names the thing that a plain figure is asked of: "Other income, net" is not net income."""
    return topic.holds_stems(text) and bool(topic.phrase_share(text))


def _promise(topic: Topic, passage: PassageRecord, part: Statement, likeness: float) -> float:
    """What is known of a sentence by its words before its own meaning is."""
    text = passage.text[part.start : part.end]
    terms = family_terms(text)
    fit = _PROMISED_SHARE * likeness + _WORDS_SHARE * topic.coverage_of(terms) - _RANK_STEP * part.passage
    if topic.bridge:
        fit += _BRIDGE_SHARE * min(1.0, topic.bridge_count_of(terms) / min(_BRIDGE_TERMS, len(topic.bridge)))
    fit += gain_by_kind(topic.text, text) + gain_of_whole(topic, passage, text)
    fit -= _BACKWARD_PENALTY if hangs(text) or _POINTS_BACK.match(text) else 0.0
    fit -= _FOOTNOTE_PENALTY if _FOOTNOTE.match(text) else 0.0
    fit -= _POINTER_PENALTY if points_elsewhere(text) else 0.0
    return fit


def _standing(topic: Topic, passage: PassageRecord, part: Statement, *, heads_item: bool) -> float:
    """What a sentence of an item that is asked for gains by its place: the item speaks for itself."""
    if heads_item:
        return _HEADING_REWARD if _is_heading_of_item(topic, passage, part) else 0.0
    return _ITEM_REWARD


def _gain_of_heading(topic: Topic, passage: PassageRecord) -> float:
    """What all sentences under a heading of the words asked gain."""
    heading = _nearest_heading(passage) or item_title(passage.item)
    return _HEADED_REWARD if topic.weights and topic.word_share(heading) == 1.0 else 0.0


def _most_promising(
    promised: Sequence[Statement], passages: Sequence[PassageRecord], filings: int
) -> Iterator[Statement]:
    """The best of all, or a few of each filing where several are asked."""
    of_each = _READ_SENTENCES if filings == 1 else max(_READ_OF_EACH, _READ_SENTENCES // filings)
    taken: Counter[str] = Counter()
    for part in sorted(promised, key=lambda part: -part.fit):
        source = passages[part.passage].accession if filings > 1 else ""
        if taken[source] < of_each and taken.total() < max(_MOST_READ, of_each):
            taken[source] += 1
            yield part


def _text(part: Statement, passages: Sequence[PassageRecord]) -> str:
    return passages[part.passage].text[part.start : part.end]


def _is_of_item(topic: Topic, passage: PassageRecord) -> bool:
    return passage.item in topic.whole_items


def _nearest_heading(passage: PassageRecord) -> str:
    return passage.heading.rpartition(" > ")[2]


def _is_heading_of_item(topic: Topic, passage: PassageRecord, part: Statement) -> bool:
    return _is_of_item(topic, passage) and part.start == _heading_start(passage)


def _heading_start(passage: PassageRecord) -> int | None:
    """Where the nearest heading opens a passage, below those above it at most; None where it does not."""
    *above, nearest = passage.heading.split(" > ")
    start = passage.text.find(nearest) if nearest else -1
    opening = passage.text[: max(0, start)].strip()
    return (
        start if start >= 0 and (not opening or opening in above or len(opening.split()) <= _MAX_TITLE_WORDS) else None
    )


def points_elsewhere(sentence: str) -> bool:
    """Return whether a sentence says where something stands, or how it is to be read, rather than the thing."""
    return _POINTS_ELSEWHERE.search(sentence.lower()) is not None
