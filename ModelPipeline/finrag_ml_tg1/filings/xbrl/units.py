"""The units of a document, written as people do: "USD", "shares", "USD/shares" (XBRL 2.1 §4.8)."""

from __future__ import annotations

from lxml import html

from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.names import XBRL_INSTANCE, Names

__all__ = ["read_units"]


def read_units(root: html.HtmlElement, names: Names) -> dict[str, str | Unreadable]:
    """Return every unit by its id, or why it cannot be used; factors are joined by "*", sorted."""
    numerators = names.tags(XBRL_INSTANCE, "unitNumerator")
    denominators = names.tags(XBRL_INSTANCE, "unitDenominator")
    measures = names.tags(XBRL_INSTANCE, "measure")
    units: dict[str, str | Unreadable] = {}
    for element in root.iter(*names.tags(XBRL_INSTANCE, "unit")):
        identifier = element.get("id") or ""
        above = [_product(part, measures) for part in element.iter(*numerators)]
        below = [_product(part, measures) for part in element.iter(*denominators)]
        if not above and not below:
            above = [_product(element, measures)]
        unit: str | Unreadable = "/".join(above + below)
        if len(above) != 1 or len(below) > 1 or not all(above + below):
            unit = Unreadable(f"the unit {identifier} states no measure")
        if identifier in units and units[identifier] != unit:
            unit = Unreadable(f"two units bear the id {identifier}")
        units[identifier] = unit
    return units


def _product(element: html.HtmlElement, measures: tuple[str, ...]) -> str:
    """The local names of the measures below an element."""
    factors = [(measure.text or "").strip().rpartition(":")[2] for measure in element.iter(*measures)]
    return "*".join(sorted(factors)) if all(factors) else ""
