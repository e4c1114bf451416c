"""Characters that would change what a reader sees without being seen themselves. Pure; shows nothing itself.

A direction override makes `12.5` read `5.21`: where exact words are the point, that is a falsehood. Such characters of
filings, models and questions are shown as U+FFFD, so that nobody takes the words for untouched; the three marks that
word processors scatter and that cannot turn a word round become invisible and without direction. Letters that are
written from right to left are kept, each run of them by itself: "10-K" behind them stays "10-K".
"""

import re

__all__ = ["isolate", "replace_controls"]

_REPLACEMENT = "\ufffd"
_WORD_JOINER = "\u2060"
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
# Embeddings, overrides, isolates; controls other than tab and line ends; halves of a character, which no UTF-8 holds.
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_DIRECTION_MARK = re.compile("[\u200e\u200f\u061c]")
_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RIGHT_TO_LEFT = re.compile(f"[{_LETTERS}]+(?: [{_LETTERS}]+)*")


def replace_controls(text: str) -> str:
    """Return the text, as long as before, with no character left that could reorder what stands around it."""
    return _DIRECTION_MARK.sub(_WORD_JOINER, _CONTROL.sub(_REPLACEMENT, text))


def isolate(text: str, opening: str = _FIRST_STRONG_ISOLATE, closing: str = _POP_ISOLATE) -> str:
    """Return the text with each run of right-to-left letters set apart, so that what is around keeps its order."""
    return text if text.isascii() else _RIGHT_TO_LEFT.sub(rf"{opening}\g<0>{closing}", text)
