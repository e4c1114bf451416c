"""Programs of financial question sets, as formulas of the product's own language over printed numbers.

Three notations: calls as of FinQA, nested ("divide(subtract(9, 8), 8)") or one after another ("subtract(9, 8),
divide(#0, 8)"), and sums as people write them ("(9 - 8) / 8", of TAT-QA).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from finrag_ml_tg1.vocabulary.formulas import FormulaError, parse_formula

__all__ = ["ProgramError", "TranslatedProgram", "translate_calls", "translate_sum"]

_TOKEN = re.compile(r"\s*(?:(?P<call>[a-z_]+)\(|(?P<mark>[(),])|(?P<word>[^(),]+))")
_TABLE_CALL = re.compile(r"\s*(?P<call>table_(?:max|min|sum|average))\((?P<row>.*?),\s*none\s*\)")
_NUMBER = re.compile(r"(?P<sign>[-–−]?)\$?\s*(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*(?P<percent>%?)")
_PRINTED = re.compile(r"\$?\s*(?:\d[\d,]*(?:\.\d+)?|\.\d+)\s*%?")
_CELL = re.compile(r"[-–−]?\s*" + _PRINTED.pattern)
_OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "greater": "-"}
_CONSTANTS = {"m1": "-1"}
_MOST_FACTORS = 60
# A number alone in parentheses is negative, as statements print it.
_IN_PARENTHESES = re.compile(rf"\(\s*({_PRINTED.pattern})\s*\)")
_ALIKE = str.maketrans({"[": "(", "]": ")", "–": "-", "−": "-", "—": "-", "×": "*", "÷": "/"})


class ProgramError(Exception):
    """A program cannot be written as a formula; the message says why."""


@dataclass(frozen=True, slots=True)
class TranslatedProgram:
    """A formula, the printed numbers it is made of, and whether its sign is the answer (positive: yes), not itself."""

    formula: str
    numbers: tuple[Decimal, ...]
    asks_whether: bool = False


def translate_calls(program: str, table: Sequence[Sequence[str]]) -> TranslatedProgram:
    """Return the formula of a program of calls; the last call's result is the program's. Raises ProgramError."""
    reader = _Reader(program, table)
    return reader.read()


def translate_sum(text: str) -> TranslatedProgram:
    """Return the formula of a sum as people write it; raises ProgramError for words."""
    numbers: list[Decimal] = []

    def written(match: re.Match[str]) -> str:
        formula, value = _literal(match[0])
        numbers.append(value)
        return formula

    plain = _IN_PARENTHESES.sub(r"(-\1)", text.translate(_ALIKE)).replace("$(", "(")
    formula = _PRINTED.sub(written, plain).strip()
    try:
        parse_formula(formula)
    except FormulaError as error:
        raise ProgramError(str(error)) from error
    return TranslatedProgram(formula, tuple(numbers))


@dataclass
class _Reader:
    """Reads one program of calls from left to right."""

    program: str
    table: Sequence[Sequence[str]]
    numbers: list[Decimal] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    position: int = 0
    asks_whether: bool = False

    def read(self) -> TranslatedProgram:
        while True:
            self.results.append(self._operand())
            if self.position >= len(self.program.rstrip()):
                return TranslatedProgram(self.results[-1], tuple(self.numbers), self.asks_whether)
            self._expect(",")

    def _operand(self) -> str:
        of_table = _TABLE_CALL.match(self.program, self.position)
        if of_table is not None:
            self.position = of_table.end()
            return self._of_row(of_table["call"], of_table["row"])
        token = self._next()
        if token["call"]:
            return self._call(token["call"])
        if token["word"]:
            return self._word(token["word"].strip())
        raise ProgramError(f"a number or a call is due before {self.program[token.start() :]!r}")

    def _call(self, name: str) -> str:
        left = self._operand()
        self._expect(",")
        right = self._operand()
        self._expect(")")
        if name == "exp":
            return self._power(left, right)
        if name not in _OPERATORS:
            raise ProgramError(f"{name} is no operation known")
        self.asks_whether = self.asks_whether or name == "greater"
        return f"({left} {_OPERATORS[name]} {right})"

    def _power(self, base: str, exponent: str) -> str:
        if not exponent.isdigit() or not 0 < int(exponent) <= _MOST_FACTORS:
            raise ProgramError(f"{exponent} is no whole number of factors")
        return "(" + " * ".join([base] * int(exponent)) + ")"

    def _word(self, word: str) -> str:
        if word.startswith("#"):
            number = int(word[1:]) if word[1:].isdigit() else len(self.results)
            if number >= len(self.results):
                raise ProgramError(f"{word} refers to no earlier call")
            return self.results[number]
        if word.startswith("const_"):
            constant = _CONSTANTS.get(word[6:], word[6:])
            return _literal(constant)[0]
        written, value = _literal(word)
        self.numbers.append(value)
        return written

    def _of_row(self, call: str, label: str) -> str:
        """An operation over a row of the table: a sum, a mean, or the cell that is largest or smallest."""
        rows = [row for row in self.table if row and _plain(row[0]) == _plain(label)]
        if not rows:
            raise ProgramError(f"the table has no row {label!r}")
        printed = (_IN_PARENTHESES.sub(r"-\1", cell) if cell.startswith("(") else cell for cell in rows[-1][1:])
        cells = [_literal(match[0]) for cell in printed if (match := _CELL.search(cell))]
        if not cells or len(cells) != len(rows[-1]) - 1:
            raise ProgramError(f"the row {label!r} does not hold numbers alone")
        self.numbers.extend(value for _, value in cells)
        added = " + ".join(written for written, _ in cells)
        chosen: Mapping[str, Callable[[], str]] = {
            "table_sum": lambda: f"({added})",
            "table_average": lambda: f"(({added}) / {len(cells)})",
            "table_max": lambda: max(cells, key=lambda cell: cell[1])[0],
            "table_min": lambda: min(cells, key=lambda cell: cell[1])[0],
        }
        return chosen[call]()

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token["mark"] != mark:
            raise ProgramError(f"{mark!r} is due before {self.program[token.start() :]!r}")

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self.program, self.position)
        if token is None:
            raise ProgramError("the program ends early")
        self.position = token.end()
        return token


def _literal(text: str) -> tuple[str, Decimal]:
    """A number as written in a formula, and as printed with its sign: 6% is 6 printed and 0.06 to calculate with."""
    match = _NUMBER.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ProgramError(f"{text!r} is no number")
    digits = match["digits"].replace(",", "")
    written = f"({digits} / 100)" if match["percent"] else digits
    return (f"(-{written})" if match["sign"] else written), Decimal(digits) * (-1 if match["sign"] else 1)


def _plain(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", label.lower()).strip()
