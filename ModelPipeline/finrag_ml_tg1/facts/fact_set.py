"""What the facts room returns: facts used, calculations on them, and what is missing and why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from finrag_ml_tg1.index.facts import Fact

__all__ = ["Calculation", "Display", "FactSet", "Missing", "UsedFact", "result_value"]

Display = Literal["number", "money", "percent", "points", "basis points", "times", "days"]


@dataclass(frozen=True, slots=True)
class UsedFact:
    """A fact and what it was taken for; `metric` is "" for a line of the filing that is no registered metric.

    `part` is the segment, product or place it is of, the end of its label. `notes` tell what its reader must know:
    restated since, from another concept than the other years. `is_turned`: under the label that its row prints, the
    number reads with the other sign than its tag ("Loss (gain) on sale").
    """

    fact: Fact
    metric: str
    label: str
    display: Display
    notes: tuple[str, ...] = ()
    part: str = ""
    is_turned: bool = False


@dataclass(frozen=True, slots=True)
class Calculation:
    """Arithmetic with its trace: `formula` in names, `expression` with the numbers put in, exact before rounding.

    `unit` is as in the facts table ("USD", "pure", "USD/shares") or "days". `steps` are the calculations it rests on.
    `caveat` is why the value means nothing though it can be calculated.
    """

    metric: str
    label: str
    period: str
    cik: int
    fiscal_year: int | None
    formula: str
    expression: str
    inputs: tuple[UsedFact, ...]
    value: Decimal
    unit: str
    display: Display
    notes: tuple[str, ...] = ()
    steps: tuple[Calculation, ...] = ()
    caveat: str = ""

    @property
    def name(self) -> str:
        """What was calculated, for which period."""
        return f"{self.label}, {self.period}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A number that was asked for and cannot be given: whose, which, of when, and the reason as a sentence."""

    cik: int
    metric: str
    label: str
    fiscal_year: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class FactSet:
    """The answer to a plan: `results` are what was asked for, in order, as stated or calculated.

    `candidates` are the lines of the filing that the words could all mean; nothing was chosen among them.
    """

    results: tuple[UsedFact | Calculation, ...] = ()
    missing: tuple[Missing, ...] = ()
    candidates: tuple[UsedFact, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[UsedFact, ...]:
        """All facts that the results are or rest on, those asked for first."""
        stated = (result for result in self.results if isinstance(result, UsedFact))
        inputs = (used for calculation in self.calculations for used in calculation.inputs)
        return tuple(dict.fromkeys((*stated, *inputs)))

    @property
    def calculations(self) -> tuple[Calculation, ...]:
        """The results that were calculated."""
        return tuple(result for result in self.results if isinstance(result, Calculation))

    @property
    def is_found(self) -> bool:
        """Whether there is a number to show."""
        return bool(self.results)


def result_value(result: UsedFact | Calculation) -> tuple[Decimal, str]:
    """Return the value of a result and its unit."""
    return (result.fact.value, result.fact.unit) if isinstance(result, UsedFact) else (result.value, result.unit)
