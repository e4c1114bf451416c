"""One number of an answer to draw, whether it was tagged or calculated, and which of them were asked for. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from serving.frontend.contract.figures import Calculation, Fact, Figure, format_exact

__all__ = ["Point", "read_point", "select_asked"]

_FISCAL = re.compile(r"\b(fiscal|to) (?=\d{4}\b)")
_SPAN = re.compile(r"\d{4} to FY\d{4}$")
_YEAR = re.compile(r"FY(\d{4})$")


@dataclass(frozen=True, slots=True)
class Point:
    """One number. `order` sorts periods; `display` is "" for a fact, whose unit says all; `label` has the period."""

    company: str
    ticker: str
    measure: str
    member: str
    label: str
    period: str
    order: str
    value: Decimal
    unit: str
    display: str

    @property
    def words(self) -> str:
        """The exact number with its unit."""
        digits = format_exact(self.value, grouped=True)
        return digits if self.unit == "pure" else f"{digits} {self.unit}"

    @property
    def line(self) -> tuple[str, str, str]:
        """What the numbers of different periods have in common."""
        return self.company, self.measure, self.member

    @property
    def year_before(self) -> str:
        """The same period a year before: "FY2023" for "FY2024"; "" where that has no name, or is one of several."""
        match = _YEAR.search(self.period)
        if match is None or _SPAN.search(self.label):
            return ""
        return f"{self.period[: match.start()]}FY{int(match[1]) - 1}"


def read_point(figure: Figure) -> Point:
    """Return a fact or calculation as a point."""
    return _read_calculation(figure) if isinstance(figure, Calculation) else _read_fact(figure)


def select_asked(facts: Sequence[Fact], calculations: Sequence[Calculation], metrics: Iterable[str]) -> list[Point]:
    """Return what was asked for, in the order of the answer, without the steps and inputs on the way there.

    The first calculation is the asked value, or the first fact where nothing was calculated; `metrics` names what else
    was asked for.
    """
    asked = set(metrics)
    if not calculations:
        wanted = asked | {fact.metric for fact in facts[:1]}
        return [read_point(fact) for fact in facts if fact.metric in wanted]
    wanted = asked | {calculations[0].metric}
    results = [
        each
        for position, each in enumerate(calculations)
        if each.metric in wanted and not any(_is_step(each, earlier, asked) for earlier in calculations[:position])
    ]
    # Where what was calculated has no name of its own among them, they name what it was calculated from.
    tagged = asked - {each.metric for each in calculations} if calculations[0].metric in asked else set()
    figures: list[Figure] = [*results, *(fact for fact in facts if fact.metric in tagged)]
    return [read_point(each) for each in figures]


def _is_step(calculation: Calculation, result: Calculation, asked: set[str]) -> bool:
    """Whether one calculation was made on the way to another and not for itself."""
    is_named = calculation.metric in asked and calculation.metric != result.metric
    return not is_named and set(calculation.inputs) < set(result.inputs)


def _read_fact(fact: Fact) -> Point:
    whole, _, member = fact.label.rpartition(", ") if fact.dimensions else (fact.label, "", "")
    return Point(
        company=fact.company or fact.ticker or fact.accession,
        ticker=fact.ticker,
        measure=whole or fact.label,
        member=member if whole else "",
        label=f"{fact.label}, {fact.period}",
        period=fact.period,
        order=fact.period_end,
        value=fact.value,
        unit=fact.unit,
        display="",
    )


def _read_calculation(calculation: Calculation) -> Point:
    return Point(
        company=calculation.company or calculation.ticker,
        ticker=calculation.ticker,
        measure=calculation.measure,
        member="",
        label=_FISCAL.sub(lambda match: "FY" if match[1] == "fiscal" else "to FY", calculation.name),
        period=calculation.period,
        order=max((fact.period_end for fact in calculation.inputs), default=calculation.period),
        value=calculation.value,
        unit=calculation.unit,
        display=calculation.display,
    )
