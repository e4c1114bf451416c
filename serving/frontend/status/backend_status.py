"""Whether questions can be asked now: the back end's state, shown, and watched while they cannot."""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.health import Health
from serving.frontend.markup.escaping import escape_inline

__all__ = ["BackendStatus", "State", "describe_state", "read_status", "show_obstacle", "show_status"]

_POLL_INTERVAL_S = 3
# What stands before a pod that is suspended or not up yet answers in its stead.
_SAID_BY_GATEWAYS = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class State(Enum):
    """What the back end can do; the value is the word shown."""

    OK = "ok"
    DEGRADED = "degraded"
    WAKING = "waking up"
    NO_INDEX = "no index"
    NO_STORAGE = "storage unavailable"
    FAULTY = "not usable"
    AWAY = "away"


_ICONS = {
    State.OK: ":material/check_circle:",
    State.DEGRADED: ":material/warning:",
    State.WAKING: ":material/hourglass_top:",
    State.NO_INDEX: ":material/folder_off:",
    State.NO_STORAGE: ":material/cloud_off:",
    State.FAULTY: ":material/error:",
    State.AWAY: ":material/power_off:",
}
_TITLES = {
    State.WAKING: "The back end is waking up.",
    State.NO_INDEX: "There is no index to search yet.",
    State.NO_STORAGE: "The back end cannot reach its storage.",
    State.FAULTY: "The back end gave an answer this page cannot use.",
    State.AWAY: "The back end is away.",
}
_REMEDIES = {
    State.WAKING: "It has just been started or resumed and loads its index; this takes up to a minute.",
    State.NO_INDEX: "Build one with `finrag ingest SOURCE && finrag index` (SOURCE: a file or folder of filings).",
    State.NO_STORAGE: "Check `FINRAG_STORE` and its credentials; `finrag doctor` says what is wrong.",
    State.FAULTY: "Check `BACKEND_URL` and `FINRAG_API_KEY` of the front end.",
    State.AWAY: "Start it with `make run` or `finrag up`. If it runs elsewhere, check `BACKEND_URL`, and resume it in "
    "its dashboard if it was suspended.",
}


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """The state, the health it was read from (None when there was none), and the back end's words on an obstacle."""

    state: State
    health: Health | None = None
    detail: str = ""

    @property
    def can_answer(self) -> bool:
        """Whether a question has a chance."""
        return self.state in {State.OK, State.DEGRADED}


def read_status(client: BackendClient) -> BackendStatus:
    """Return the state of the back end now; never raises for one that is away or faulty."""
    try:
        health = client.fetch_health()
        # Only a back end that cannot answer is asked why: a page draws nothing before it knows.
        obstacle = None if health.can_answer else client.fetch_obstacle()
    except BackendAwayError as error:
        return BackendStatus(State.AWAY, detail=str(error))
    except ApiError as error:
        if error.status in _SAID_BY_GATEWAYS:
            return BackendStatus(State.WAKING)
        return BackendStatus(State.FAULTY, detail=error.detail)
    if obstacle is not None and obstacle.is_loading:
        return BackendStatus(State.WAKING, health)
    if obstacle is not None:
        missing = State.NO_STORAGE if health.store == "unreachable" else State.NO_INDEX
        return BackendStatus(missing, health, obstacle.detail)
    return BackendStatus(State.OK if health.status == "ok" else State.DEGRADED, health)


def describe_state(status: BackendStatus) -> tuple[str, str]:
    """Return the icon and the word of a state."""
    return _ICONS[status.state], status.state.value


def show_status(status: BackendStatus) -> None:
    """Draw the state as an icon and words, with the index it answers from."""
    icon, state = describe_state(status)
    st.markdown(f"{icon} Back end: **{state}**")
    health = status.health
    if status.state is State.DEGRADED:
        st.caption(_degraded_words(health))
    if health and health.index_version:
        counts = f"{health.filings or 0:,} filings · {health.passages or 0:,} passages"
        st.caption(f"{counts}  \nIndex {escape_inline(health.index_version)}")


def _degraded_words(health: Health | None) -> str:
    if health and health.store != "unreachable" and health.refresh_error:
        return f"A newer index could not be loaded: {escape_inline(health.refresh_error)}"
    return "The storage is unreachable: only filings already loaded can be answered from."


def show_obstacle(client: BackendClient, status: BackendStatus) -> None:
    """Say why nothing can be asked and what to do, and look again until that changes."""
    detail = f"  \nReason given: {escape_inline(status.detail)}" if status.detail else ""
    with st.container(key="backend-obstacle"):
        st.warning(f"**{_TITLES[status.state]}** {_REMEDIES[status.state]}{detail}", icon=_ICONS[status.state])
        _watch(client, status.state)


@st.fragment(run_every=_POLL_INTERVAL_S)
def _watch(client: BackendClient, seen: State) -> None:
    """Rerun the page when the state is another than `seen`; drawn, and so polling, only while there is an obstacle."""
    st.caption(f"Checked every {_POLL_INTERVAL_S} seconds; this page continues by itself.")
    if read_status(client).state is not seen:
        st.rerun()
