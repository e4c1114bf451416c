"""Whether a sentence says that something is not in the filings, and says nothing else."""

from __future__ import annotations

import re

__all__ = ["says_only_absence"]

_SOURCE = (
    r"(?:filings?|passages?|sources?|texts?|excerpts?|documents?|context|blocks?|evidence|materials?|(?:annual\s)?reports?"
    r"|10-[KQ]s?|information\s(?:provided|supplied|given|available|above))"
)
_NOT = r"(?:\s(?:not|never)|n['’]t)"
_HAVE_NOT = rf"(?:(?:do|does|did|has|have|is|are|was|were|could|would|can|ca){_NOT}|cannot)"
_CAN_NOT = r"(?:cannot|can['’]t|could\snot|couldn['’]t)"
_TELL = (
    r"(?:contain|mention|disclos|stat|provid|specif|giv|say|tell|answer|includ|address|report|show|discuss|indicat|determin"
    r"|describ|detail|cover|identif|quantif|list|nam|explain|present|offer|allow|support|confirm|break|refer|speak)\w*"
)
_TOLD = (
    r"(?:disclosed|mentioned|stated|specified|addressed|discussed|detailed|quantified|described|explained|broken\s(?:out|down)"
    r"|(?:provided|given|available|found|reported|included|shown|contained|covered|identified|listed|present|named)"
    rf"(?=\s*$|\s(?:here|separately|anywhere)\b|[^.]*\b{_SOURCE}\b))"
)
_NEWS = (
    r"(?:information|data|details?|mention|figures?|numbers?|breakdown|disclosures?|evidence|indication|statement|discussion"
    r"|reference|answer|explanation)"
)
_FIND = r"(?:determine|find|answer|tell|say|verify|confirm|calculate|establish|know|identify|provide|give|see)"
_FOUND = r"(?:determined|found|answered|told|verified|confirmed|calculated|established|known|identified|given)"
_ABSENCE = re.compile(
    rf"""
      \b{_SOURCE}\b[^,;:]{{0,60}}?\s(?:{_HAVE_NOT}\s(?:\w+\s){{0,2}}?{_TELL}\b|lacks?\b|fails?\sto\s{_TELL}\b|(?:is|are)\ssilent\b)
    | \b{_SOURCE}\b[^,;:]{{0,60}}?\s(?:make|made|{_TELL})s?\s(?:no|nothing)\b
    | \b(?:neither|none|no)\s(?:of\s)?(?:\w+\s){{0,3}}?{_SOURCE}\s(?:\w+\s){{0,2}}?{_TELL}\b
    | ^(?:there\s(?:is|are|was|were)\s)?(?:no|insufficient|not\senough)\s(?:\w+\s){{0,3}}?{_NEWS}\s
      (?:on|about|regarding|concerning|of|for|as\sto|that|which|whether|is|are|was|were|in|to|here|given|provided|available|found)\b
    | \b(?:i|we|one)\s(?:\w+\s)?(?:{_CAN_NOT}|(?:am|are|is|was|were)\s(?:un|not\s)able\sto)\s(?:\w+\s)?{_FIND}\b
    | \b{_CAN_NOT}\s(?:\w+\s)?be\s(?:\w+\s)?{_FOUND}\b
    | \b(?:not|im)\s?possible\sto\s{_FIND}\b
    | \b(?:is|are|was|were|been){_NOT}\s(?:\w+\s){{0,2}}?{_TOLD}
    | ^not\s(?:\w+\s)?{_TOLD}
    | {_NOT}\s(?:\w+\s)?(?:in|part\sof|among)\s(?:the|these|those|any)\s(?:\w+\s){{0,3}}?{_SOURCE}\b
    | \b(?:do|does|did){_NOT}\s(?:\w+\s)?(?:disclose|specify|mention|quantify|detail|break\s(?:out|down))\b
    | \b(?:unclear|unknown)\s(?:from|in)\s(?:\w+\s){{0,4}}?{_SOURCE}\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_AUXILIARY = r"(?:is|are|was|were|has|have|had|will|would|may|might|can|could|should|must|did|does|do|cannot)"
_PAST = (
    r"(?:\w{2,}ed|rose|fell|grew|sold|bought|paid|went|made|lost|won|became|left|took|gave|held|led|cut|spent|began|got|met"
    r"|ran|saw)"
)
# Where a second statement begins: after a semicolon, or a joining word that is followed by a verb.
_NEXT_STATEMENT = re.compile(
    rf"""\s*[;:—]\s+ | \s–\s
    | ,?\s+(?:and|but|yet|so|while|whereas|although|though|however|because|since)\s+
      (?=(?:[\w'’-]+\s+){{0,4}}?{_AUXILIARY}\b|(?:it\s|he\s|she\s|they\s|we\s|[A-Z][\w'’-]*\s)?{_PAST}\b)
    | ,\s+(?:but|while|whereas|although|though|however)\s+
    | ,\s+(?=(?:it|he|she|they|we|[A-Z][\w'’-]*)\s+(?:{_AUXILIARY}|{_PAST})\b)
    """,
    re.VERBOSE,
)
_CONCESSION = re.compile(r"(?:although|though|while|whereas|since|because|as)\b", re.IGNORECASE)
_INTRODUCTION = re.compile(
    r"(?:(?:however|unfortunately|therefore|thus|also|but|and|note that|please note that)\b,?\s+"
    r"|(?:based on|according to|from|in|within|given|for|as for|as to|on|of|regarding|concerning)\s[^,;]{0,80},\s+)*",
    re.IGNORECASE,
)


def says_only_absence(sentence: str) -> bool:
    """Return whether each statement of a sentence is that the filings do not hold something."""
    said = _INTRODUCTION.sub("", sentence.strip().rstrip(".!"), count=1)
    first, comma, second = said.partition(",") if _CONCESSION.match(said) else (said, "", "")
    statements = [*_NEXT_STATEMENT.split(first), *(_NEXT_STATEMENT.split(second) if comma else ())]
    return all(_ABSENCE.search(_INTRODUCTION.sub("", statement.strip(), count=1)) for statement in statements)
