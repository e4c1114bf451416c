"""A plan as lines for a terminal and as plain values for programs: exact decimals as strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from finrag_ml_tg1.operations.cost.charges import Usd, as_decimal
from finrag_ml_tg1.operations.cost.prices import AwsPrices, NodePrice, Price, PriceList
from finrag_ml_tg1.operations.cost.table import write_usd
from finrag_ml_tg1.operations.scaling.planning.plan import Option, Plan
from finrag_ml_tg1.operations.scaling.planning.thresholds import Threshold

__all__ = ["plan_json", "plan_lines", "why"]


def why(plan: Plan) -> str:
    """Return in one sentence why the engine was chosen."""
    others = [option for option in plan.options if option is not plan.chosen]
    parts = [
        f"{option.engine.value}: {option.obstacle}"
        if option.obstacle
        else f"with {option.engine.value} it would be {write_usd(option.cheapest)}"
        for option in others
    ]
    return f"{plan.chosen.engine.value}, {write_usd(plan.chosen.cheapest)} a month at the least; {'; '.join(parts)}"


def plan_lines(plan: Plan, thresholds: Sequence[Threshold], prices: PriceList) -> Iterator[str]:
    """Yield the plan, the thresholds, the remarks and how the prices are known."""
    demand, chosen = plan.demand, plan.chosen
    yield (
        f"{float(demand.rps):g} questions a second at the peak, {demand.passages:,} passages, "
        f"95 % within {demand.p95_s * 1000:g} ms (tier {plan.tier.name} of the notes)"
    )
    yield ""
    yield f"engine      {why(plan)}"
    if chosen.answering is not None:
        one = chosen.answering
        yield f"a back end  {one.rate:.1f} answers a second, {one.cpu_ms:.1f} ms of processor each"
    if chosen.need is not None:
        need = chosen.need
        yield (
            f"vectors     {float(need.stored_gb):,.1f} GB stored, {float(need.memory_gb):,.1f} GB of memory in "
            f"{need.nodes} machines, {write_usd(chosen.engine_month)} a month (in all of the prices below)"
        )
    yield ""
    yield f"{'Kubernetes':<12}{'pods':>6}{'CPU each':>10}{'MB each':>9}{'GB in all':>11}"
    for pods in chosen.pods:
        yield (
            f"{pods.role:<12}{pods.count:>6}{float(pods.cpu):>10g}{float(pods.memory_mb):>9,g}"
            f"{float(pods.count * pods.memory_mb / 1024):>11,.1f}"
        )
    yield ""
    for hosted in chosen.hosted:
        yield f"{hosted.platform:<12}{write_usd(chosen.months[hosted.platform]):>12} a month   {hosted.made_of}"
    yield ""
    yield "When to move on"
    for threshold in thresholds:
        yield f"  from {threshold.at:>13,} {threshold.unit:<24} {threshold.what}"
    if plan.remarks:
        yield ""
        yield "Remarks"
        yield from (f"  {remark}" for remark in plan.remarks)
    yield ""
    yield "US dollars before tax, always on at the peak; language models, the bucket and traffic are in `finrag cost`."
    yield f"Prices: {prices.current.as_of}, {prices.current.source}; AWS {prices.aws.as_of}, {prices.aws.source}."
    assumed = ", ".join(name for name, price in _prices(prices.aws) if price.confidence == "assumed")
    if assumed:
        yield f"Assumed, not read anywhere: {assumed}."


def plan_json(plan: Plan, thresholds: Sequence[Threshold], prices: PriceList) -> dict[str, Any]:
    """Return the plan as values that JSON has; amounts of money are exact decimals as strings."""
    demand = plan.demand
    return {
        "demand": {
            "rps": _exact(demand.rps),
            "passages": demand.passages,
            "p95_ms": demand.p95_s * 1000,
            "open_share": _exact(demand.open_share),
            "chat_share": _exact(demand.chat_share),
            "mean_share": _exact(demand.mean_share),
            "refused_share": demand.refused_share,
            "filings_per_day": demand.filings_per_day,
        },
        "tier": {"name": plan.tier.name, "usd_month": list(plan.tier.usd_month)},
        "engine": plan.chosen.engine.value,
        "reason": why(plan),
        "options": [_option(option) for option in plan.options],
        "thresholds": [{"at": one.at, "unit": one.unit, "what": one.what} for one in thresholds],
        "remarks": list(plan.remarks),
        "prices": {
            name: {
                "usd": str(price.usd),
                "confidence": price.confidence,
                "as_of": (price.as_of or prices.aws.as_of).isoformat(),
                "source": price.source or prices.aws.source,
            }
            for name, price in _prices(prices.aws)
        },
    }


def _option(option: Option) -> dict[str, Any]:
    if option.obstacle is not None:
        return {"engine": option.engine.value, "obstacle": option.obstacle}
    return {
        "engine": option.engine.value,
        "pods": {
            pods.role: {"count": pods.count, "cpu": _exact(pods.cpu), "memory_mb": int(pods.memory_mb)}
            for pods in option.pods
        },
        "engine_usd_month": _exact(option.engine_month),
        "usd_month": {platform: _exact(month) for platform, month in option.months.items()},
    }


def _prices(prices: AwsPrices) -> Iterator[tuple[str, Price | NodePrice]]:
    for name in type(prices).model_fields:
        value = getattr(prices, name)
        if isinstance(value, Price):
            yield name, value


def _exact(amount: Usd) -> str:
    return f"{as_decimal(amount):f}"
