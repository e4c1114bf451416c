"""Kubernetes quantities as exact numbers.

Grammar and suffixes: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["parse_quantity"]

_LONGEST = 32
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
)
_FACTORS = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}


def parse_quantity(text: str) -> Fraction:
    """Return the exact value in cores, bytes or pieces. Raises ValueError with a sentence for the caller."""
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError("is not a Kubernetes quantity such as 250m, 1.5, 512Mi or 1Gi")
    if match["exponent"]:
        return Fraction(match["number"]) * Fraction(10) ** int(match["exponent"])
    return Fraction(match["number"]) * _FACTORS[match["suffix"] or ""]
