"""The comparison of the edge with pods, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from docs.edge_costs import monthly_usd
from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, read_prices
from tests.sample_index import ROOT


@pytest.mark.parametrize(
    ("views", "usd"),
    [
        # 1,000 GETs for 0.0004, a GB kept for 0.023; 30 GB sent are within the 100 free ones.
        (1_000_000, Decimal("0.423")),
        # 300 GB sent, 200 of them for 0.09.
        (10_000_000, Decimal("22.023")),
    ],
)
def test_a_month_of_views_from_the_bucket_costs_what_its_prices_say(views: int, usd: Decimal) -> None:
    """SU-10: below the notes' 5 dollars up to a million views."""
    assert monthly_usd(views, read_prices(ROOT / PRICES_FILE).s3) == usd
