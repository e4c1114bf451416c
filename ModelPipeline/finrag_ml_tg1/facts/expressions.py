"""A calculation as it is written: the numbers put into its formula, in one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from finrag_ml_tg1.facts.units import in_words, scale_of

__all__ = ["formula_label", "numbers_put_in", "operand_words", "unwrapped"]

# Numbers below are counts, days or amounts a share, and stay as they are.
_LEAST_SCALED = 1000
_PLACES = 4
_OPERATOR_WORDS = {"/": "to", "-": "less", "+": "plus"}


def numbers_put_in(operands: Sequence[object]) -> str:
    """Return the numbers put in, all amounts in one scale in which none is rounded."""
    amounts = [part for part in operands if isinstance(part, Decimal) and abs(part) >= _LEAST_SCALED]
    power, name = scale_of(amounts)
    text = "".join(_written(operands, power))
    return f"{unwrapped(text)} ({name})" if power else text


def _written(operands: Sequence[object], power: int) -> Iterator[str]:
    for part in operands:
        if not isinstance(part, Decimal):
            yield str(part)
            continue
        text = in_words(part.scaleb(-power) if abs(part) >= _LEAST_SCALED else part)
        yield text if part >= 0 else f"({text})"


def formula_label(formula: str, labels: Sequence[str]) -> str:
    """Return what a formula without a name of its own is called: "Revenue to total assets", "Revenue less ..."."""
    different = list(dict.fromkeys(labels))
    signs = [sign for sign in _OPERATOR_WORDS if f" {sign} " in formula]
    word = _OPERATOR_WORDS[signs[0]] if len(signs) == 1 else "to"
    return f" {word} ".join([different[0], *(label.lower() for label in different[1:])])


def operand_words(number: Decimal, power: int, *, is_percent: bool, is_exact: bool) -> str:
    """Return a number as it stands in an expression: ratios in percent, what was calculated before to four places."""
    scaled = number * 100 if is_percent else number.scaleb(-power)
    text = in_words(scaled if not is_percent and (is_exact or power) else round(scaled, _PLACES))
    text = f"{text} %" if is_percent else text
    return text if number >= 0 else f"({text})"


def unwrapped(text: str) -> str:
    """Return a text without the parentheses around the whole of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for index, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and index < len(text) - 1:
            return text
    return text[1:-1]
