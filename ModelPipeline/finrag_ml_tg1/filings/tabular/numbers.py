"""Numbers as filers print them: signs, symbols and footnote marks taken off, the value exact.

Nothing is guessed: text that is not wholly a number is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["PrintedNumber", "is_year", "read_number", "without_footnotes"]

_MARK = r"(?:\((?:\d{1,2}|[A-Za-z]|i{2,3}|iv)\)|\[(?:\d{1,2}|[A-Za-z])\]|\*{1,4}|[†‡§¹²³⁴⁵⁶⁷⁸⁹])"
_MARKS = rf"(?P<marks>(?:[\s,]*{_MARK})*)"
_DASHES = "-–—−‒―"
_SYMBOL = r"(?P<symbol>US\$|C\$|[$€£¥])"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[{_DASHES}])?\s*{_SYMBOL}?\s*(?P<inner>\()?\s*(?P<inner_minus>[{_DASHES}])?\s*"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)\s*(?P<percent>%)?\s*(?P<close>\))?\s*"
    rf"(?P<suffix>%\)?|pts?|bps|x(?![a-z])|(?:thousand|million|billion|trillion)\b\)?)?{_MARKS}",
    re.IGNORECASE,
)
_NOTHING = re.compile(rf"\(?\s*{_SYMBOL}?\s*\(?(?:[{_DASHES}]|--|—-)\s*(?P<percent>%)?\s*\)?\s*%?{_MARKS}")
_NOTE = r"\((?:see )?notes? \d[^()]{0,30}\)"
_LABEL_MARK = rf"(?:{_MARK}|{_NOTE})"
_TRAILING_MARKS = re.compile(rf"(?:\s|(?<=[\w.)])){_LABEL_MARK}(?:[\s,]*{_LABEL_MARK})*$|{_LABEL_MARK}$", re.IGNORECASE)
_ONE_MARK = re.compile(_LABEL_MARK, re.IGNORECASE)
_YEAR = re.compile(rf"(?:fy\s*|fiscal\s+)?(?:19|20)\d\d{_MARKS}", re.IGNORECASE)
_MAX_CHARS = 60
_WORDS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number as printed, before the table's units: "$(1,204)(a)" is -1204 with symbol "$" and footnote "(a)".

    `power` is the power of ten a word after the digits names ("million"); `suffix` is "%", "pts", "bps", "x" or "".
    A dash is 0 with `is_dash` set.
    """

    value: Decimal
    symbol: str = ""
    suffix: str = ""
    power: int = 0
    is_dash: bool = False
    footnotes: tuple[str, ...] = ()


def read_number(printed: str) -> PrintedNumber | None:
    """Return the number a cell prints, None when it prints something else ("n/a", "NM", "*", words)."""
    if len(printed) > _MAX_CHARS:
        return None
    text = printed.strip()
    match = _NUMBER.fullmatch(text)
    if not match:
        nothing = _NOTHING.fullmatch(text)
        if not nothing:
            return None
        return PrintedNumber(
            Decimal(0),
            nothing["symbol"] or "",
            "%" if "%" in text else "",
            is_dash=True,
            footnotes=_marks(nothing["marks"]),
        )
    is_open = match["open"] or match["inner"]
    suffix = (match["suffix"] or match["percent"] or "").rstrip(")").lower()
    is_closed = match["close"] or (match["suffix"] or "").endswith(")")
    if is_closed and not is_open:
        return None
    value = Decimal(match["digits"].replace(",", ""))
    if is_open or match["minus"] or match["inner_minus"]:
        value = -value
    return PrintedNumber(
        value,
        match["symbol"] or "",
        "" if suffix in _WORDS else "pts" if suffix == "pt" else suffix,
        _WORDS.get(suffix, 0),
        footnotes=_marks(match["marks"]),
    )


def is_year(printed: str) -> bool:
    """Return whether a cell prints a bare year, which heads a column more often than it counts something."""
    return _YEAR.fullmatch(printed) is not None


def without_footnotes(label: str) -> tuple[str, tuple[str, ...]]:
    """Return a label without the footnote marks at its end, and the marks in order."""
    match = _TRAILING_MARKS.search(label)
    if not match or not match.start():
        return label, ()
    return label[: match.start()].rstrip(), _marks(match.group())


def _marks(text: str) -> tuple[str, ...]:
    return tuple(_ONE_MARK.findall(text)) if text else ()
