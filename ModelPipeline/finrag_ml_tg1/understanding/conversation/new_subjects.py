"""Follow-ups of a few words that name what else is asked about."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.leaning import Leaning
from finrag_ml_tg1.understanding.conversation.turns import NamedCompany, Vocabulary

__all__ = ["new_subject"]

_NAME_ALONE = re.compile(r"[A-Z][\w&.'-]+(?:\s+(?:&\s+|of\s+)?[A-Z][\w&.'-]+){0,3}")
_ABBREVIATION = re.compile(r"[A-Z&]{2,5}")
_LEADING = re.compile(r"^(?:(?:about|to|on|for|from|at|of|with|in|the|its|their|his|a|an|any)\b\s*)+", re.IGNORECASE)


def new_subject(leaning: Leaning, vocabulary: Vocabulary) -> str | None:
    """Return Words without a verb: another metric, another company, or another topic of the same reports."""
    frame, turn = leaning.frame, leaning.turn
    words = " ".join(leaning.rest.split()).strip(" ?.!,")
    what = re.sub(r"^'s\s+", "", _LEADING.sub("", words)).strip(" ?.!,'")
    companies = leaning.companies
    if not what:
        return None
    is_topic = not frame.metrics and leaning.opening_words.endswith("about")
    if turn.metrics and not (is_topic and companies):
        return made.with_metric(frame, companies, what, leaning.period)
    if not turn.companies and _is_name(what, words, leaning, vocabulary):
        return made.with_slots(frame, (NamedCompany(0, 0, what.removesuffix("'s")),), leaning.period)
    if not companies:
        return None
    return made.say_about(companies, what, leaning.period or made.period_of(frame))


def _is_name(what: str, words: str, leaning: Leaning, vocabulary: Vocabulary) -> bool:
    """Whether the words are a name that stands where a company's would: of one that is not covered."""
    if not _NAME_ALONE.fullmatch(what) or _ABBREVIATION.fullmatch(what) or not leaning.frame.companies:
        return False
    if re.match(r"(?:about|to|on|from|in)\b", words, re.IGNORECASE):
        return False
    if leaning.opening_words.endswith("about") and not leaning.frame.metrics:
        return not all(vocabulary.appears_in_filings(word) for word in what.split())
    return leaning.is_going_on or not vocabulary.is_word(what.lower())
