"""A part's share of the whole, where the part is named first: "iPhone share of total sales"."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.wording import normal_words
from finrag_ml_tg1.vocabulary.filler_words import FILLERS

__all__ = ["whole_first"]

_PART_OF = re.compile(
    r"^(?P<part>.+?)\s+(?:as\s+an?\s+)?(?:share|percent(?:age)?|portion|proportion|fraction|%)\s+of\s+(?P<whole>.+)$",
    re.IGNORECASE | re.DOTALL,
)


def whole_first(names: MetricNames, text: str) -> str:
    """Return a text with the part that a share is of after the whole, "total sales from iPhone".

    As it is where the words before "share of" name a metric, as then it is a ratio of two, or nothing.
    """
    match = _PART_OF.match(text.strip())
    if not match or names.is_in(match["part"]) or not names.is_in(match["whole"]):
        return text
    telling = [word for word in match["part"].split() if not set(normal_words(word)) <= FILLERS]
    whole = match["whole"].rstrip(" ,.?!")
    return f"{whole} from {' '.join(telling)}" if telling else text
