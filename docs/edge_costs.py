"""docs/edge.md: what is static on a network of caches, and what that costs against pods that serve it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, PriceList, S3Prices, read_prices

__all__ = ["edge_guide", "monthly_usd"]

_ROOT = Path(__file__).parent.parent
_VIEWS = (10_000, 100_000, 1_000_000, 10_000_000)
_PAGE_KB = Decimal(30)
_STORED_GB = Decimal(1)


def monthly_usd(views: int, prices: S3Prices) -> Decimal:
    """Return a month's dollars of a bucket that answers every view itself: what the network costs at the very most."""
    sent_gb = views * _PAGE_KB / 10**6
    paid_gb = max(Decimal(0), sent_gb - Decimal(prices.free_egress_gb_month))
    gets = Decimal(views) / 1000 * Decimal(prices.get_1000.usd)
    return gets + _STORED_GB * Decimal(prices.storage_gb_month.usd) + paid_gb * Decimal(prices.egress_gb.usd)


def edge_guide() -> str:
    """Return docs/edge.md."""
    prices = read_prices(_ROOT / PRICES_FILE)
    return _GUIDE.format(views=_views(prices), pods=_pods(prices), as_of=prices.s3.as_of.isoformat())


def _views(prices: PriceList) -> str:
    return "\n".join(f"| {views:,} | {monthly_usd(views, prices.s3):.2f} |" for views in _VIEWS)


def _pods(prices: PriceList) -> str:
    rows = []
    for name, catalogue in prices.catalogues.items():
        for size, price in catalogue.sizes.items():
            month = Decimal(price.month)
            if month <= 20 and price.memory_mb >= 300:
                rows.append(f"| {name} | {size} | {price.memory_mb} | {month:.2f} | {2 * month:.2f} |")
    return "\n".join(rows)


_GUIDE = """# The front end on the edge

This file is written by `python -m docs.generate`; prices come from `deploy/pricing.yaml`.

The chat is a process: each reader has a session in it, over a WebSocket. What is static can come from a network of
caches near the reader instead: answers that are shared, and the chat's own assets.

| what | how | kept |
|---|---|---|
| answers to share | `finrag share`, `finrag edge` | by the network a day or until invalidated |
| assets of the chat (`/static/…`, names with a hash) | the front end is the origin | a year, immutable |
| the chat, its WebSocket, `/_stcore/…` | the front end | never |

```bash
finrag ask "…" --json > a.json && finrag share a.json --out shared
finrag edge shared --to s3://public-bucket/share --distribution E2EXAMPLE
```

Files are put when they differ, assets first and pages last; then the network forgets the pages that changed.
`--prune` removes pages that the folder no longer has, which takes a shared answer back; copies that somebody saved
are his. A page's name has a hash of its answer, so that nobody guesses it; who has the address can read it. The
bucket needs `s3:PutObject`, `s3:ListBucket` and `s3:DeleteObject`, the distribution `cloudfront:CreateInvalidation`;
the bucket is the origin without an origin path. Another network than CloudFront: leave `--distribution` out; it keeps
a page for a day.

## What it costs

A month of pages of 30 kB, 1 GB stored, if the bucket answered every view itself (prices as of {as_of}); a network
that keeps pages makes it less, and has its own free allowance and price:

| views a month | USD |
|---|---|
{views}

The same pages from pods, which cost the same whether anybody reads; two, so that one may restart:

| catalogue | size | MB | one pod, USD a month | two |
|---|---|---|---|---|
{pods}

The owner's notes put the network at $0–5 and pods at $5–20 a month: the tables agree up to a million views. Beyond,
what is sent out of the bucket is the cost, which is what the network is for. A view from the edge takes less than 50
ms by the notes; that is the network's to keep and is not measured here. The chat itself needs its pod all the same:
the network takes load from it, and does not replace it.
"""
