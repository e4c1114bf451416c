"""The words by which a message goes on from the one before it, and those that say nothing new."""

from __future__ import annotations

import re
from dataclasses import dataclass

from finrag_ml_tg1.understanding.conversation.message_words import EXTREMES

__all__ = [
    "ASKS_OF_ALL",
    "BREAKDOWN",
    "CAUSE",
    "CHANGES",
    "CORRECTION",
    "EXTREME",
    "IS_SENTENCE",
    "OF_A_NUMBER",
    "QUALITY",
    "REFERENCES",
    "RELATES",
    "REPORT",
    "TRAILING",
    "Opening",
    "asks_more",
    "asks_why",
    "is_small_talk",
    "read_opening",
]

_COURTESY = (
    r"(?:ok(?:ay)?|thanks?(?:\s+(?:you|a\s+lot|so\s+much|very\s+much))*|great|cool|good|nice|perfect|right|sure|alright|hm+|no|yes|"
    r"please|so|well|got it|interesting|hello|hi|hey|wow)"
)
_REQUEST = (
    r"(?:(?:can|could|would|will)\s+you\s+(?:also\s+|please\s+)*)?(?:please\s+)?"
    r"(?:do|give\s+me|show(?:\s+me)?|tell\s+me|get\s+me)\s+(?:the\s+same(?:\s+thing)?|that|it)(?:\s+(?:again|too))?"
)
_GOING_ON = (
    rf"(?:and|or|but|plus|also|then|now\s+do|(?:and\s+|or\s+)?(?:what|how)\s+about|what\s+if\s+we\s+take|"
    rf"{_REQUEST}|i(?:'d|\s+would)\s+also\s+like(?:\s+to\s+(?:see|know|have))?|i\s+meant?|"
    rf"(?:is|was)\s+(?:that|this|it)\s+(?:(?:still|also)\s+)*(?:the\s+case|true|the\s+same)(?=\s)|(?:the\s+)?same(?:\s+(?:thing|question|numbers?|figures?))?(?=\s+(?:for|in|but|with)\b|\W*$)|now)"
)
_OPENING = re.compile(
    rf"^[\s.,…–-]*(?:(?:(?P<courtesy>{_COURTESY})|(?P<on>{_GOING_ON}))(?!\w)[\s,.:;!–—-]*)+", re.IGNORECASE
)
_SMALL_TALK = re.compile(
    rf"^(?:{_COURTESY}[\s,.!?]*)*(?:there|bye|goodbye|good\s+(?:morning|afternoon|evening|day)|what\s+can\s+you\s+do|who\s+are\s+you|"
    r"how\s+are\s+you|help|that\s+(?:is|was)\s+(?:all|helpful)|that's\s+(?:all|helpful))?[\s?.!]*$",
    re.IGNORECASE,
)
EXTREME = re.compile(rf"\b(?:{'|'.join(sorted(EXTREMES))})\b", re.IGNORECASE)
RELATES = re.compile(
    r"^(?:as\s+(?:an?\s+)?(?:percent\w*|share|%|fraction|proportion|ratio|multiple)\b|in\s+(?:percent\w*|%|relation|terms)(?!\w)|"
    r"per\s+(?:share|employee)\b|relative\s+to\b)",
    re.IGNORECASE,
)
BREAKDOWN = re.compile(
    r"^(?:(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:also\s+)?(?:break|split|show|give\s+me)\s*(?:it|that|this|them)?\s*"
    r"(?:down|up|out)?\s*|(?:how\s+(?:is|was|are|were)\s+(?:it|that|this|they)|what(?:'s|\s+(?:is|was))\s+the)\s+"
    r"(?:split|broken|divided|breakdown|mix)(?:\s+(?:down|up))?\s+)?(?P<by>(?:by|per)\s+(?:(?:business|operating|reportable|product|geographic|geographical)\s+)?"
    r"(?:segment|product|region|geograph\w+|country|category|line|division|area|channel|brand|customer)s?(?:\s+lines?)?)[\s?.!]*$",
    re.IGNORECASE,
)
REPORT = re.compile(
    r"\b(?:form\s+)?(?:10-?[kq]|8-?k|annual\s+report|quarterly\s+report|earnings\s+release|current\s+report)\b"
    r"|\bitems?\s+(?:[1-9]\.\d\d\b|(?:1[0-6]|[1-9])(?:\s?[abc]\b)?)",
    re.IGNORECASE,
)
CAUSE = re.compile(
    r"\b(?:explain|what\s+(?:(?:mainly|primarily)\s+)?(?:drove|drives|caused|led\s+to|explains|explained|(?:is|was)\s+behind|contributed\s+to)|"
    r"(?:reasons?|drivers?|causes?|factors?)\s+(?:for|of|behind)|because\s+of)\s+"
    r"(?P<what>this|that|it|these|(?:(?:the|this|that)\s+)?(?:change|increase|decrease|decline|drop|fall|rise|growth|improvement|jump|surge|loss))"
    r"\b(?!\s+(?:in|of)\b)",
    re.IGNORECASE,
)
IS_SENTENCE = re.compile(
    r"^(?:by\s+|in\s+|to\s+|for\s+|on\s+)?(?:what|which|who|whom|whose|when|where|how|why|is|are|was|were|do|does|did|has|have|had|can|could|"
    r"will|would|should|any|describe|summari[sz]e|explain|list|show|give|tell|compare|name|calculate|discuss|find|break)(?:'s|'re)?\b",
    re.IGNORECASE,
)
ASKS_OF_ALL = re.compile(
    r"\b(?:which|what|how\s+many|all|any|other|most|every|each|rank\w*|list|these|covered)\s+(?:(?:the|of|other|all|covered)\s+)*"
    r"(?:compan(?:y|ies)|firms?|filers?|issuers?)\b(?!\s+(?:is|was|has|have|does)\s+it\b)"
    r"|\bwho\s+(?:had|has|have|is|was|reported|earned|made)\s+the\s+(?:highest|lowest|largest|smallest|most|least|biggest)\b",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"\b(?P<owner>its|their|his|the\s+company's|this\s+company's|that\s+company's|the\s+firm's)(?!\w)"
    r"|\b(?P<company>(?:the|this|that)\s+(?:company|firm|business)|the\s+two(?:\s+companies)?|both(?:\s+of\s+them|\s+companies)?|"
    r"each\s+of\s+them)\b"
    r"|\b(?P<what>(?<=about\s)(?:it|this|that|them)|(?<=for\s)(?:them|this|that|it)|(?<=by\s)(?:this|that|it)|(?<=of\s)(?:this|that|it|them))\b"
    r"|(?:(?<=does\s)|(?<=do\s)|(?<=could\s)|(?<=will\s)|(?<=did\s))(?P<subject>it|this|that|these|those)"
    r"(?=\s+(?:affect|impact|influence|matter|work|mean|apply|relate|hurt|help)\b)"
    r"|\b(?P<any>(?<=\s)any)(?=[\s?.!]*$)"
    r"|\b(?P<it>it|they|this|that|them)\b(?!\s+\w+(?:'s)\s)",
    re.IGNORECASE,
)
TRAILING = re.compile(r"[\s,]+(?:too|as\s+well|also|please|again|instead|then|though)(?=[\s?.!,]*$)", re.IGNORECASE)
CORRECTION = re.compile(r"^.*[\s,.?!](?=i\s+meant?\b)", re.IGNORECASE | re.DOTALL)
QUALITY = re.compile(
    r"\b(?:is|was|are|were)\s+(?:it|that|this)\s+(?P<how>(?:(?:so|too|that|very|still)\s+)*(?:negative|positive|high|low|large|small|big|"
    r"good|bad|strong|weak|normal|unusual|zero|much|volatile))[\s?.!]*$"
    r"|^why\s+(?P<so>(?:so|that|too|such\s+an?)\s+\w+)[\s?.!]*$",
    re.IGNORECASE,
)
# What is said of a number, and not of the company whose it is.
OF_A_NUMBER = re.compile(
    r"\b(?:is|was|are|were|has|have|did|does|do)\s+(?:it|this|that|they|these|those)\s+(?:\w+\s+){0,2}?"
    r"(?:due|mature|repaid|payable|calculated|measured|defined|computed|made\s+up|composed|driven|caused|affected)\b",
    re.IGNORECASE,
)
CHANGES = re.compile(r"\bchang(?:e|ed|ing)\b", re.IGNORECASE)
_WHY = re.compile(
    r"^(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:(?:explain|tell\s+me|say)\s*)?"
    r"(?:why|how\s+come|what\s+happened|for\s+what\s+reasons?|what\s+(?:is|was|were|are)\s+the\s+(?:main\s+)?reasons?)"
    r"(?:\s+(?:is|was|did|does)\s+(?:that|this|it))?(?:\s+(?:so|happen(?:ed)?|the\s+case))?(?:\s+not)?[\s?.!]*$|^explain(?:\s+(?:this|that|it))?[\s?.!]*$",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+more|(?:give\s+me\s+)?more(?:\s+(?:details?|information|on\s+(?:this|that|it)))?|"
    r"(?:say\s+more|elaborate|go\s+on|expand)(?:\s+on\s+(?:this|that|it))?|details?)(?:\s+(?:please|about\s+(?:this|that|it)))?[\s?.!]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a message begins: `is_going_on` when it joins the one before it, `length` characters that only do that."""

    length: int
    is_going_on: bool


def read_opening(text: str) -> Opening:
    """Return how a message begins: "and", "what about", "thanks, and" go on from what was said."""
    match = _OPENING.match(text)
    return Opening(match.end(), is_going_on=match["on"] is not None) if match else Opening(0, is_going_on=False)


def is_small_talk(text: str) -> bool:
    """Return whether a message asks nothing of filings: "thanks!", "hello"."""
    return _SMALL_TALK.match(text) is not None


def asks_why(text: str) -> bool:
    """Return whether a message asks for reasons and says of nothing else: "why?", "how come?"."""
    return _WHY.match(text) is not None


def asks_more(text: str) -> bool:
    """Return whether a message asks for more of the same: "tell me more"."""
    return _MORE.match(text) is not None
