"""How well each sentence of the passages answers a question: by what it says, where it stands, and how it is put."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.sentences import sentence_spans
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.reader import PassageRecord
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["score_sentences"]

_MIN_WORDS = 5
_MIN_WORDS_OF_ITEM = 2
_MAX_SENTENCE_WORDS = 70
_READ_SENTENCES = 24
_SIMILARITY_SHARE = 0.65
_RANK_STEP = 0.012
_FIGURE_REWARD = 0.08
_BACKWARD_PENALTY = 0.08
_POINTER_PENALTY = 0.2
_HEADING_REWARD = 0.35
_ITEM_REWARD = 0.35
_REASON_REWARD = 0.1
_NO_REASON_PENALTY = 0.03
_HEADED_SHARE = 0.85
_HEADED_REWARD = 0.12
_MIN_FIT = 0.48

_ASKS_FOR_AMOUNT = re.compile(r"\bhow (?:much|many|large|big|high|low)\b|\bwhat percentage\b", re.IGNORECASE)
_ASKS_FOR_REASON = re.compile(r"\b(?:why|drove|driven|drivers?|reasons?|caused?|led to)\b", re.IGNORECASE)
_GIVES_REASON = re.compile(
    r"\b(?:due to|driven by|because|as a result of|attributable to|reflect(?:s|ed|ing)|result(?:ed|ing) from|"
    r"caused by)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")
_ITEM_HEADING = re.compile(r"(?:part\s+[iv]+|items?\s+\d)", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"(?:this|these|those|such|it|they|its|their|however|for example|in addition|additionally|furthermore|moreover|"
    r"for (?:a |further |more |additional )|see |refer to)\b",
    re.IGNORECASE,
)

_POINTS_ELSEWHERE = re.compile(
    r"\b(?:can be found|is (?:provided|included|set forth|contained|incorporated)|(?:see|refer to|included in) "
    r"(?:also )?(?:the )?(?:notes?|item|part|section|risk factors|business))\b|[”\"] (?:in|of) (?:part|item)"
    r"|\bpages? \d|\b(?:FASB|ASU)\b|^see\b|\bfollowing (?:table|graph|chart)\b",
    re.IGNORECASE,
)


def score_sentences(topic: Topic, passages: Sequence[PassageRecord], encoder: Encoder) -> Iterator[Statement]:
    """Yield every sentence that may be quoted with its fit: likeness in meaning, shared words, its passage's rank.

    For a question about a whole item its headings stand for it (filers head each risk with a sentence); an item without
    headings is short and speaks for itself.
    """
    heads_item = any(_is_of_item(topic, passage) and _opens_with_heading(passage) for passage in passages)
    spans = [
        (number, start, end)
        for number, passage in enumerate(passages)
        if passage.kind == "prose"
        for start, end in sentence_spans(passage.text)
        if _is_quotable(passage.text[start:end], _MIN_WORDS_OF_ITEM if _is_of_item(topic, passage) else _MIN_WORDS)
    ]
    if not spans:
        return
    spans = sorted(spans, key=lambda span: -_promise(topic, passages[span[0]], span))[:_READ_SENTENCES]
    texts = [passages[number].text[start:end] for number, start, end in spans]
    vectors = encoder.encode([topic.text, *texts])
    wants_value = not topic.asks_for_words and not topic.whole_items
    for (number, start, end), text, similarity in zip(spans, texts, vectors[1:] @ vectors[0], strict=True):
        if wants_value and _FIGURE.search(text) and not topic.phrase_share(text):
            continue  # a figure of something else: "other income, net" is not net income
        passage = passages[number]
        fit = _SIMILARITY_SHARE * float(similarity) - _RANK_STEP * number + _manner(topic, text)
        fit += (1 - _SIMILARITY_SHARE) * topic.coverage(text)
        fit += 0.0 if wants_value else _standing(topic, passage, text, start=start, heads_item=heads_item)
        if fit >= _MIN_FIT:
            yield Statement(number, start, end, fit)


def _promise(topic: Topic, passage: PassageRecord, span: tuple[int, int, int]) -> float:
    """What is known of a sentence before its meaning is, which costs most: its words, its place, its passage's rank."""
    number, start, end = span
    heads = start == 0 and _is_of_item(topic, passage) and _opens_with_heading(passage)
    words = (1 - _SIMILARITY_SHARE) * topic.coverage(passage.text[start:end])
    return words - _RANK_STEP * number + (_HEADING_REWARD if heads else 0.0)


def _standing(topic: Topic, passage: PassageRecord, text: str, *, start: int, heads_item: bool) -> float:
    """What a sentence gains by its place: headings say what it is about, and an item asked for speaks for itself."""
    is_of_item = _is_of_item(topic, passage)
    heading = _nearest_heading(passage)
    if is_of_item or not heading:
        heading = f"{heading} {item_title(passage.item)}"
    headed = _HEADED_SHARE * topic.coverage(f"{heading} {text}")
    gain = (1 - _SIMILARITY_SHARE) * max(0.0, headed - topic.coverage(text))
    if is_of_item and heads_item:
        return gain + (_HEADING_REWARD if start == 0 and _opens_with_heading(passage) else 0.0)
    if is_of_item:
        return gain + _ITEM_REWARD
    return gain + (_HEADED_REWARD if topic.weights and topic.word_share(heading) == 1.0 else 0.0)


def _manner(topic: Topic, text: str) -> float:
    """What speaks for or against a sentence by the way it is put: a figure or a reason asked for, a mere pointer."""
    reward = _FIGURE_REWARD if _ASKS_FOR_AMOUNT.search(topic.text) and _FIGURE.search(text) else 0.0
    if _ASKS_FOR_REASON.search(topic.text):
        reward += _REASON_REWARD if _GIVES_REASON.search(text) else -_NO_REASON_PENALTY
    reward -= _BACKWARD_PENALTY if _POINTS_BACK.match(text) else 0.0
    return reward - (_POINTER_PENALTY if _POINTS_ELSEWHERE.search(text) else 0.0)


def _is_of_item(topic: Topic, passage: PassageRecord) -> bool:
    return passage.item in topic.whole_items


def _nearest_heading(passage: PassageRecord) -> str:
    return passage.heading.rpartition(" > ")[2]


def _opens_with_heading(passage: PassageRecord) -> bool:
    nearest = _nearest_heading(passage)
    return bool(nearest) and passage.text.startswith(nearest)


def _is_quotable(sentence: str, min_words: int) -> bool:
    """A whole sentence of readable length: not a heading, not a fragment cut by the end of a passage."""
    words = len(sentence.split())
    ends_well = sentence.rstrip('"”’)').endswith((".", "!", "?"))
    is_heading = (words < _MIN_WORDS and _ITEM_HEADING.match(sentence)) or sentence.upper() == sentence
    is_fragment = sentence[0].islower() or sentence.count("(") < sentence.count(")") or is_heading
    return min_words <= words <= _MAX_SENTENCE_WORDS and ends_well and not is_fragment
