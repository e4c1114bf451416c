"""The conversation of one browser session: bounded, so that an open tab cannot fill the pod's memory."""

from dataclasses import dataclass, field, replace

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.feedback import Feedback
from serving.frontend.contract.query import Query
from serving.frontend.conversation.asking import Asking, Failure, Stopped

__all__ = ["MAX_TURNS", "Conversation", "Turn", "current_conversation", "start_conversation"]

MAX_TURNS = 20
# The contract's limits for `history`.
_MAX_HISTORY_MESSAGES = 20
_MAX_MESSAGE_CHARS = 4000
_STATE_KEY = "conversation"


@dataclass(slots=True)
class Turn:
    """One question and what came of it; `outcome` is None while it is `asking`. `number` counts from 1 up.

    `feedback` is what the back end took of the reader's; `unsent` what it did not, kept to be sent again.
    `suggestions` are questions to ask next, None until they are chosen. `left_out` are parts of its link that are no
    filters. An earlier turn is drawn whole when it `is_unfolded`; the latest one always is.
    """

    number: int
    query: Query
    asking: Asking | None = None
    outcome: Answer | Failure | Stopped | None = None
    feedback: Feedback | None = None
    unsent: Feedback | None = None
    suggestions: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    is_unfolded: bool = False

    @property
    def question(self) -> str:
        """What was asked, word for word."""
        return self.query.question

    @property
    def question_in_full(self) -> str:
        """What was asked, in words that mean the same without the turns before it, once it is known how it was read."""
        match self.outcome:
            case Answer():
                read_as = self.outcome.understood.read_as
            case (Stopped() | Failure()) as ended if ended.progress.understood:
                read_as = ended.progress.understood.read_as
            case _:
                read_as = ""
        return read_as or self.question

    def turn_over(self) -> None:
        """Unfold it, or fold it again."""
        self.is_unfolded = not self.is_unfolded

    def settle(self) -> None:
        """Take over what came of the asking, if it is over."""
        if self.asking and self.asking.outcome:
            self.outcome, self.asking = self.asking.outcome, None


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

    @property
    def asked_now(self) -> Turn | None:
        """The turn whose answer is on its way."""
        return next((turn for turn in self.turns if turn.asking), None)

    def ask(self, client: BackendClient, query: Query) -> Turn:
        """Ask with what was said before as history, and return the new turn; one still on its way is stopped.

        The oldest turn is dropped when there are too many. Earlier turns are folded: the new one is what is read now.
        """
        self.stop()
        asked = replace(query, history=self.history())
        return self._add(query, asking=Asking(client, asked))

    def refuse(self, query: Query, failure: Failure) -> None:
        """Add a turn for what cannot be asked, with the reason."""
        self.stop()
        self._add(query, outcome=failure)

    def _add(self, query: Query, *, asking: Asking | None = None, outcome: Failure | None = None) -> Turn:
        for earlier in self.turns:
            earlier.is_unfolded = False
        turn = Turn(self.dropped + len(self.turns) + 1, query, asking, outcome)
        self.turns.append(turn)
        if len(self.turns) > MAX_TURNS:
            self.dropped_cost_usd += _cost(self.turns.pop(0))
            self.dropped += 1
        return turn

    @property
    def has_untold_costs(self) -> bool:
        """Whether some answer ended before its model could tell what it cost."""
        ended = (turn.outcome for turn in self.turns if isinstance(turn.outcome, Stopped | Failure))
        return any(outcome.progress.sources for outcome in ended)

    def stop(self) -> None:
        """End the answer that is on its way, if any, with what there is of it."""
        turn = self.asked_now
        if turn and turn.asking:
            turn.asking.stop()
            turn.settle()

    def history(self) -> tuple[tuple[str, str], ...]:
        """Return the latest answered turns as (role, content) messages within the contract's limits.

        A question that leant on those before it goes in the words it was read in, so that a long chain does not lose
        its beginning; one that was limited by hand says so, since only the words of a question are read later.
        """
        answered = [
            (_in_full(turn, turn.outcome), turn.outcome.text)
            for turn in self.turns
            if isinstance(turn.outcome, Answer) and turn.outcome.text
        ]
        return tuple(
            (role, content[:_MAX_MESSAGE_CHARS])
            for question, answer in answered[-_MAX_HISTORY_MESSAGES // 2 :]
            for role, content in (("user", question), ("assistant", answer))
        )


def _in_full(turn: Turn, answer: Answer) -> str:
    understood, filters = answer.understood, turn.query.filters
    question = turn.question_in_full
    companies = " and ".join(company.name for company in understood.companies) if filters.tickers else ""
    years = " and ".join(map(str, filters.fiscal_years))
    places = [f"For {companies}" if companies else "", f"in fiscal {years}" if years else ""]
    limits = " ".join(filter(None, places))
    return f"{limits[:1].upper()}{limits[1:]}: {question}" if limits else question


def _cost(turn: Turn) -> float:
    return turn.outcome.cost or 0.0 if isinstance(turn.outcome, Answer) else 0.0


def current_conversation() -> Conversation:
    """Return this session's conversation."""
    if _STATE_KEY not in st.session_state:
        st.session_state[_STATE_KEY] = Conversation()
    conversation: Conversation = st.session_state[_STATE_KEY]
    return conversation


def start_conversation() -> None:
    """Begin anew; earlier turns are forgotten, and an answer on its way is ended."""
    current_conversation().stop()
    st.session_state[_STATE_KEY] = Conversation()
