"""Whether a stated number is the gold one: rounding, scale words, percent and ratio, and the sign in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from finrag_ml_tg1.evaluation.answers.stated_numbers import StatedNumber

__all__ = ["QuestionUnits", "is_same_number"]

_MILLION = Decimal(10) ** 6
_SCALE_ASKED = re.compile(
    r"\b(?:in|of)\s+(?:units\s+of\s+)?(?:US\s*dollars?|USD|US\$|\$|dollars?)?\s*"
    r"(?P<scale>thousand|million|billion)s?\b|\b(?:USD|US\$|\$)\s?(?P<after>thousand|million|billion)s?\b",
    re.IGNORECASE,
)
_PERCENT_ASKED = re.compile(r"%|\bpercent|\bper cent", re.IGNORECASE)
_FALL_ASKED = re.compile(
    r"\b(?:declin|decreas|drop|fell|fall|reduc|loss|lost|lose|lower|outflow|paid|pay|spen[dt]|use[ds]?\b|expense|cost)",
    re.IGNORECASE,
)
_SCALES = {"thousand": Decimal(10) ** 3, "million": _MILLION, "billion": Decimal(10) ** 9}
_FREE_SCALES = tuple(Decimal(10) ** power for power in (0, 3, 6, 9))
_PERCENT = Decimal("0.01")
_HALF = Decimal("0.5")

# A rounder number than the gold one still tells it when it keeps so many digits.
_FEWEST_DIGITS = 2
# Inputs that were rounded before the arithmetic move the result by about so much.
_NEAR = Decimal("0.005")


class QuestionUnits:
    """What a question asks the number to be given in; `scale` is None where it names no thousands or millions."""

    def __init__(self, question: str) -> None:
        asked = _SCALE_ASKED.search(question)
        self.scale = _SCALES[(asked["scale"] or asked["after"]).lower()] if asked else None
        self.is_percent = bool(_PERCENT_ASKED.search(question))
        self.is_fall = bool(_FALL_ASKED.search(question))


def is_same_number(gold: StatedNumber, given: StatedNumber, units: QuestionUnits) -> bool:
    """Return whether `given` states the gold number.

    It does when they are equal at the precision of the coarser of both, or differ by the gold's last digit at most half
    a per cent; with two digits at least, so that "$2 billion" states no "$1,577 million".
    """
    if not gold.printed or not given.printed:
        return gold.printed == given.printed
    if not _signs_agree(gold, given, units):
        return False
    return any(
        _is_near(gold.printed * gold_scale, given.printed * given_scale, gold, given, gold_scale, given_scale)
        for gold_scale, given_scale in _scales(gold, given, units)
    )


def _is_near(
    wanted: Decimal,
    stated: Decimal,
    gold: StatedNumber,
    given: StatedNumber,
    gold_scale: Decimal,
    given_scale: Decimal,
) -> bool:
    difference = abs(wanted - stated)
    if difference <= _HALF * gold.last_place * gold_scale:
        return True
    if _digits(given) >= _FEWEST_DIGITS and difference <= _HALF * given.last_place * given_scale:
        return True
    return difference <= _NEAR * wanted


def _digits(number: StatedNumber) -> int:
    return len(str(number.printed).replace(".", "").strip("0")) if number.printed else 1


def _scales(gold: StatedNumber, given: StatedNumber, units: QuestionUnits) -> Iterator[tuple[Decimal, Decimal]]:
    """Every pair of factors both may be meant with."""
    if gold.unit == "percent" and given.unit == "percent":
        yield gold.scale or _PERCENT, given.scale or _PERCENT
    elif gold.unit == "percent" or given.unit == "percent":
        yield from _ratio_and_percent(gold, given, units)
    elif gold.scale is not None and given.scale is not None:
        yield gold.scale, given.scale
    elif gold.scale is None and given.scale is None:
        yield Decimal(1), Decimal(1)
        if units.scale:
            yield units.scale, Decimal(1)
            yield Decimal(1), units.scale
        if units.is_percent and gold.unit == given.unit == "none":
            # "0.019" and "1.9", both in a question that asks for percent.
            yield Decimal(1), _PERCENT
            yield _PERCENT, Decimal(1)
    else:
        known = gold.scale or given.scale or Decimal(1)
        assumed = (units.scale,) if units.scale else _FREE_SCALES
        for scale in assumed:
            yield (known, scale) if gold.scale is not None else (scale, known)


def _ratio_and_percent(
    gold: StatedNumber, given: StatedNumber, units: QuestionUnits
) -> Iterator[tuple[Decimal, Decimal]]:
    """One of both has a percent sign: the other is a ratio, or the percent sign was left out."""
    other = given if gold.unit == "percent" else gold
    if other.unit == "money" or other.scale is not None:
        return
    # A whole number is a count and no ratio.
    ratio = [Decimal(1)] if other.last_place < 1 else []
    for scale in (*ratio, *([_PERCENT] if units.is_percent else [])):
        yield (_PERCENT, scale) if gold.unit == "percent" else (scale, _PERCENT)


def _signs_agree(gold: StatedNumber, given: StatedNumber, units: QuestionUnits) -> bool:
    if gold.sign and given.sign:
        return gold.sign == given.sign
    # A size without a sign is a rise, unless the question itself asks for the fall or for what is spent.
    return units.is_fall or -1 not in (gold.sign, given.sign)
