"""Words that say how something changed."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.operations import is_about_change

__all__ = ["CHANGE", "change_word"]

CHANGE = re.compile(
    r"\b(?:(?:fall|grow|ris|drop|declin|increas|decreas|chang|improv|shrink|jump|surg|deteriorat)\w*|fell|grew|rose|risen|go(?:ne)?\s+(?:up|down))\b",
    re.IGNORECASE,
)
_BASE_FORMS = {
    "fell": "fall",
    "fallen": "fall",
    "grew": "grow",
    "grown": "grow",
    "rose": "rise",
    "risen": "rise",
    "growth": "grow",
}


def change_word(text: str) -> str:
    """Return the verb that says how something changed, as it follows "did"; "" when none does."""
    match = CHANGE.search(text)
    if match is None or (not is_about_change(text) and not re.search(r"\bgr[eo]w", text, re.IGNORECASE)):
        return ""
    word = match.group().lower()
    if word in _BASE_FORMS:
        return _BASE_FORMS[word]
    for base in (
        "fall",
        "grow",
        "rise",
        "drop",
        "decline",
        "increase",
        "decrease",
        "change",
        "improve",
        "shrink",
        "jump",
        "surge",
    ):
        if word.startswith(base.rstrip("e")):
            return base
    return "change"
