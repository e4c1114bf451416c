"""Facts and calculations as a Markdown list: every digit, the tag, the filing. Pure; shows nothing itself."""

from collections.abc import Sequence

from serving.frontend.contract.figures import Calculation, Fact, Figure, format_exact
from serving.frontend.markup.escaping import escape_inline

__all__ = ["build_list"]


def build_list(facts: Sequence[Fact], calculations: Sequence[Calculation]) -> str:
    """Return one entry for each number, calculations first; companies are named when there are several.

    A list and no table: names of tags are long and do not break, so a table would be wider than most windows.
    """
    figures: tuple[Figure, ...] = (*calculations, *facts)
    is_named = len({figure.company for figure in figures}) > 1
    return "\n".join(_describe(figure, is_named=is_named) for figure in figures)


def _describe(figure: Figure, *, is_named: bool) -> str:
    company = f"{figure.ticker or figure.company}: " if is_named else ""
    label = figure.name if isinstance(figure, Calculation) else f"{figure.label}, {figure.period}"
    digits = format_exact(figure.value, grouped=True)
    value = digits if figure.unit == "pure" else f"{digits} {figure.unit}"
    origin = figure.formula if isinstance(figure, Calculation) else _describe_origin(figure)
    return f"- {escape_inline(company + label)}: **{escape_inline(value)}**  \n  :small[{escape_inline(origin)}]"


def _describe_origin(fact: Fact) -> str:
    """Return tag, dates and filing, and the number of the source the fact is printed in."""
    dates = f"{fact.period_start} to {fact.period_end}" if fact.period_start else f"at {fact.period_end}"
    tag = "read from the printed table" if fact.source == "table" else fact.concept
    place = f" [{fact.citation}]" if fact.citation is not None else ""
    return f"{tag} · {dates} · {fact.accession}{place}"
