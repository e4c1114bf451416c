"""Time, model and price of an answer in plain words. Pure; shows nothing itself."""

from serving.frontend.contract.answer import Answer

__all__ = ["describe_cost", "describe_price", "describe_steps"]

_STEPS = {
    "understanding": "understood",
    "facts": "numbers looked up",
    "retrieval": "passages found",
    "answering": "quoted and calculated",
    "first_token": "first words of the model",
    "writing": "written by the model",
    "checking": "checked",
    "cache": "found among earlier answers",
}


def describe_cost(answer: Answer) -> str:
    """Return time, writer and price of an answer."""
    parts = [_duration(answer.processing_time_ms)] if answer.processing_time_ms is not None else []
    return " · ".join([*parts, _describe_writer(answer), _describe_cost_of(answer)])


def describe_steps(answer: Answer) -> list[str]:
    """Return the steps of an answer with the milliseconds they took, and the tokens it used, one line each."""
    lines = [f"{_STEPS.get(name, name)}: {ms:,.0f} ms" for name, ms in answer.timings_ms]
    tokens = [f"{answer.total_tokens:,} tokens"] if answer.total_tokens else []
    return [*lines, *tokens, *([answer.fallback] if answer.fallback else [])]


def _describe_writer(answer: Answer) -> str:
    if not answer.is_quoted and answer.model_id:
        return answer.model_id
    return "quoted, the language model did not answer" if answer.fallback else "quoted, no language model"


def _describe_cost_of(answer: Answer) -> str:
    if answer.is_kept:
        return "answered before, no cost"
    return describe_price(answer.cost) if answer.is_price_known else "price not known"


def describe_price(cost_usd: float | None) -> str:
    """Return a price in US dollars in plain words."""
    if not cost_usd:
        return "no model cost"
    return f"${cost_usd:.4f}" if cost_usd >= 0.0001 else "less than $0.0001"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 100 else "under 0.1 s"
