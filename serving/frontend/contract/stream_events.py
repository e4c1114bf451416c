"""What `POST /query/stream` tells on the way to an answer, one record for each event."""

from dataclasses import dataclass

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.figures import Calculation, Fact, read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.contract.passages import Citation, read_citation
from serving.frontend.contract.understood import Understood, read_understood

__all__ = ["AnswerEvent", "SourcesFound", "StageDone", "Words", "read_event"]


@dataclass(frozen=True, slots=True)
class StageDone:
    """A step that is done, and the milliseconds it took."""

    stage: str
    ms: float


@dataclass(frozen=True, slots=True)
class SourcesFound:
    """What the answer is made from, before it is written."""

    citations: tuple[Citation, ...]
    facts: tuple[Fact, ...]
    calculations: tuple[Calculation, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether the answer will rest on tagged numbers."""
        return bool(self.facts or self.calculations)


@dataclass(frozen=True, slots=True)
class Words:
    """Some more of the answer's Markdown, until the whole answer takes its place."""

    text: str


AnswerEvent = StageDone | Understood | SourcesFound | Words | Answer


def read_event(name: str, value: object) -> AnswerEvent | None:
    """Return the record of an event, None for one this page does not know; raises `ContractError`."""
    row = JsonRow(value)
    match name:
        case "status":
            return StageDone(row.text("stage"), row.optional_number("ms") or 0.0)
        case "resolved":
            return read_understood(row)
        case "sources":
            citations = tuple(read_citation(citation) for citation in row.rows("citations"))
            return SourcesFound(citations, read_facts(row, "facts"), read_calculations(row, "calculations"))
        case "token":
            return Words(row.text("text"))
        case "done":
            return Answer.from_json(value)
    return None
