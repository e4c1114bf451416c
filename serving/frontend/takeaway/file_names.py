"""Names of the files to take away: what they are about, and the day."""

import re
import unicodedata
from datetime import date

from serving.frontend.contract.answer import Answer
from serving.frontend.conversation.conversation import Turn

__all__ = ["name_answer", "name_conversation"]

_MOST_CHARS = 48
_MOST_COMPANY_WORDS = 2


def name_answer(turn: Turn, made_on: date) -> str:
    """Return a name without its ending: the company and year where the question does not say them, question, day."""
    question = _make_slug(turn.question, _MOST_CHARS)
    subject = _describe_subject(turn.outcome, question) if isinstance(turn.outcome, Answer) else []
    return "-".join(["finrag", *subject, question or f"answer-{turn.number}", made_on.isoformat()])


def name_conversation(made_on: date) -> str:
    """Return a name without its ending."""
    return f"finrag-conversation-{made_on.isoformat()}"


def _describe_subject(answer: Answer, question: str) -> list[str]:
    """Return the company, where it is one and the question does not name it, and the year, where it is one."""
    understood = answer.understood
    words = _make_slug(understood.companies[0].name, _MOST_CHARS).split("-") if len(understood.companies) == 1 else [""]
    company = "-".join(words[:_MOST_COMPANY_WORDS]) if words[0] not in question.split("-") else ""
    year = str(understood.fiscal_years[0]) if len(understood.fiscal_years) == 1 else ""
    return [part for part in (company, f"fy{year}" if year and year not in question else "") if part]


def _make_slug(text: str, most_chars: int) -> str:
    """Return the text as small ASCII letters and digits with hyphens between words, cut at a word's end."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", errors="ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])['’](?=[a-z])", "", ascii_text)))
    return slug if len(slug) <= most_chars else slug[: most_chars + 1].rpartition("-")[0] or slug[:most_chars]
