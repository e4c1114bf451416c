"""What is offered on the page: a few varied questions that the back end can answer."""

from collections.abc import Collection, Sequence
from functools import partial

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.suggestions.examples import propose_examples
from serving.frontend.suggestions.follow_ups import propose_follow_ups
from serving.frontend.suggestions.grounding import Numbers, ground, look_up, pick_varied
from serving.frontend.suggestions.offered import split_offered
from serving.frontend.suggestions.questions import Proposal

__all__ = ["choose_examples", "choose_follow_ups"]

_EXAMPLES_TTL_S = 600


def choose_follow_ups(
    client: BackendClient,
    answer: Answer,
    catalog: Catalog | None,
    asked: Collection[str],
    *,
    numbers: bool = True,
    words: bool = True,
) -> tuple[str, ...]:
    """Return up to four questions to ask next, none of those asked already.

    After an abstention they are the ones the back end offers, if it does. Without a catalog there are no others. Only
    what is answered in `numbers`, in `words` or either is offered, as answers are set to be.
    """
    _, offered = split_offered(answer.text) if answer.abstained else ("", ())
    if offered:
        return tuple(question for question in offered if question not in asked)
    if catalog is None:
        return ()
    proposals = _wanted(propose_follow_ups(answer, catalog), numbers=numbers, words=words)
    return pick_varied(ground(proposals, partial(look_up, client)), asked)


def choose_examples(
    client: BackendClient, catalog: Catalog, *, numbers: bool = True, words: bool = True
) -> tuple[str, ...]:
    """Return up to four questions to begin with; none when no annual report is covered."""
    proposals = _wanted(propose_examples(catalog), numbers=numbers, words=words)
    return pick_varied(ground(proposals, partial(_look_up_once, client, client.base_url, catalog.index_version)))


def _wanted(proposals: Sequence[Proposal], *, numbers: bool, words: bool) -> list[Proposal]:
    return [proposal for proposal in proposals if (numbers if proposal.metric else words)]


@st.cache_data(ttl=_EXAMPLES_TTL_S, max_entries=4, show_spinner=False)
def _look_up_once(
    _client: BackendClient, base_url: str, index_version: str | None, proposals: Sequence[Proposal]
) -> Numbers:
    """Return what is known of the numbers of the same proposals; looked up again for another index."""
    return look_up(_client, proposals)
