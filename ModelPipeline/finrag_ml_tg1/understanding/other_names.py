"""Names that stand where a company would but are of no covered company, so that they are said and not passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["BLANK", "NOT_NAMES", "find_other_names"]

# Stands in a question for each character of a covered company's name.
BLANK = "\0"

# Words that open a question, or belong to it, with a capital letter.
NOT_NAMES = frozenset(
    "a among an and annual any are as at balance between both break business by can cash cfo ceo chief company compare "
    "compared comparison consolidated could covid cybersecurity describe did director discuss do does ebitda eps esg "
    "europe explain fiscal for form from fy gaap give group had has have how i ifrs in income inc is it item "
    "items list management md&a me name net of on or part please q1 q2 q3 q4 question r&d rank results revenue risk "
    "roe sales sec section segment should show summarise summarize summary tell that the their them these they this to "
    "u.s us usa was we were what when where which who why will with would year years january february march april may "
    "june july august september october november december america american asia china greater united states north "
    "south pacific middle east latin japan india africa canada mexico germany france uk kingdom covid-19".split()
)
_NAME = r"[A-Z][\w&.'-]*(?:\s+(?:(?:&|of)\s+)?[A-Z][\w&.'-]*)*"
_LIST = rf"{_NAME}(?:\s*,\s*(?:(?:and|or)\s+)?{_NAME}|\s+(?:and|or)\s+{_NAME})*"

# Beside a covered company, or where two are compared, a name is a company whether or not filings mention it.
_COORDINATED = re.compile(
    rf"{BLANK}(?:\s*,(?:\s*(?:and|or))?|\s+(?:and|or|with|to|than|versus|vs\.?))\s+({_LIST})"
    rf"|({_LIST})\s*(?:,|\s(?:and|or|with|versus|vs\.?))\s+{BLANK}"
    rf"|\b(?:compares?|compared|differs?|different)\s+(?:to|with|from)\s+({_LIST})"
)
# These ask about what a company did, has or reported.
_OWNER = re.compile(rf"({_NAME})'s?(?!\w)")
_ACTOR = re.compile(rf"\b(?i:did|does|do|compare|versus|vs\.?)\s+({_NAME})")
_HOLDER = re.compile(rf"\b(?:of|for|at)\s+({_NAME})")
# Other things than companies stand here as well.
_MENTION = re.compile(
    rf"(?:^|\b(?:(?i:is|was|are|were|has|had|will)|and|about|than|with|by)\s+)({_NAME})(?=\s+[\w(]|\W*$)"
)
_LOWER_CASE_OWNER = re.compile(r"\b([a-z][\w&-]{2,})'s\b")

_WORKS_ON = re.compile(r"\s+(?:affect|chang|drive|driv|help|hurt|impact|influenc|matter|pose|regulat|requir|work)\w*\b")
_TOPIC_OF = re.compile(
    r"(?:\b(?:impact|effect|consequence|risk|role|use|adoption|threat|importance|mention|outbreak|price|definition)s?"
    r"|\b[A-Z][\w.'-]*)\s*$"
)
_ASKS_WHO = re.compile(r"\bwho(?:'s|\s+(?:is|was|are|were))\s*$", re.IGNORECASE)


def find_other_names(
    text: str, appears_in_filings: Callable[[str], bool], is_term: Callable[[str], bool]
) -> Iterator[str]:
    """Yield the names; `text` has covered companies blanked out, and what `is_term` says is of the field's language.

    Where other things are named too, and beside a covered company, a name the filings use is taken for a topic.
    """
    yield from (name for name in _all_names(text, appears_in_filings) if not is_term(name))


def _all_names(text: str, appears_in_filings: Callable[[str], bool]) -> Iterator[str]:
    any_covered = BLANK in text
    for match in _COORDINATED.finditer(text):
        for part in re.split(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+", match[1] or match[2] or match[3]):
            yield from _names(part, None)
    for pattern in (_OWNER, _ACTOR, _HOLDER, _MENTION):
        for match in pattern.finditer(text):
            if not _ASKS_WHO.search(text[: match.start(1)]):
                is_lax = any_covered or pattern is _MENTION or _reads_as_topic(pattern, match)
                yield from _names(match[1], appears_in_filings if is_lax else None)
    if not any(char.isupper() for char in text[1:]):
        for match in _LOWER_CASE_OWNER.finditer(text):
            yield from _names(match[1], appears_in_filings)


def _reads_as_topic(pattern: re.Pattern[str], match: re.Match[str]) -> bool:
    """ "the impact of Brexit", "the Board of Directors", "how does Bitcoin affect ..." ask for no company."""
    if pattern is _HOLDER:
        return _TOPIC_OF.search(match.string[: match.start()]) is not None
    return pattern is _ACTOR and _WORKS_ON.match(match.string, match.end()) is not None


def _names(phrase: str, appears_in_filings: Callable[[str], bool] | None) -> Iterator[str]:
    """The phrase without words that open a question, if a name is left; None asks for no look at the filings."""
    words = re.sub(r"'s?$", "", phrase).split()
    while words and words[0].lower().strip(".,") in NOT_NAMES:
        words = words[1:]
    name = " ".join(words).strip(".,?!'")
    is_name = len(name) >= 3 and name.lower() not in NOT_NAMES and not any(char.isdigit() for char in name)
    if is_name and not (appears_in_filings and any(appears_in_filings(word) for word in words)):
        yield name
