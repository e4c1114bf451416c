"""What a question tells of the report that holds its answer: its form, its part of the year, the day of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from finrag_ml_tg1.understanding.part_of_year import ORDINALS, fiscal_part
from finrag_ml_tg1.understanding.written_years import MARK, YEAR, full_year
from finrag_ml_tg1.vocabulary.months import MONTH, month_number

__all__ = ["EARNINGS_RELEASE", "SEVERAL_QUARTERS", "ReportAsked", "report_asked"]

# An earnings release is furnished as Exhibit 99 of Form 8-K (Form 8-K, Item 2.02).
EARNINGS_RELEASE = "8-K EX-99"
SEVERAL_QUARTERS = "quarters"

_FORMS = (
    ("10-K", re.compile(r"\b10-?k(?:405|sb)?s?\b|\b(?:annual|yearly)\s+(?:report|filing)s?\b", re.IGNORECASE)),
    ("10-Q", re.compile(r"\b10-?qs?\b|\bquarterly\s+(?:report|filing)s?\b", re.IGNORECASE)),
    ("8-K", re.compile(r"\b8-?ks?\b|\bcurrent\s+reports?\b", re.IGNORECASE)),
    (
        EARNINGS_RELEASE,
        re.compile(
            r"\bearnings\s+(?:press\s+)?(?:releases?|reports?)\b|\b(?:in|from|per)\s+(?:its|the)\s+press\s+releases?\b"
            r"|\bpress\s+releases?\s+(?:on|for|of)\b",
            re.IGNORECASE,
        ),
    ),
)
_ADJUSTED = re.compile(
    r"\b(?:adjusted|non[\s-]?gaap|organic(?:ally)?|constant[\s-]currenc\w+|fx[\s-]?neutral|exclud(?:e|es|ed|ing)|one-?off|non-?recurring|"
    r"guidance|outlook)\b",
    re.IGNORECASE,
)
# What Form 8-K is filed for (its Items 1.01, 2.01, 5.02, 5.07).
_EVENT = re.compile(
    r"\b(?:appoint\w*|resign\w*|step(?:ped|ping|s)?\s+down|(?:new|incoming|next|outgoing)\s+(?:ceo|cfo|chief|chair\w*|directors?)|"
    r"nominees?|vot(?:e|es|ed|ing)|elected|annual\s+meeting|agenda|merger\s+agreement|definitive\s+agreement|"
    r"exchange\s+offer)\b",
    re.IGNORECASE,
)
_LATEST = re.compile(r"\b(?:latest|(?:most\s+)?recent|last)\b", re.IGNORECASE)
_LOOKS_AHEAD = re.compile(
    r"\b(?:expect(?:s|ed|ing|ation|ations)?(?!\s+(?:credit|returns?|volatility|terms?|life|lives|loss(?:es)?|useful|long-term|rate|value))|guidance|outlook|forecasts?|foresees?|foresaw|projected|projections?|predict\w*|"
    rf"anticipat\w+|(?:at|as\s+of)\s+the\s+(?:start|beginning)\s+of\s+(?:{MARK})?{YEAR})\b",
    re.IGNORECASE,
)
_QUARTER_AND_YEAR = re.compile(
    rf"\b(?:q(?P<q>[1-4])|(?P<ordinal>{'|'.join(ORDINALS)})[\s-]+quarter)\s*"
    rf"(?:[,(]\s*)?(?:of\s+|in\s+|for\s+|the\s+)*(?:{MARK})?[’']?(?P<year>{YEAR}|\d\d)(?!\d|[.,]\d)"
    rf"|\b(?P<first>[1-4])q\s?[’']?(?P<short>{YEAR}|\d\d)(?!\d)"
    rf"|(?:{MARK}[’']?|\b)(?P<before>{YEAR}|(?<=fy)\d\d)\s*[,-]?\s*q(?P<last>[1-4])\b",
    re.IGNORECASE,
)
_MONTH_OF_YEAR = re.compile(rf"\b{MONTH}\.?\s+(?:\d{{1,2}},?\s+)?(?P<year>{YEAR})\b", re.IGNORECASE)
_REPORT = r"(?:(?:annual|quarterly)\s+(?:reports?|filings?)|10-?[kq]s?)"
_REPORT_OF = re.compile(
    rf"(?<![-–]\s)(?<!\bto\s)(?<!\band\s)\b(?:{MARK})?(?P<before>{YEAR})\s+(?:form\s+)?{_REPORT}\b"
    rf"|\b{_REPORT}\s+(?:for|of)\s+(?:the\s+(?:fiscal\s+)?year\s+)?(?:{MARK})?(?P<after>{YEAR})\b(?!\s*(?:-|–|,|and|to|or|&))",
    re.IGNORECASE,
)
_DAY = re.compile(
    rf"\b(?P<month>{MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)\b"
    rf"|\b(?P<day_first>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<then>{MONTH})\.?,?\s+(?P<then_year>(?:19|20)\d\d)\b"
    r"|\b(?P<iso>(?:19|20)\d\d-\d\d-\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """The question's `text`, the `forms` it names, the part of the fiscal year, for each year where that is said, days.

    `is_event`: something is asked that a current report tells; `is_adjusted`: a measure that earnings releases explain;
    `looks_ahead`: what was expected, which stands in the reports of the year before. `report_years` are those that
    reports are named by ("its 2021 annual report").
    """

    text: str = ""
    forms: tuple[str, ...] = ()
    part: str = "FY"
    part_of_year: Mapping[int, str] = field(default_factory=dict)
    days: tuple[date, ...] = ()
    is_event: bool = False
    is_adjusted: bool = False
    looks_ahead: bool = False
    report_years: tuple[int, ...] = ()

    def part_in(self, fiscal_year: int) -> str:
        """Return the part of a fiscal year that is asked for."""
        return self.part_of_year.get(fiscal_year, "FY" if self.part_of_year else self.part)

    def without_years_of_events(self, years: Sequence[int]) -> tuple[int, ...]:
        """Return the years named, where a report is named by its year without those of events that it tells of.

        "What happened in January 2024, as told in the annual report for 2023?" is about the report of 2023.
        """
        if not self.report_years:
            return tuple(years)
        of_events = {full_year(match["year"]) for match in _MONTH_OF_YEAR.finditer(self.text)} - {*self.report_years}
        return tuple(year for year in years if year not in of_events)


def report_asked(text: str, fiscal_text: str) -> ReportAsked:
    """Return what a question tells; `fiscal_text` is the same in fiscal periods instead of the days that end them."""
    forms = tuple(form for form, pattern in _FORMS if pattern.search(text))
    quarters = _quarters_by_year(fiscal_text)
    part = SEVERAL_QUARTERS if SEVERAL_QUARTERS in quarters.values() else fiscal_part(fiscal_text)
    if part == "FY" and forms == ("10-Q",) and _LATEST.search(text):
        part = "Q"
    return ReportAsked(
        text=text,
        forms=forms,
        part=part,
        part_of_year=quarters,
        days=tuple(_days(text if "8-K" in forms else fiscal_text)),
        is_event=_EVENT.search(text) is not None,
        is_adjusted=_ADJUSTED.search(text) is not None,
        report_years=tuple(
            sorted({full_year(match["before"] or match["after"]) for match in _REPORT_OF.finditer(text)})
        ),
        looks_ahead=_LOOKS_AHEAD.search(text) is not None,
    )


def _quarters_by_year(text: str) -> dict[int, str]:
    """Return the quarter of each year that is named together with one: "Q2 of FY2024" beside "FY2023"."""
    found: dict[int, str] = {}
    for match in _QUARTER_AND_YEAR.finditer(text):
        quarter = match["q"] or match["first"] or match["last"] or str(ORDINALS[match["ordinal"].lower()])
        year = full_year(match["year"] or match["short"] or match["before"])
        found[year] = f"Q{quarter}" if found.get(year, f"Q{quarter}") == f"Q{quarter}" else SEVERAL_QUARTERS
    if len(found) == 1 and len(_quarters_in(text)) > 1:
        return dict.fromkeys(found, SEVERAL_QUARTERS)
    return found


def _quarters_in(text: str) -> set[int]:
    """The quarters named, with a year or without: "the first and second quarter of 2023", "Q1 to Q3"."""
    found = {int(number) for number in re.findall(r"\bq([1-4])(?!\d\b)", text, re.IGNORECASE)}
    found |= {int(number) for number in re.findall(r"\b([1-4])q", text, re.IGNORECASE)}
    if re.search(r"\bquarters?\b", text, re.IGNORECASE):
        found |= {ORDINALS[word.lower()] for word in re.findall(rf"\b({'|'.join(ORDINALS)})\b", text, re.IGNORECASE)}
    return found


def _days(text: str) -> list[date]:
    days = []
    for match in _DAY.finditer(text):
        try:
            if match["iso"]:
                days.append(date.fromisoformat(match["iso"]))
            else:
                month = month_number(match["month"] or match["then"])
                days.append(
                    date(int(match["year"] or match["then_year"]), month, int(match["day"] or match["day_first"]))
                )
        except ValueError:
            continue
    return days
