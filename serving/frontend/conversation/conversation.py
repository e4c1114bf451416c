"""The conversation of one browser session: bounded, so that an open tab cannot fill the pod's memory."""

from dataclasses import dataclass, field

import streamlit as st

from serving.frontend.contract.answer import Answer

__all__ = [
    "MAX_TURNS",
    "Conversation",
    "Failure",
    "Turn",
    "current_conversation",
    "request_question",
    "start_conversation",
    "take_question",
]

MAX_TURNS = 20
# The contract's limits for `history`.
_MAX_HISTORY_MESSAGES = 20
_MAX_MESSAGE_CHARS = 4000
_STATE_KEY = "conversation"
_REQUESTED_KEY = "requested-question"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question got no answer, in words for the reader."""

    title: str
    detail: str
    request_id: str | None = None


@dataclass(slots=True)
class Turn:
    """One question and what came of it; `outcome` is None until then. `number` counts from 1 and is never reused."""

    number: int
    question: str
    outcome: Answer | Failure | None = None


@dataclass(slots=True)
class Conversation:
    """The turns of a session, oldest first, at most `MAX_TURNS`; `dropped` counts those let go."""

    turns: list[Turn] = field(default_factory=list)
    dropped: int = 0
    dropped_cost_usd: float = 0.0

    @property
    def cost_usd(self) -> float:
        """What the models that wrote in this conversation cost."""
        return self.dropped_cost_usd + sum(_cost(turn) for turn in self.turns)

    def begin(self, question: str) -> Turn:
        """Append and return a new turn; the oldest is dropped when there are too many."""
        turn = Turn(self.dropped + len(self.turns) + 1, question)
        self.turns.append(turn)
        if len(self.turns) > MAX_TURNS:
            self.dropped_cost_usd += _cost(self.turns.pop(0))
            self.dropped += 1
        return turn

    def history(self) -> list[dict[str, str]]:
        """Return the latest answered turns as `{role, content}` messages within the contract's limits."""
        answered = [
            (turn.question, turn.outcome.text)
            for turn in self.turns
            if isinstance(turn.outcome, Answer) and turn.outcome.text
        ]
        return [
            {"role": role, "content": content[:_MAX_MESSAGE_CHARS]}
            for question, answer in answered[-_MAX_HISTORY_MESSAGES // 2 :]
            for role, content in (("user", question), ("assistant", answer))
        ]


def _cost(turn: Turn) -> float:
    return turn.outcome.cost or 0.0 if isinstance(turn.outcome, Answer) else 0.0


def current_conversation() -> Conversation:
    """Return this session's conversation."""
    if _STATE_KEY not in st.session_state:
        start_conversation()
    conversation: Conversation = st.session_state[_STATE_KEY]
    return conversation


def start_conversation() -> None:
    """Begin anew; earlier turns are forgotten."""
    st.session_state[_STATE_KEY] = Conversation()


def request_question(question: str) -> None:
    """Have the next run ask this question, as if it had been typed."""
    st.session_state[_REQUESTED_KEY] = question


def take_question() -> str | None:
    """Return the question requested by a button, once; None when there is none."""
    question: str | None = st.session_state.pop(_REQUESTED_KEY, None)
    return question
