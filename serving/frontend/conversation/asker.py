"""Asking from the controls of the chat page: their callbacks, run before the page is drawn anew."""

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.query import ANY, MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Query
from serving.frontend.conversation.asking import Failure
from serving.frontend.conversation.conversation import Conversation, Turn
from serving.frontend.conversation.settings import Settings
from serving.frontend.scope.pickers import read_pickers

__all__ = ["INPUT_KEY", "LIMIT_KEY", "Asker"]

INPUT_KEY = "question"
LIMIT_KEY = "limit"


class Asker:
    """Asks in this conversation, as it is set."""

    def __init__(
        self, client: BackendClient, conversation: Conversation, settings: Settings, *, has_limits: bool
    ) -> None:
        self.client = client
        self.conversation = conversation
        self.settings = settings
        self.has_limits = has_limits

    def ask(self, question: str, filters: Filters) -> None:
        """Ask a question limited to `filters`."""
        chosen = self.settings
        query = Query(question, filters, chosen.model_key, chosen.include_kpi, chosen.include_rag)
        self.conversation.ask(self.client, query)

    def ask_typed(self) -> None:
        """Ask what stands in the input.

        As a callback: an input that turns out disabled in the same run would lose it.
        """
        self.ask_words(st.session_state[INPUT_KEY])

    def ask_words(self, words: str) -> None:
        """Ask in these words, with the limits chosen by now; say so where they are too few or too many."""
        question = words.strip()
        if len(question) < MIN_QUESTION_CHARS:
            st.toast(f"A question has at least {MIN_QUESTION_CHARS} characters.", icon=":material/info:")
            return
        if len(question) > MAX_QUESTION_CHARS:
            # The input could stop there, but drops what is pasted without a word.
            told = f"It has {len(question):,} characters; at most {MAX_QUESTION_CHARS:,} can be asked."
            begun = Query(question[:MAX_QUESTION_CHARS])
            self.conversation.refuse(begun, Failure("The question is too long.", f"{told} Its beginning is above."))
            return
        self.ask(question, read_pickers(LIMIT_KEY) if self.has_limits else ANY)

    def ask_unlimited(self, question: str) -> None:
        """Ask a question that names all it is about."""
        self.ask(question, ANY)

    def ask_again(self, turn: Turn) -> None:
        """Ask a turn's question once more, limited as it was."""
        self.ask(turn.question_in_full, turn.query.filters)
