"""How much of an answer is drawn."""

from typing import Literal

__all__ = ["Detail"]

# Brief: the answer and its sources. Standard: charts as well. Full: calculations and times unfolded.
Detail = Literal["brief", "standard", "full"]
