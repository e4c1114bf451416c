"""What of the price list the kit's files are held against: the sizes of the platform as it is now."""

from __future__ import annotations

from functools import cache

from finrag_ml_tg1.operations.cost.prices import PriceList, Size
from finrag_ml_tg1.operations.strict_yaml import parse_strict_yaml

__all__ = ["read_sizes"]


@cache
def read_sizes(text: str) -> dict[str, Size]:
    """Return the sizes, by name, of the current catalogue of deploy/pricing.yaml; raises ValueError."""
    return PriceList.model_validate(parse_strict_yaml(text)).current.sizes
