"""Whether a table's numbers are of a day, as a balance is, or of the time up to it, as sales are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

__all__ = ["TableKind", "table_kind"]

_BALANCES = re.compile(
    r"\bassets\b|\bliabilit|\bpayables?\b|\breceivables?\b|\binventor|\bgoodwill\b|\bproperty\b|^land\b|"
    r"\bbuildings\b|"
    r"\bconstruction\b|\baccrued\b|\bdeferred\b|\ballowance\b|\baccumulated\b|\bsecurities\b|\bnotes? due\b|\bdebt\b|"
    r"\bcash equivalents\b|\bfunded\b|\bequipment\b|\bmachinery\b|\bfinished goods\b|\braw materials\b",
    re.IGNORECASE,
)
_FLOWS = re.compile(
    r"\brevenues?\b|\bsales\b|\bexpenses?\b|\bcosts?\b|\bnet (?:income|earnings|loss)\b|\bbefore\b|\bprovision\b|"
    r"\bcharges?\b|\bpaid\b|\bpayments?\b|\bproceeds\b|\bgains?\b|\blosses\b|\bearnings\b|\bincome\b|\bgranted\b|"
    r"\bexpected (?:volatility|term|life|return)\b|\brecognized\b|\bbenefit\b|\bmargin\b|\bprofit\b|"
    r"\bfederal\b|\bstate\b",
    re.IGNORECASE,
)
TableKind = Literal["balances of a statement", "flows of a statement", "balances", "flows", ""]


def table_kind(statement: str, labels: Sequence[str]) -> TableKind:
    """Return whether a table's numbers are of a day or of a time, as its statement or most of its rows tell."""
    if statement == "balance":
        return "balances of a statement"
    if statement != "none":
        return "flows of a statement"
    balances = flows = 0
    for label in labels:
        is_flow = _FLOWS.search(label) is not None
        flows += is_flow
        balances += not is_flow and _BALANCES.search(label) is not None
    if balances >= 2 * max(flows, 1):
        return "balances"
    return "flows" if flows > balances else ""
