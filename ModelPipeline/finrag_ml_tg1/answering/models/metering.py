"""What one answer brings, held to what the model may write: a provider's stream and its counts are not trusted."""

from __future__ import annotations

from finrag_ml_tg1.answering.models.language_model import ModelProfile, Prompt, TokenUsage

__all__ = ["Meter"]

# As English text has on average.
_CHARS_PER_TOKEN = 4
# No model writes more for one of its tokens, table rules and long words included.
_MOST_CHARS_PER_TOKEN = 8
# Some providers send an event for each token, and some of thinking or keeping alive.
_MOST_EVENTS_PER_TOKEN = 8
# Thinking may be counted on top of what is written.
_MOST_COUNTED = 2


class Meter:
    """Counts one answer of a model, event by event."""

    def __init__(self, profile: ModelProfile, prompt: Prompt) -> None:
        self._profile = profile
        self._sent_chars = len(prompt.system) + len(prompt.context) + len(prompt.question)
        self._written_chars = 0
        self._events = 0
        self._is_cut = False

    def take(self, text: str) -> str:
        """Count an event of the stream and return of its text what the model may still write."""
        self._events += 1
        kept = text[: max(0, _MOST_CHARS_PER_TOKEN * self._profile.max_output_tokens - self._written_chars)]
        self._written_chars += len(kept)
        self._is_cut = self._is_cut or len(kept) < len(text)
        return kept

    @property
    def is_full(self) -> bool:
        """Whether more came than the model may write: then nothing more is to be read."""
        return self._is_cut or self._events > _MOST_EVENTS_PER_TOKEN * self._profile.max_output_tokens

    def usage(
        self, input_tokens: object = None, output_tokens: object = None, cached_tokens: object = 0, written: object = 0
    ) -> TokenUsage:
        """Return a provider's counts where they can be true, else what the characters come to.

        `cached_tokens` and `written` (to the cache) are part of `input_tokens`.
        """
        counts = [count for count in (input_tokens, output_tokens, cached_tokens, written) if type(count) is int]
        if len(counts) == 4 and min(counts) >= 0:
            sent, answered, cached, stored = counts
            is_possible = cached + stored <= sent <= self._profile.context_tokens
            if is_possible and answered <= _MOST_COUNTED * self._profile.max_output_tokens:
                return TokenUsage(sent, answered, cached, stored)
        return TokenUsage(_tokens(self._sent_chars), _tokens(self._written_chars))


def _tokens(chars: int) -> int:
    return -(-chars // _CHARS_PER_TOKEN)
