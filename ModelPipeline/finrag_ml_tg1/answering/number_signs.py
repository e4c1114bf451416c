"""What the words beside a number say of its sign: "declined by 3%", "a net loss of $5 million"."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Direction", "direction_of", "names_either_sign", "names_fall", "names_outflow", "names_signed"]

Direction = Literal["", "up", "down"]

_FILLERS = (
    r"(?:\s(?:by|approximately|about|roughly|nearly|almost|over|around|another|an|a|of|some|more|less|than|sharply"
    r"|slightly|significantly|further|only|just|modestly|strongly|additional))*\s?"
)
_UP = (
    r"increas(?:e|es|ed|ing)|grew|grows?|growth|growing|rose|ris(?:e|es|en|ing)|up|climbed|gain(?:s|ed)?|improved|expanded"
    r"|higher|jumped|surged"
)
_DOWN = (
    r"decreas(?:e|es|ed|ing)|declin(?:e|es|ed|ing)|fell|fall(?:s|en|ing)?|down|dropp?(?:ed|s)?|reduc(?:ed|tion|ing)"
    r"|lower(?:ed)?|shrank|contracted|lost|slipped|worsened"
)
_BEFORE = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN})){_FILLERS}$", re.IGNORECASE)
_AFTER = re.compile(
    r"\s?(?:(?:year-over-year|yoy|annual|net|organic|year-on-year)\s)?(?:(?P<up>increase|growth|rise|gain|improvement|higher|expansion)"
    r"|(?P<down>decrease|decline|drop|reduction|fall|lower|contraction|(?:net\s)?loss))\b",
    re.IGNORECASE,
)
# "(loss)" in brackets and "credit losses" name a line of either sign.
_LOSS = re.compile(
    r"(?:\b(?:net|operating|pre-?tax|comprehensive)\sloss(?:es)?\b"
    r"(?!.*\b(?:income|gain|profit|earnings|revenues?|sales|compared|from|increas\w+|decreas\w+)\b)|\bloss(?:es)?\sof\b)[^.;|(]{0,50}$",
    re.IGNORECASE,
)
_FALL = r"loss|decreas|declin|fell|fall|down|lower|drop|reduc|negative|deficit|shortfall"
_OUTFLOW = (
    r"used|outflow|paid|pay|repurchas|purchas|expense|cost|tax|dividend|amortiz|depreci|impair|provision|charge|write"
    r"|redempt|repaid|spen[dt]|invest|acqui|deduct|less|offset|treasury|allowance|capex|expenditure|contribut|distribut"
    r"|adjust|eliminat|liabilit|obligation|withh[eo]ld"
)
_FALLS = re.compile(_FALL, re.IGNORECASE)
_OUTFLOWS = re.compile(_OUTFLOW, re.IGNORECASE)
# What names a line of either sign, or what was taken off before.
_EITHER = re.compile(
    r"(?:\(|/\s?)(?:loss(?:es)?|decrease|deficit|used\s(?:in|for)|expense|charge|provision|benefit)[^)]*\)?"
    r"|\b(?:before|net\sof)\s(?:\w+\s){0,3}?tax(?:es)?|\bpre-?tax",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"income|earnings|profit|gain|margin|growth|return|provided|cash\sflow|change|increase|\beps\b|per\s(?:common\s)?share|surplus",
    re.IGNORECASE,
)
_TURNED = re.compile(r"\((?:gains?|income|increase|benefit|earnings)", re.IGNORECASE)
_NEAR = 60


def direction_of(text: str, start: int, end: int) -> Direction:
    """Return whether the words beside text[start:end] make it a rise or a gain, a fall or a loss, or neither."""
    before = text[max(0, start - _NEAR) : start]
    if _LOSS.search(before):
        return "down"
    found = _BEFORE.search(before) or _AFTER.match(text, end)
    if found is None:
        return ""
    return "up" if found["up"] else "down"


def names_fall(words: str) -> bool:
    """Whether words name a loss or a fall; "Net income (loss)" is a name for either sign and none of a loss."""
    return bool(_FALLS.search(_EITHER.sub(" ", words)))


def names_outflow(words: str) -> bool:
    """Whether words name a cost or a payment, which tables often print as negative."""
    return bool(_OUTFLOWS.search(_EITHER.sub(" ", words)))


def names_either_sign(label: str) -> bool:
    """Whether a line named for a loss or a cost holds what is gained as a negative number: "Loss (gain) on sale"."""
    return bool(_TURNED.search(label))


def names_signed(label: str) -> bool:
    """Whether a line is one that is said with its sign, income or a change; assets are not."""
    return bool(_SIGNED.search(label))
