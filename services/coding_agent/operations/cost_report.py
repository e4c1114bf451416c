"""What `cost` prints: for people, with what is sure and what is not told apart, and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from coding_agent.operations.cost import Comparison, CostLine, Group, Verdict, cents, compare, total
from coding_agent.operations.price_list import Confidence, Price

__all__ = ["cost_json", "cost_text"]

_MARKS = {Confidence.NOTES: " ", Confidence.REPORTED: "~", Confidence.ESTIMATED: "≈"}


def cost_text(lines: Sequence[CostLine], prices: Mapping[str, Price]) -> str:
    """Return a table of the month, and how it lies to what was planned."""
    rows: list[str] = []
    for group in Group:
        rows.append(f"{group}:")
        for line in lines:
            if line.group is group:
                rows.append(f"  {line.name:<20} {_MARKS[line.confidence]}{cents(line.usd):>9}  {line.how}")
        rows.append(f"  {'sum':<20}  {cents(total(lines, group)):>9}")
    rows.append(f"{'AWS and model':<22}  {cents(total(lines)):>9} USD a month, before tax")
    for name, aws in (("notes' lines", total(lines, Group.NOTES)), ("all lines", total(lines))):
        rows.append(f"{name} with Sevalla: {_in_words(compare(aws, prices))}")
    oldest = min(price.as_of for price in prices.values())
    rows.append(
        f"~ reported by others, ≈ estimated: look up before a decision. Prices as of {oldest}, sources in prices.toml."
    )
    rows.append("Not in it: traffic through NAT and to the internet, requests of WAF, S3, snapshots, tax.")
    return "\n".join(rows)


def cost_json(lines: Sequence[CostLine], prices: Mapping[str, Price]) -> str:
    """Return the same for programs: exact decimals or cents as strings."""
    content = {
        "lines": [
            {
                "name": line.name,
                "usd": str(cents(line.usd)),
                "how": line.how,
                "group": line.group.value,
                "confidence": line.confidence.value,
            }
            for line in lines
        ],
        "usd_notes": str(cents(total(lines, Group.NOTES))),
        "usd_beyond": str(cents(total(lines, Group.BEYOND))),
        "usd_total": str(cents(total(lines))),
        "with_sevalla": {
            "notes": _as_json(compare(total(lines, Group.NOTES), prices)),
            "all": _as_json(compare(total(lines), prices)),
        },
        "prices": {
            price.name: {
                "usd": str(price.usd),
                "per": price.per,
                "confidence": price.confidence.value,
                "as_of": price.as_of.isoformat(),
                "source": price.source,
            }
            for price in prices.values()
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def _as_json(compared: Comparison) -> dict[str, str]:
    return {"low": str(cents(compared.low)), "high": str(cents(compared.high)), "verdict": compared.verdict.value}


def _in_words(compared: Comparison) -> str:
    planned = f"the planned {compared.planned_low} to {compared.planned_high}"
    words = f"{cents(compared.low)} to {cents(compared.high)}, {compared.verdict} {planned}"
    if compared.verdict is Verdict.INSIDE:
        return words
    beside = []
    if compared.low < compared.planned_low:
        beside.append(f"low end {cents(compared.planned_low - compared.low)} below it")
    if compared.high > compared.planned_high:
        beside.append(f"high end {cents(compared.high - compared.planned_high)} above it")
    return f"{words} ({', '.join(beside)})"
