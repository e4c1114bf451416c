"""Programs of financial question sets, carried out by the calculator that answers questions.

A program is judged when every number in it is printed in its context or question; what it has to give is the set's own
result, whether that is right or not.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from finrag_ml_tg1.evaluation.program_formulas import (
    ProgramError,
    TranslatedProgram,
    translate_calls,
    translate_sum,
)
from finrag_ml_tg1.evaluation.program_sets import Program, read_programs
from finrag_ml_tg1.evaluation.report import Outcome, share
from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError
from finrag_ml_tg1.facts.ledger import Ledger
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["evaluate_programs"]

# The sets round: results of calls to five places, those of sums to two.
_TOLERANCES = {"calls": 0.5e-5, "sum": 0.5e-2}
_BINARY_NOISE = 1e-9
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
# Counts, percent and scales that people write into a sum and no context prints.
_NEEDS_NO_PRINT = frozenset(map(Decimal, (*range(1, 13), 100, 1_000, 1_000_000)))


def evaluate_programs(questions: Path, contexts: Path) -> Outcome:
    """Carry out every program of the questions and compare its result with the set's.

    `eligible` are those whose numbers are all printed; `reproduced` is the share of them that give the set's result, to
    half of its last place: the fifth for programs of calls, the second for sums (whose answers in percent are the ratio
    times 100). Raises SettingsError when a file is not as agreed.
    """
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    misses: list[dict[str, object]] = []
    for program in read_programs(questions, contexts):
        verdict, reason = _judged(program)
        verdicts[program.source][verdict] += 1
        if verdict != "reproduced":
            misses.append(
                {
                    "question": program.name,
                    "verdict": verdict,
                    "program": program.text,
                    "expected": program.expected,
                    "reason": reason,
                }
            )
    total = sum(verdicts.values(), Counter[str]())
    return Outcome(
        total.total(),
        _shares(total) | {"tolerance_calls": _TOLERANCES["calls"], "tolerance_sums": _TOLERANCES["sum"]},
        misses,
        by_type={source: {"n": counts.total(), **_shares(counts)} for source, counts in sorted(verdicts.items())},
    )


def _judged(program: Program) -> tuple[str, str]:
    """Say "reproduced", "other result", or why the program takes no part, with the reason in words."""
    try:
        if program.notation == "calls":
            translated = translate_calls(program.text, program.table)
        else:
            translated = translate_sum(program.text)
    except ProgramError as error:
        return "unreadable", str(error)
    unprinted = _unprinted(program, translated)
    if unprinted:
        return "not printed", ", ".join(map(str, unprinted))
    given = _calculated(translated.formula)
    if isinstance(given, str):
        return "other result", given
    is_same = _is_same(program, translated, given)
    return ("reproduced", "") if is_same else ("other result", f"{translated.formula} = {given}")


def _unprinted(program: Program, translated: TranslatedProgram) -> list[Decimal]:
    """The numbers of a program that neither the context nor the question prints, whatever their sign."""
    printed = {Decimal(digits.replace(",", "")) for digits in _DIGITS.findall(program.words)}
    if any(_is_dash(cell) for row in program.table for cell in row):
        printed.add(Decimal(0))
    known = printed | (_NEEDS_NO_PRINT if program.notation == "sum" else frozenset())
    return [number for number in translated.numbers if abs(number) not in known]


def _is_dash(cell: str) -> bool:
    """Whether a cell prints nil as statements do."""
    return cell.strip(" $") in ("-", "–", "—")


def _calculated(formula: str) -> Decimal | str:
    """The value of a formula of numbers alone, or why it has none: no company's facts take part."""
    calculator = Calculator(Ledger(CompanyFacts(0, (), {}), load_metrics()))
    try:
        return calculator.formula(formula, FiscalPeriod(0), "The program").value
    except MissingInputError as error:
        return error.missing.reason


def _is_same(program: Program, translated: TranslatedProgram, given: Decimal) -> bool:
    if translated.asks_whether or isinstance(program.expected, str):
        return program.expected == ("yes" if given > 0 else "no")
    near = _TOLERANCES[program.notation]
    values = [float(given), float(given * 100)] if program.is_percent else [float(given)]
    return any(
        math.isclose(value, program.expected, rel_tol=_BINARY_NOISE, abs_tol=near * (1 + 1e-6)) for value in values
    )


def _shares(counts: Counter[str]) -> dict[str, float]:
    eligible = counts["reproduced"] + counts["other result"]
    return {
        "eligible": eligible,
        "reproduced": share(counts["reproduced"], eligible),
        "other_result": counts["other result"],
        "not_printed": counts["not printed"],
        "unreadable": counts["unreadable"],
    }
