"""Numbers and years as people write them: value, precision, scale, unit, sign. One reading for answer and evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from finrag_ml_tg1.answering.named_numbers import without_names

__all__ = ["JOINING", "NumberKind", "WrittenNumber", "WrittenYear", "read_numbers", "read_years"]

NumberKind = Literal["money", "percent", "points", "basis points", "times", "days", "shares", "plain"]

JOINING = re.compile(r"\s*(?:[-–—−+÷/×]|,?\s*to|,?\s*and|,?\s*or|,)\s*", re.IGNORECASE)
"""What stands between the numbers of a range, a list or a formula."""

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
)
_CENTURY = r"(?:19|20)\d{2}"
_DATE = re.compile(
    rf"""\b(?P<month>{_MONTH})\.?\s\s?\d{{1,2}}(?!\d|,\d|\.\d|\s?%|\s(?:percent|[mb]illion))(?:\s?,?\s?(?P<after>{_CENTURY})\b)?
    | \b\d{{1,2}}\s(?P<late>{_MONTH})\b\.?,?(?:\s(?P<last>{_CENTURY})\b)?
    | \b(?P<first>{_CENTURY})-\d{{2}}-\d{{2}}\b | \b\d{{1,2}}/\d{{1,2}}/(?P<slashed>(?:{_CENTURY}|\d\d))\b""",
    re.VERBOSE,
)
_YEAR = re.compile(
    rf"""(?<![\w.,$€£¥#/])(?:FY\s?|fiscal\s)?(?P<year>{_CENTURY})(?:\s?[-–/]\s?(?P<until>{_CENTURY}|\d\d)(?!\d))?
    (?!\w|%|[.,]\d|\s?(?:%|percent|[mb]illion|thousand|shares|employees|stores|basis|times|days)\b)
    | (?<!\w)(?:FY\s?['’]?|fiscal\s(?:year\s)?['’])(?P<short>\d\d)(?![\w%]|[.,]\d)""",
    re.VERBOSE | re.IGNORECASE,
)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_CURRENCY = r"US\$|[$€£¥]|\b(?:USD|EUR|GBP|JPY)"
_NUMBER = re.compile(
    rf"""(?P<opened>\(\s?)?(?:(?<![\w)%.])(?P<minus>[-−–](?=[\d$€£¥(.U])))?(?P<currency>{_CURRENCY})?\s?(?P<opened_late>\()?(?P<minus_late>[-−–](?<=[$€£¥(].))?
    (?<![\w.])(?<!\d,)(?<!\d/)(?P<digits>{_DIGITS})(?!\d|,\d|\.\d|/\d)(?P<closed>\s?\))?
    (?:(?:\s|-)?(?P<scale>thousand|million|billion|trillion|mm|mn|bn|tn|mil|bil)s?(?!\w)|(?P<letter>[kmb])(?!\w)
       |\s\(?(?:in\s)?(?P<stated>thousand|million|billion)s\b\)?)?
    (?P<unit>\s?%|[\s\-]?percentage[\s\-]points?|\s?percent\s?points?|[\s\-]?(?:percent|per\scent)\b|[\s\-]?(?:basis\spoints?|bps?)\b
       |\s?(?:points|pts|pp)\b|\s?x\b|×|\stimes\b|\s(?:US\s|U\.S\.\s)?dollars\b|\sUSD\b|\seuros?\b|\sEUR\b|\s?[€£¥]|[\s\-]days?\b
       |\s(?:(?:of|its|our|common|ordinary|diluted|basic|weighted|average|weighted-average|outstanding|restricted|preferred)\s){{0,4}}shares\b
       )?(?P<closed_late>\s?\))?(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_POWERS = {
    "k": 3, "thousand": 3, "m": 6, "mm": 6, "mn": 6, "mil": 6, "million": 6, "b": 9, "bn": 9, "bil": 9, "billion": 9,
    "tn": 12, "trillion": 12,
}  # fmt: skip
_CURRENCY_NAMES = {
    "$": "USD",
    "us$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "¥": "JPY",
}
_UNITS: dict[str, NumberKind] = {
    "%": "percent",
    "percent": "percent",
    "cent": "percent",
    "x": "times",
    "×": "times",
    "times": "times",
}
_WORDS = {
    word: value
    for value, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}
_WORDS |= {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_WORD = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})\b(?:\s(?P<scale>thousand|million|billion)\b)?(?P<percent>\s?percent\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number at [start, end) of a text.

    `digits` is what is printed, without sign and scale; `places` its decimals. `power` of ten is the scale said with
    it, None when none is. `currency` is "" when none is said.
    """

    start: int
    end: int
    digits: Decimal
    places: int
    power: int | None
    kind: NumberKind
    currency: str = ""
    is_negative: bool = False
    is_word: bool = False

    @property
    def significant(self) -> int:
        """How many digits are shown, without zeros at either end of a whole number."""
        shown = str(self.digits).replace(".", "").lstrip("0")
        return len(shown if self.places else shown.rstrip("0"))


@dataclass(frozen=True, slots=True)
class WrittenYear:
    """A year at [start, end); `label` is the fiscal year too that a date in January or February may end.

    `is_date`: with its day. `is_loose`: said as a beginning, an end or a due date, "since 2019".
    """

    start: int
    end: int
    year: int
    label: int
    is_loose: bool = False
    is_date: bool = False


def read_years(text: str) -> list[WrittenYear]:
    """Return the years of a text, those of dates too, in order; of a range every end."""
    return sorted(_years(without_names(text)), key=lambda year: year.start)


def _years(text: str) -> Iterator[WrittenYear]:
    for date in _DATE.finditer(text):
        written = date["after"] or date["last"] or date["first"] or date["slashed"]
        if written:
            year = int(written) if len(written) == 4 else 2000 + int(written)
            month = (date["month"] or date["late"] or "").lower()
            yield WrittenYear(date.start(), date.end(), year, year - month.startswith(("jan", "feb")), is_date=True)
    for match in _YEAR.finditer(_DATE.sub(lambda date: " " * len(date[0]), text)):
        year = int(match["year"] or f"20{match['short']}")
        before = text[max(0, match.start() - 20) : match.start()]
        is_loose = bool(
            re.search(r"\b(?:since|by|due|until|through|before|after|from|between|than|over|to)\s(?:\w+\s)?$", before)
        )
        yield WrittenYear(match.start(), match.end(), year, year, is_loose)
        if match["until"]:
            until = int(match["until"]) if len(match["until"]) == 4 else year // 100 * 100 + int(match["until"])
            yield WrittenYear(match.start("until"), match.end("until"), until, until, is_loose)


def read_numbers(text: str, *, words: bool = False) -> list[WrittenNumber]:
    """Return the numbers of a text in order, without years and what only names something; `words` adds "three".

    A number of a list or range has the scale and the unit said at its end: "$5 to $6 million", "between 5 and 7%".
    """
    clean = without_names(text)
    clean = _DATE.sub(lambda match: " " * len(match[0]), clean)
    clean = _YEAR.sub(lambda match: " " * len(match[0]), clean)
    numbers = [number for match in _NUMBER.finditer(clean) if (number := _number(match, clean))]
    if words:
        numbers += [_spoken(match) for match in _WORD.finditer(clean)]
        numbers.sort(key=lambda number: number.start)
    for place in range(len(numbers) - 2, -1, -1):
        number, following = numbers[place], numbers[place + 1]
        between = clean[number.end : following.start]
        if len(between) < 10 and number.power is None and JOINING.fullmatch(between):
            numbers[place] = _joined(number, following)
    return numbers


def _joined(number: WrittenNumber, following: WrittenNumber) -> WrittenNumber:
    if (
        following.power is not None
        and number.kind in ("plain", "money")
        and following.kind in ("plain", "money", "shares")
    ):
        return replace(number, power=following.power, kind=following.kind if number.kind == "plain" else number.kind)
    if number.kind == "plain" and following.kind in ("percent", "points", "basis points"):
        return replace(number, kind=following.kind)
    return number


def _spoken(match: re.Match[str]) -> WrittenNumber:
    power = _POWERS[match["scale"].lower()] if match["scale"] else None
    kind: NumberKind = "percent" if match["percent"] else "plain"
    return WrittenNumber(
        match.start(), match.end(), Decimal(_WORDS[match["word"].lower()]), 0, power, kind, is_word=True
    )


def _number(match: re.Match[str], text: str) -> WrittenNumber | None:
    digits = match["digits"]
    is_closed = bool(match["closed"] or match["closed_late"])
    opened = match["opened"] or match["opened_late"]
    is_cell = (
        "|" in text[text.rfind("\n", 0, match.start()) + 1 : match.start()][-3:]
        or text[match.end() : match.end() + 2].strip() == "|"
    )
    is_in_brackets = bool(opened and (match["closed"] or (is_closed and is_cell)))
    scale = match["scale"] or match["letter"] or match["stated"]
    kind, currency = _unit(match)
    if is_in_brackets and not is_cell and kind == "plain" and not scale and len(digits) < 3:
        return None
    named = ("minus", "currency", "minus_late", "digits")
    start = match.start() if is_in_brackets else min(match.start(name) for name in named if match[name])
    end = match.end() if is_in_brackets or not match["closed_late"] else match.start("closed_late")
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    return WrittenNumber(
        start + lead,
        end,
        Decimal(digits.replace(",", "")),
        len(digits.partition(".")[2]),
        _POWERS[scale.lower()] if scale else None,
        kind,
        currency,
        is_in_brackets or bool(match["minus"] or match["minus_late"]),
    )


def _unit(match: re.Match[str]) -> tuple[NumberKind, str]:
    unit = " ".join((match["unit"] or "").replace("-", " ").lower().split())
    sign = (match["currency"] or "").strip().lower()
    currency = _CURRENCY_NAMES.get(sign, sign.upper())
    last = unit.rpartition(" ")[2]
    if unit.endswith(("basis point", "basis points")) or last in ("bp", "bps"):
        return "basis points", ""
    if last in ("point", "points", "pts", "pp"):
        return "points", ""
    if currency or last in _CURRENCY_NAMES or last in ("usd", "eur"):
        return "money", currency or _CURRENCY_NAMES.get(last, last.upper())
    if last == "shares":
        return "shares", ""
    if last in ("day", "days"):
        return "days", ""
    return _UNITS.get(last, "plain"), ""
