"""The reader's way through the sources of one answer: which is open, and how much of the filing around it is fetched.

Pure but for the calls to the back end. What a walk holds is bounded: an answer's sources, and the passages around one.
"""

from dataclasses import dataclass, field
from typing import Literal

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.passages import Citation, Passage, PassageWindow
from serving.frontend.responses import ApiError, BackendAwayError

__all__ = ["Side", "SourceWalk", "Surroundings"]

Side = Literal["before", "after"]

# How often a reader can ask for more on one side; each time brings up to two passages.
_MAX_STEPS = 10


@dataclass(slots=True)
class Surroundings:
    """What was fetched around a cited passage. `obstacle` says why it is missing, if it is."""

    stored: Passage | None = None
    passages: dict[Side, list[Passage]] = field(default_factory=lambda: {"before": [], "after": []})
    steps_left: dict[Side, int] = field(default_factory=lambda: {"before": _MAX_STEPS, "after": _MAX_STEPS})
    ended: dict[Side, bool] = field(default_factory=lambda: {"before": False, "after": False})
    obstacle: str = ""

    def read_further(self, client: BackendClient, side: Side) -> None:
        """Fetch what stands beyond the outermost passage of a side; its end is reached where nothing does."""
        known = self.passages[side]
        try:
            window = client.fetch_passage((known[0] if side == "before" else known[-1]).passage_id)
        except (ApiError, BackendAwayError) as error:
            self.obstacle = _describe_obstacle(error)
            return
        self.obstacle = ""
        further = window.before if side == "before" else window.after
        self.ended[side] = not further
        self.steps_left[side] = self.steps_left[side] - 1 if further else 0
        self.passages[side] = [*further, *known] if side == "before" else [*known, *further]


@dataclass(slots=True)
class SourceWalk:
    """The sources of an answer in order, the one that is open, and the marked place of it that is in sight."""

    sources: tuple[Citation, ...]
    position: int
    place: int = 0
    surroundings: Surroundings | None = None

    @property
    def citation(self) -> Citation:
        """The source that is open."""
        return self.sources[self.position]

    def move(self, step: int) -> None:
        """Open the source `step` places on; after the last comes the first."""
        self.position = (self.position + step) % len(self.sources)
        self.place = 0
        self.surroundings = None

    def show_next_place(self) -> None:
        """Bring the next marked place into sight; after the last comes the first."""
        self.place += 1

    def forget_surroundings(self) -> None:
        """Have what stands around the source fetched anew."""
        self.surroundings = None

    def fetch_surroundings(self, client: BackendClient) -> Surroundings:
        """Return what stands around the open source, fetched once."""
        if self.surroundings is None:
            self.surroundings = _fetch(client, self.citation)
        return self.surroundings


def _fetch(client: BackendClient, citation: Citation) -> Surroundings:
    try:
        window = client.fetch_passage(citation.passage_id)
    except (ApiError, BackendAwayError) as error:
        return Surroundings(obstacle=_describe_obstacle(error))
    if window.passage.text != citation.text:
        return Surroundings(obstacle="The index has changed since this answer: ask again for its present words.")
    return _surround(window)


def _surround(window: PassageWindow) -> Surroundings:
    return Surroundings(window.passage, {"before": list(window.before), "after": list(window.after)})


def _describe_obstacle(error: ApiError | BackendAwayError) -> str:
    return str(error) if isinstance(error, BackendAwayError) else error.detail
