"""The metrics that can be asked for by name: read from metrics.yaml and checked when loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from finrag_ml_tg1.vocabulary.formulas import Expression, names_in, parse_formula

try:  # libyaml reads the file in a seventh of the time, a tenth of a second at every start
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML was built without it
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["Metric", "load_metrics", "read_metrics"]

_Concept = Annotated[str, StringConstraints(pattern=r"^(?:us-gaap|ifrs-full|dei|srt):[A-Za-z0-9]+$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Metric(BaseModel):
    """One metric. It is tagged under `concepts`, or derived by `formula`, or both, the tagged value first.

    `concepts` are tried in order; `extensions` match local names of filers' own concepts; `rows` match the labels of
    rows in statements without tags. `unit` is what the value counts: money in the filing's currency, money a share,
    shares, a ratio (percentages are ratios), times, days, or people. A `flow` covers a period, a `stock` is at its end.
    `sign` says what a positive number means. `formula` gives a metric that is derived by definition; `fallbacks` are
    formulas for a filer that reports no total of its own, tried in order. `counted_by` is the metric that "how many"
    asks for, `beside` one that is easily taken for it and is said where it differs. `definition` is said with the
    result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    label: Annotated[str, StringConstraints(min_length=2)]
    group: Literal["income", "balance", "cash flow", "per share", "shares", "tax", "other", "ratio"]
    unit: Literal["money", "money per share", "shares", "ratio", "times", "days", "people", "money per person"]
    measures: Literal["flow", "stock"]
    sign: Literal["natural", "cost", "outflow", "inflow"] = "natural"
    statement: Literal["income", "comprehensive income", "balance", "cash flow", "equity", "none"] = "none"
    synonyms: tuple[str, ...] = Field(min_length=1)
    concepts: tuple[_Concept, ...] = ()
    extensions: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    formula: str | None = None
    fallbacks: tuple[str, ...] = ()
    counted_by: str = ""
    beside: str = ""
    not_for: tuple[Literal["banks", "insurers"], ...] = ()
    not_for_reason: str = ""
    definition: str = ""

    @property
    def expression(self) -> Expression | None:
        """The formula that defines the metric, None when it is tagged."""
        return parse_formula(self.formula) if self.formula else None

    @property
    def needs(self) -> frozenset[str]:
        """The metrics that its formulas name."""
        formulas = [*([self.formula] if self.formula else []), *self.fallbacks]
        return frozenset(name for formula in formulas for name in names_in(parse_formula(formula)))

    @model_validator(mode="after")
    def _is_consistent(self) -> Metric:
        if not (self.concepts or self.formula or self.fallbacks or self.rows):
            raise ValueError(f"{self.name} has neither concepts nor a formula")
        if self.formula and not self.definition:
            raise ValueError(f"{self.name} is derived: its definition has to be said")
        if self.not_for and not self.not_for_reason:
            raise ValueError(f"{self.name} does not apply to {', '.join(self.not_for)}: the reason has to be said")
        for pattern in (*self.extensions, *self.rows):
            re.compile(pattern)
        return self


@lru_cache(maxsize=1)
def load_metrics() -> Mapping[str, Metric]:
    """Return the bundled metrics by name."""
    return read_metrics(files("finrag_ml_tg1.vocabulary").joinpath("metrics.yaml").read_text(encoding="utf-8"))


def read_metrics(text: str) -> Mapping[str, Metric]:
    """Return the metrics of a YAML text; raises ValueError for what is unknown, doubled or circular in it."""
    metrics = {name: Metric(name=name, **fields) for name, fields in yaml.load(text, Loader=SafeLoader).items()}
    by_synonym: dict[str, str] = {}
    for metric in metrics.values():
        for synonym in metric.synonyms:
            other = by_synonym.setdefault(synonym.lower(), metric.name)
            if other != metric.name:
                raise ValueError(f"{synonym!r} is said for {other} and for {metric.name}")
        for needed in metric.needs:
            if needed not in metrics:
                raise ValueError(f"{metric.name}: the formula needs {needed}, which is no metric")
        for other in filter(None, (metric.counted_by, metric.beside)):
            if other not in metrics:
                raise ValueError(f"{metric.name} names {other}, which is no metric")
        if metric.name in _reached(metric, metrics):
            raise ValueError(f"{metric.name} is defined by itself")
    return metrics


def _reached(metric: Metric, metrics: Mapping[str, Metric]) -> Iterator[str]:
    """Every metric that the definition rests on. A fallback may name what falls back on this metric in turn."""
    seen: set[str] = set()
    waiting = [metric]
    while waiting:
        expression = waiting.pop().expression
        for name in names_in(expression) if expression else ():
            if name not in seen:
                seen.add(name)
                waiting.append(metrics[name])
                yield name
