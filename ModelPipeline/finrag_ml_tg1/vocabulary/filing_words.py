"""What filings say for the words of a question: plain language, abbreviations; read from filing_words.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

import yaml

__all__ = ["filing_words_for"]

_WORD = re.compile(r"[a-z0-9&]+(?:-[a-z0-9]+)*")
_LONGEST_PHRASE = 4


def filing_words_for(question: str) -> str:
    """Return the words of filings for all phrases of a question that have some, "" for none."""
    words = _WORD.findall(question.lower())
    return " ".join(dict.fromkeys(_found(words)))


def _found(words: list[str]) -> Iterator[str]:
    known = _filing_words()
    for length in range(_LONGEST_PHRASE, 0, -1):
        for start in range(len(words) - length + 1):
            phrase = " ".join(words[start : start + length])
            if phrase in known:
                yield known[phrase]


@lru_cache(maxsize=1)
def _filing_words() -> Mapping[str, str]:
    text = files("finrag_ml_tg1.vocabulary").joinpath("filing_words.yaml").read_text(encoding="utf-8")
    return {str(said): str(written) for said, written in yaml.safe_load(text).items()}
