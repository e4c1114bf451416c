"""How numbers came about, as Markdown: formula, numbers put in, result, inputs, tags. Pure; shows nothing itself.

Inputs are in tables of few columns; formulas and tags are in lists. The name of a tag is long and does not break, so a
table with it would be wider than most windows, and so would one with all that is said of a number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from serving.frontend.contract.figures import Calculation, Fact, Figure, format_exact
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.scale import write_rounded

__all__ = ["build_trace"]


@dataclass(frozen=True, slots=True)
class _Manner:
    """Whether companies are named, and whether it is known where a number is printed."""

    is_named: bool
    is_cited: bool


def build_trace(facts: Sequence[Fact], calculations: Sequence[Calculation], *, is_cited: bool = True) -> str:
    """Return each calculation with its inputs, those of one formula together, then the other facts.

    Companies are named when there are several; sources are numbered where the numbers come with some (`is_cited`).
    """
    figures: tuple[Figure, ...] = (*calculations, *facts)
    manner = _Manner(len({figure.company for figure in figures}) > 1, is_cited)
    blocks = [_build_calculation(group, manner) for group in _group_by_formula(calculations)]
    used = {_identify(fact) for each in calculations for fact in each.inputs}
    others = [fact for fact in facts if _identify(fact) not in used]
    if others:
        title = ["**Other numbers**"] if calculations else []
        blocks.append("\n\n".join([*title, *_build_inputs("Number", others, manner)]))
    return "\n\n".join(blocks)


def _group_by_formula(calculations: Sequence[Calculation]) -> list[list[Calculation]]:
    groups: dict[tuple[str, str], list[Calculation]] = {}
    for each in calculations:
        groups.setdefault((each.measure, _write_formula(each)), []).append(each)
    return list(groups.values())


def _write_formula(calculation: Calculation) -> str:
    """Return the formula in words; that of a change names its years, which would part what belongs together."""
    return "" if "fiscal" in calculation.formula else calculation.formula


def _build_calculation(group: Sequence[Calculation], manner: _Manner) -> str:
    inputs = {_identify(fact): fact for each in group for fact in each.inputs}.values()
    results = _describe_result(group[0], manner) if len(group) == 1 else _list_results(group, manner)
    return "\n\n".join([*results, *_build_inputs("Input", inputs, manner)])


def _describe_result(calculation: Calculation, manner: _Manner) -> list[str]:
    name = f"{calculation.company}: {calculation.name}" if manner.is_named else calculation.name
    lines = [
        ("Formula", calculation.formula),
        ("In numbers", calculation.expression),
        ("Exact result", _write_exact(calculation.value, calculation.unit)),
        ("Rounded", _write_rounded(calculation)),
    ]
    listed = "\n".join(f"- {title}: {escape_inline(words)}" for title, words in lines if words)
    return [f"**{escape_inline(name)}**", listed]


def _list_results(group: Sequence[Calculation], manner: _Manner) -> list[str]:
    formula = _write_formula(group[0])
    title = f"**{escape_inline(group[0].measure)}**" + (f" = {escape_inline(formula)}" if formula else "")
    return [title, "\n".join(_list_one_of(each, manner) for each in group)]


def _list_one_of(calculation: Calculation, manner: _Manner) -> str:
    company = f"{calculation.ticker or calculation.company}, " if manner.is_named else ""
    rounded = f"{company}{calculation.period}: {_write_rounded(calculation)}"
    exact = _write_exact(calculation.value, calculation.unit)
    steps = f"{calculation.expression or calculation.formula} = {exact}"
    return f"- {escape_inline(rounded)}  \n  :small[{escape_inline(steps)}]"


def _build_inputs(title: str, facts: Iterable[Fact], manner: _Manner) -> list[str]:
    """Return the table of the numbers, and the list of their tags and filings."""
    listed = list(facts)
    head = (title, "Exact value", *(["Source"] if manner.is_cited else []))
    rows = [
        (
            f"{_name(fact, manner)}, {fact.period}, {_write_dates(fact)}",
            _write_exact(fact.value, fact.unit),
            *([f"[{fact.citation}]" if fact.citation is not None else "not printed"] if manner.is_cited else []),
        )
        for fact in listed
    ]
    return [_build_table(head, rows), _list_origins(listed, manner)]


def _list_origins(facts: Sequence[Fact], manner: _Manner) -> str:
    """Return tag and filing of each number; periods that have both in common share a line."""
    origins: dict[tuple[str, str, str], list[str]] = {}
    for fact in facts:
        tag = "read from the printed table" if fact.source == "table" else fact.concept
        parts = "".join(f" ({axis} = {member})" for axis, member in fact.dimensions)
        origins.setdefault((_name(fact, manner), tag + parts, fact.accession), []).append(fact.period)
    return "\n".join(
        f"- {escape_inline(f'{name}, ' + ', '.join(dict.fromkeys(periods)))}  \n"
        f"  :small[{escape_inline(f'{tag} · filing {accession}')}]"
        for (name, tag, accession), periods in origins.items()
    )


def _name(fact: Fact, manner: _Manner) -> str:
    return f"{fact.ticker or fact.company}: {fact.label}" if manner.is_named else fact.label


def _write_dates(fact: Fact) -> str:
    return f"{fact.period_start} to {fact.period_end}" if fact.period_start else f"at {fact.period_end}"


def _write_exact(value: Decimal, unit: str) -> str:
    digits = format_exact(value, grouped=True).replace("-", "−")
    return digits if unit == "pure" else f"{digits} {unit}"


def _write_rounded(calculation: Calculation) -> str:
    return write_rounded(calculation.value, calculation.unit, calculation.display)


def _identify(fact: Fact) -> tuple[object, ...]:
    """Return what makes two mentions of a number the same number, wherever it is printed."""
    return fact.company, fact.concept, fact.label, fact.dimensions, fact.period_start, fact.period_end, fact.accession


def _build_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose second column is of numbers, in small type: it has to fit a narrow window."""
    rule = [":---", "---:", ":---"][: len(head)]
    body = [" | ".join(f":small[{escape_inline(cell)}]" for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in [" | ".join(head), " | ".join(rule), *body])
