"""How a question was understood: companies, years and items as chips, each of which opens their change.

Keys: `chip-N-M` (turn N), `change-N`, `ask-again`; the pickers of the dialog are `limit-N-…`.
"""

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.query import Filters
from serving.frontend.contract.understood import Understood
from serving.frontend.evidence.source_labels import label_item
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.scope.pickers import draw_pickers, read_pickers

__all__ = ["describe_filters", "filters_of", "name_chips", "open_change", "show_chips", "show_plain_chips"]

_MOST_NAMED = 3


def name_chips(understood: Understood, told_years: Collection[int] = ()) -> list[str]:
    """Return the words of the chips: who, when, and where in the filing if that was said.

    A report tells earlier years as well: where an answer gives numbers of such (`told_years`), the years of the chips
    are said to be those of the reports.
    """
    years = _name_years(understood.fiscal_years)
    tells_others = not set(told_years) <= set(understood.fiscal_years)
    chips = [
        _list([company.name for company in understood.companies], "companies") or "any company",
        (f"reports of {years}" if tells_others and years else years) or "any fiscal year",
    ]
    items = _list([label_item(item) for item in understood.items], "items")
    return [*chips, *([items] if items else [])]


def _name_years(fiscal_years: Sequence[int]) -> str:
    """Return "fiscal 2022 to 2024" for three years in a row and more, else each year."""
    years = sorted(fiscal_years)
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"fiscal {years[0]} to {years[-1]}"
    named = _list([str(year) for year in years], "fiscal years")
    return f"fiscal {named}" if 0 < len(years) <= _MOST_NAMED else named


def _list(names: Sequence[str], noun: str) -> str:
    if len(names) > _MOST_NAMED:
        return f"{len(names)} {noun}"
    return ", ".join(names)


def show_plain_chips(understood: Understood) -> None:
    """Draw the chips while they cannot be changed yet."""
    st.caption(escape_inline(f"Understood as: {' · '.join(name_chips(understood))}"))


def show_chips(number: int, answer: Answer) -> bool:
    """Draw the chips of an answer and return whether one was clicked.

    A question that was not answered and named nothing that is covered has none: it was not read as "any company".
    """
    understood = answer.understood
    is_read = understood.companies or not answer.abstained
    names = name_chips(understood, answer.told_years) if is_read else []
    with st.container(key=f"understood-{number}", horizontal=True, vertical_alignment="center", gap="xsmall"):
        if names:
            st.caption("Understood as", width="content")
        clicked = [
            st.button(escape_inline(name), key=f"chip-{number}-{position}")
            for position, name in enumerate(names, start=1)
        ]
        label = "Change" if names else "Choose companies and years"
        clicked.append(st.button(label, key=f"change-{number}", icon=":material/edit:", type="tertiary"))
    return any(clicked)


def filters_of(understood: Understood, chosen: Filters, told_years: Collection[int]) -> Filters:
    """Return the filters that limit a question to what it was understood as; what was chosen by hand comes first.

    Years are left to the question where the answer tells others (`told_years`): "the last three years" would be one.
    """
    years = understood.fiscal_years if set(told_years) <= set(understood.fiscal_years) else ()
    tickers = tuple(company.tickers[0] for company in understood.companies if company.tickers)
    return Filters(
        tickers=chosen.tickers or tickers,
        fiscal_years=chosen.fiscal_years or years,
        items=chosen.items or understood.items,
        forms=chosen.forms,
    )


def describe_filters(filters: Filters) -> str:
    """Return in plain words what a question is limited to; "" when it is not."""
    parts = [
        ", ".join(filters.tickers),
        _name_years(filters.fiscal_years),
        ", ".join(label_item(item) for item in filters.items),
        ", ".join(f"Form {form}" for form in filters.forms),
    ]
    return " · ".join(filter(None, parts))


def open_change(
    catalog: Catalog,
    number: int,
    question: str,
    chosen: Filters,
    ask_again: Callable[[Filters], None],
    on_dismiss: Callable[[], None],
) -> None:
    """Open the change of what turn `number` was understood as; `ask_again` gets what is chosen in the end."""
    dialog = st.dialog("Change what the question is limited to", width="medium", on_dismiss=on_dismiss)
    dialog(_show_change)(catalog, number, question, chosen, ask_again)


def _show_change(
    catalog: Catalog, number: int, question: str, chosen: Filters, ask_again: Callable[[Filters], None]
) -> None:
    st.markdown(f"**{escape_inline(question)}**")
    key = f"limit-{number}"
    draw_pickers(catalog, chosen, key=key)
    st.caption("What is left empty is read from the question.")
    is_clicked = st.button(
        "Ask again",
        key="ask-again",
        type="primary",
        icon=":material/refresh:",
        # Read when it is clicked: the last choice may not have been drawn yet.
        on_click=lambda: ask_again(read_pickers(key)),
    )
    if is_clicked:
        st.rerun()
