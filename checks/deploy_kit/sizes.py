"""What of the price list the kit's files are held against: the sizes of the platform as it is now."""

from __future__ import annotations

from functools import cache

import yaml

from finrag_ml_tg1.operations.cost.prices import PriceList, Size

__all__ = ["read_sizes"]


@cache
def read_sizes(text: str) -> dict[str, Size]:
    """Return the sizes, by name, of the newest catalogue of deploy/pricing.yaml."""
    catalogues = PriceList.model_validate(yaml.safe_load(text)).catalogues
    return max(catalogues.values(), key=lambda each: each.as_of).sizes
