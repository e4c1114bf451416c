"""A definition that a question states itself ("FY2019 revenue / average PP&E") as a formula over metrics."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.periods import find_periods, without_periods
from finrag_ml_tg1.vocabulary.formulas import FormulaError, parse_formula

__all__ = ["read_stated_formula"]

_OPERATOR_WORDS = (
    (re.compile(r"\b(?:divided by|over)\b|÷", re.IGNORECASE), "/"),
    (re.compile(r"\b(?:less|minus)\b|−|–", re.IGNORECASE), "-"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\b(?:times|multiplied by)\b|×", re.IGNORECASE), "*"),
)
_PIECES = re.compile(r"[()]|[+*/]|(?<=[\s)])-(?=[\s(])|[^()+*/]+?(?=\s-[\s(]|[()+*/]|$)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BETWEEN = re.compile(r"\b(?:between|from|for|of|at|in|and|the|end|year|to|fy\d*)\b|,", re.IGNORECASE)


def read_stated_formula(text: str, names: MetricNames, year: int | None) -> str | None:
    """Return the formula over metrics that a definition states for a fiscal year; None when it cannot be read whole."""
    for words, operator in _OPERATOR_WORDS:
        text = words.sub(f" {operator} ", text)
    pieces = [piece.strip() for piece in _PIECES.findall(text)]
    written = [_written(piece, names, year) for piece in pieces if piece]
    formula = " ".join(part for part in written if part is not None)
    if None in written:
        return None
    try:
        parse_formula(formula)
    except FormulaError:
        return None
    return formula


def _written(piece: str, names: MetricNames, year: int | None) -> str | None:
    if piece in "()+-*/" or _NUMBER.fullmatch(piece):
        return piece
    words = " ".join(_BETWEEN.sub(" ", without_periods(piece)).split())
    years = find_periods(piece).years
    for opening, form in (
        ("average ", "average({})"),
        ("change in ", "({0} - prior({0}))"),
        ("change ", "({0} - prior({0}))"),
    ):
        if words.lower().startswith(opening):
            name = names.exactly(words[len(opening) :])
            return form.format(name) if name else None
    name = names.exactly(words)
    if name is None:
        return None
    is_earlier = year is not None and len(years) == 1 and years[0] == year - 1
    return f"prior({name})" if is_earlier else name
