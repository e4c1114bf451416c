"""Formulas of derived metrics: arithmetic over names, read from text and never evaluated as code.

`average(x)` is the mean of x at the start and the end of the year, `prior(x)` is x a year earlier, `optional(x)` is x
or nothing when the filer does not report it. All else is numbers, names, + - * / and parentheses; a sign before a term
takes the term from nil.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

__all__ = [
    "FUNCTIONS",
    "Apply",
    "Expression",
    "FormulaError",
    "Name",
    "Number",
    "Operation",
    "names_in",
    "parse_formula",
]

FUNCTIONS = ("average", "prior", "optional")

_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class FormulaError(ValueError):
    """A text is no formula; the message says what in it is not understood."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A metric of the year asked for."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """One of FUNCTIONS, applied to a metric."""

    function: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions joined by `+`, `-`, `*` or `/`."""

    operator: str
    left: Expression
    right: Expression


Expression = Number | Name | Apply | Operation


@lru_cache(maxsize=1024)
def parse_formula(text: str) -> Expression:
    """Return the formula a text states; raises FormulaError. The same few are asked for again and again."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise FormulaError(f"{text!r} is no formula") from error
    return _expression(tree.body, text)


def names_in(expression: Expression, *, optional: bool = True) -> Iterator[str]:
    """Yield the metrics an expression names, left to right, repeated as written; without `optional` those it needs."""
    match expression:
        case Apply("optional", name):
            if optional:
                yield name
        case Name(name) | Apply(_, name):
            yield name
        case Operation(_, left, right):
            yield from names_in(left, optional=optional)
            yield from names_in(right, optional=optional)


def _expression(node: ast.expr, text: str) -> Expression:
    match node:
        case ast.Constant(value=int() | float()):
            return Number(Decimal(ast.get_source_segment(text.strip(), node) or str(node.value)))
        case ast.Name(id=name):
            return Name(name)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)], keywords=[]) if function in FUNCTIONS:
            return Apply(function, name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Operation("-", Number(Decimal(0)), _expression(operand, text))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return Operation(_OPERATORS[type(operator)], _expression(left, text), _expression(right, text))
        case _:
            raise FormulaError(f"{text!r}: {ast.unparse(node)!r} is not allowed in a formula")
