"""Times, money and usage in words, as Markdown. Pure; shows nothing itself."""

from serving.frontend.contract.usage import Totals, Usage
from serving.frontend.markup.escaping import escape_inline

__all__ = ["build_usage_table", "describe_budget", "describe_latency", "describe_uptime", "write_usd"]

_NOT_KNOWN = "–"
_SMALLEST_USD = 0.0001


def describe_uptime(seconds: float | None) -> str:
    """Return the two largest units, for example "2 h 5 min"; a dash when the time is not known."""
    if seconds is None:
        return _NOT_KNOWN
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"


def describe_latency(milliseconds: float | None) -> str:
    """Return milliseconds below one second, else seconds; a dash before the first question."""
    if milliseconds is None:
        return _NOT_KNOWN
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{milliseconds / 1000:.1f} s"


def write_usd(usd: float) -> str:
    """Return US dollars, cents and smaller only as far as they tell something."""
    if 0 < usd < _SMALLEST_USD:
        return escape_inline(f"under ${_SMALLEST_USD}")
    return escape_inline(f"${usd:,.2f}" if usd == 0 or usd >= 1 else f"${usd:.4f}")


def describe_budget(usage: Usage) -> str:
    """Return what of today's budget is left, and what follows from it."""
    budget = usage.budget
    if budget.daily_usd is None or budget.left_usd is None:
        return "Language models have no daily limit (`FINRAG_DAILY_BUDGET_USD` of the back end sets one)."
    left = f"{write_usd(budget.left_usd)} of today's {write_usd(budget.daily_usd)} for language models is left."
    if budget.is_spent:
        left = f"Today's {write_usd(budget.daily_usd)} for language models is spent: answers quote until 00:00 UTC."
    if usage.since_start_only:
        return f"{left} What was spent before the back end started is not known, and not counted."
    return left if budget.is_complete else f"{left} What was spent before the back end started is still being counted."


def build_usage_table(usage: Usage) -> str:
    """Return today and the time since a day side by side, as a Markdown table."""
    rows = [
        ("Questions", _write(usage.today.queries), _write(usage.total.queries)),
        ("Tokens read", *map(_describe_input, (usage.today, usage.total))),
        ("Tokens written", _write(usage.today.output_tokens), _write(usage.total.output_tokens)),
        ("Cost of models", write_usd(usage.today.cost_usd), write_usd(usage.total.cost_usd)),
    ]
    header = f"| | Today (UTC) | Since {escape_inline(usage.since)} |\n|:---|---:|---:|"
    return "\n".join([header, *(f"| {' | '.join(row)} |" for row in rows)])


def _describe_input(totals: Totals) -> str:
    """Return the tokens read, and how many of them the provider had kept and so sold for less."""
    kept = f" ({_write(totals.cached_tokens)} from a cache)" if totals.cached_tokens else ""
    return _write(totals.input_tokens) + kept


def _write(number: int) -> str:
    return f"{number:,}"
