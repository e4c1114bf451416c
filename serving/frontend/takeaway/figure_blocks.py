"""Exact numbers and how they were calculated, as blocks."""

from collections.abc import Mapping, Sequence

from serving.frontend.contract.figures import Calculation, Fact, Figure, format_exact
from serving.frontend.takeaway.blocks import Block, Heading, Items, Paragraph, Run, plain

__all__ = ["build_numbers", "build_steps"]

Anchors = Mapping[int, str]


def build_numbers(facts: Sequence[Fact], anchors: Anchors) -> Items:
    """Return an entry for each fact: every digit, tag, dates, filing, and the source it is printed in.

    A list and no table: names of tags are long and do not break. Companies are named when there are several.
    """
    is_named = len({fact.company for fact in facts}) > 1
    return Items(tuple((_describe_fact(fact, anchors, is_named=is_named),) for fact in facts))


def build_steps(calculations: Sequence[Calculation], anchors: Anchors, *, level: int) -> tuple[Block, ...]:
    """Return each calculation under a heading of a level: result, formula, the numbers put in, and where they are."""
    blocks: list[Block] = []
    for calculation in calculations:
        company = f"{calculation.company}: " if calculation.company else ""
        steps = [
            (Run("Result: "), Run(_write_value(calculation), is_bold=True), Run(_describe_share(calculation))),
            plain(f"Formula: {calculation.formula}"),
            *([plain(f"With the numbers: {calculation.expression}")] if calculation.expression else []),
        ]
        items: list[tuple[Block, ...]] = [(Paragraph((step,)),) for step in steps]
        if calculation.inputs:
            items.append((Paragraph((plain("Inputs:"),)), build_numbers(calculation.inputs, anchors)))
        blocks += [Heading(level, plain(company + calculation.name)), Items(tuple(items))]
    return tuple(blocks)


def _describe_fact(fact: Fact, anchors: Anchors, *, is_named: bool) -> Paragraph:
    company = f"{fact.company or fact.ticker}: " if is_named else ""
    tag = "read from the printed table" if fact.source == "table" else fact.concept
    parts = "; ".join([tag, *(f"{axis} = {member}" for axis, member in fact.dimensions)])
    dates = f"{fact.period_start} to {fact.period_end}" if fact.period_start else f"at {fact.period_end}"
    name = (Run(f"{company}{fact.label}, {fact.period}: "), Run(_write_value(fact), is_bold=True))
    origin = Run(f"{parts} · {dates} · filing {fact.accession}")
    if fact.citation is None:
        return Paragraph((name, (origin,)))
    anchor = anchors.get(fact.citation, "")
    source = Run(f"[{fact.citation}]", target=f"#{anchor}" if anchor else "")
    return Paragraph((name, (origin, Run(" · printed in "), source)))


def _write_value(figure: Figure) -> str:
    digits = format_exact(figure.value, grouped=True)
    return digits if figure.unit == "pure" else f"{digits} {figure.unit}"


def _describe_share(calculation: Calculation) -> str:
    """Return a share as the percentage it is meant as; "" for what is meant as it is."""
    unit = {"percent": "%", "points": "percentage points"}.get(calculation.display, "")
    is_share = calculation.unit == "pure" and unit
    return f", or {format_exact(calculation.value * 100, grouped=True)} {unit}" if is_share else ""
