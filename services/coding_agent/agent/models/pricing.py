"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass

from coding_agent.settings import Settings

__all__ = ["Prices", "estimated_tokens"]

_MILLION = 1_000_000
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens that are read, and for a million that are written."""

    input_usd: float
    output_usd: float

    @classmethod
    def of(cls, settings: Settings) -> Prices:
        """Return the prices that are set."""
        return cls(settings.model_input_usd, settings.model_output_usd)

    def cost_usd(self, input_tokens: int, output_tokens: int) -> float:
        """Return what these tokens cost."""
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / _MILLION


def estimated_tokens(*texts: str) -> int:
    """Return about how many tokens these texts are, for where nobody counts: one for four characters of English."""
    return -(-sum(len(text) for text in texts) // _CHARACTERS_PER_TOKEN)
