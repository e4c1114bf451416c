"""Whether an answer's words say that it cannot answer."""

from __future__ import annotations

import re

__all__ = ["is_refusal", "is_without_access"]

_KNOWING = (
    r"(?:information|context|document|documents|text|data|evidence|excerpts?|filings?|passages?|details?|reports?"
    r"|statements?|sources?|materials?|content)"
)
_GIVING = (
    r"(?:provid|includ|contain|mention|specif|disclos|stat|giv|list|indicat|discuss|present|suppl|availab|show|offer"
    r"|address|detail|cover|clear|found|enough|sufficient|refer|explicit)\w*"
)
_PATTERNS = (
    r"\bi(?:'m| am) (?:sorry|afraid|unable)\b",
    r"\bsorry\b|\bapologi[sz]e\b",
    r"\bas an ai\b|\b(?:ai|language) (?:language )?model\b",
    r"\b(?:do not|don't|does not|doesn't|did not|didn't) (?:have|see|find) (?:\w+ ){0,4}"
    r"(?:access|information|data|context|evidence|details?|mention|specific)\b",
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to|impossible to|not possible to) (?:\w+ ){0,2}"
    r"(?:answer|determin|calculat|provid|comput|find|be (?:determin|calculat|answer|comput|found)|give|assess|identif"
    r"|conclud|state|say|tell|locate|confirm|derive|evaluate|make)\w*",
    rf"\b{_KNOWING}\b[^.\n]{{0,60}}\b(?:does not|doesn't|do not|don't|did not|is not|isn't|are not|aren't|not)\b"
    rf" (?:\w+ ){{0,3}}{_GIVING}",
    rf"\bno (?:\w+ ){{0,3}}{_KNOWING}\b[^.\n]{{0,40}}\b(?:about|on|regarding|provided|given|available|in)\b",
    r"\b(?:not|n't) (?:\w+ ){0,3}"
    r"(?:provided|mentioned|given|available|included|disclosed|specified|stated|listed|found)"
    rf" (?:\w+ ){{0,4}}{_KNOWING}\b",
    r"\b(?:please|you should|one should|one would need to|you would need to|you will need to|you'd need to"
    r"|would be necessary to|i (?:would )?recommend) "
    r"(?:provid|refer|consult|access|check|look|review|have access)\w*",
    r"\b(?:need to|to) (?:have access to|be provided)\b",
    r"\bif you (?:can )?(?:provide|have access|could provide|have)\b",
    r"\b(?:insufficient|not enough|without) (?:\w+ ){0,3}(?:information|data|context|details?)\b",
    r"\b(?:is|are|was|were) (?:missing|not provided|not available|unavailable|not specified|not explicitly)\b",
)
_REFUSES = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)


_WITHOUT_ACCESS = re.compile(
    r"\bas an ai\b|\bi (?:do not|don't) have (?:\w+ ){0,2}(?:access|real-time)|\bi(?:'m| am) (?:sorry|unable)\b|"
    r"\bi would need (?:specific |more |additional )*(?:information|access|context)",
    re.IGNORECASE,
)


def is_without_access(answer: str) -> bool:
    """Return whether the answer says that whoever wrote it has seen no filing: what else it says is general talk."""
    return bool(_WITHOUT_ACCESS.search(answer.replace("’", "'")))


def is_refusal(answer: str) -> bool:
    """Return whether the answer says that it has not what it takes to answer; an empty one refuses, too."""
    return not answer.strip() or bool(_REFUSES.search(answer.replace("’", "'")))
