"""A reader's session without a browser: the page's files, then Streamlit's own messages over its WebSocket.

It does what a browser does: fetches the page with its scripts, runs the app, sends what is typed with the state of all
controls, keeps large messages that the server will only refer to later, and reruns fragments as often as it is told to.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

__all__ = ["Session", "Turn", "open_session"]

INPUT_KEY = "question"
_LINKED = re.compile(r'(?:src|href)="\./(static/[^"]+)"')
# An element or container with a key of its own.
_KEYED = re.compile(r"\$\$ID-[0-9a-f]{32}-(.+)")
_CONNECTIONS_OF_A_BROWSER = 6
_TRIES_OF_A_BROWSER = 3
_ANSWER_WITHIN_S = 300.0
# What stands on the page once a question is dealt with.
_OUTCOMES = ("answer", "abstained", "failure", "stopped")
_XSRF_COOKIE = "_streamlit_xsrf"


@dataclass(slots=True)
class Turn:
    """What came of one run of the page or one question; times count from when it was sent."""

    seconds: float = 0.0
    first_source_s: float | None = None
    received_bytes: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    failure: str = ""

    @property
    def charts(self) -> int:
        """How many charts were drawn, those of earlier turns included."""
        return self.messages["vega_lite_chart"]


class Session:
    """One open page; questions are asked one after the other."""

    def __init__(self, url: str, socket: ClientConnection) -> None:
        self._url = url
        self._socket = socket
        self._script_hash = ""
        self._input_id = ""
        self._kept: dict[str, ForwardMsg] = {}
        self._controls: dict[str, WidgetState] = {}
        self._asked = 0
        self._alert = ""
        self._reruns: dict[str, asyncio.Task[None]] = {}

    async def load(self) -> Turn:
        """Run the page for the first time."""
        await self._run(ClientState())
        return await self._receive(frozenset())

    async def ask(self, question: str) -> Turn:
        """Type a question, send it, and return what came of it once that stands; `failure` has the words of one."""
        self._asked += 1
        state = ClientState()
        state.widget_states.widgets.add(id=self._input_id).chat_input_value.data = question
        await self._run(state)
        turn = await self._receive(frozenset(f"{what}-{self._asked}" for what in _OUTCOMES))
        if turn.keys & {f"failure-{self._asked}", f"stopped-{self._asked}"}:
            turn.failure = self._alert
        return turn

    def close(self) -> None:
        """Rerun no fragment any more."""
        for fragment in list(self._reruns):
            self._reruns.pop(fragment).cancel()

    async def _run(self, state: ClientState) -> None:
        state.widget_states.widgets.extend(self._controls.values())
        state.page_script_hash = self._script_hash
        state.cached_message_hashes.extend(self._kept)
        context = state.context_info
        context.timezone, context.locale, context.color_scheme = "UTC", "en-US", "light"
        context.url = f"{self._url}/"
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _receive(self, awaited: frozenset[str]) -> Turn:
        """Take messages until a run has ended that leaves one of `awaited` on the page, if any is."""
        turn, started = Turn(), time.perf_counter()
        source = re.compile(rf"(?:live-)?(?:cite|found)-{self._asked}-\d+")
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            while True:
                sent = await self._socket.recv(decode=False)
                message = self._read(sent)
                kind, key = self._note(message)
                turn.received_bytes += len(sent)
                turn.messages[kind] += 1
                if key:
                    turn.keys.add(key)
                    if turn.first_source_s is None and source.fullmatch(key):
                        turn.first_source_s = time.perf_counter() - started
                if _ends_a_run(message) and (not awaited or awaited & turn.keys):
                    turn.seconds = time.perf_counter() - started
                    return turn

    async def _rerun(self, fragment: str, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self._run(ClientState(fragment_id=fragment, is_auto_rerun=True))

    def _read(self, sent: bytes) -> ForwardMsg:
        message: ForwardMsg = ForwardMsg.FromString(sent)
        if message.WhichOneof("type") == "ref_hash":
            return self._kept[message.ref_hash]
        if message.metadata.cacheable:
            self._kept[message.hash] = message
        return message

    def _note(self, message: ForwardMsg) -> tuple[str, str]:
        """Return what a message is and the key of what it draws; keep what later requests are made of."""
        kind = str(message.WhichOneof("type"))
        if kind == "new_session":
            self._script_hash = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self.close()
        elif kind == "auto_rerun":
            rerun = self._rerun(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            self._reruns[message.auto_rerun.fragment_id] = asyncio.create_task(rerun)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._reruns.pop(fragment).cancel()
        if kind != "delta":
            return kind, ""
        drawn = message.delta.WhichOneof("type")
        if drawn == "add_block":
            return str(message.delta.add_block.WhichOneof("type")), _key(message.delta.add_block.id)
        element = message.delta.new_element
        kind = str(element.WhichOneof("type"))
        if kind == "exception":
            raise RuntimeError(f"the page broke: {element.exception.type} {element.exception.message}")
        if kind == "alert":
            self._alert = element.alert.body
        element_id = str(getattr(getattr(element, kind, None), "id", ""))
        if _key(element_id) == INPUT_KEY:
            self._input_id = element_id
        control = _first_state(element)
        if control:
            self._controls.setdefault(element_id, control)
        return kind, _key(element_id)


def _key(element_id: str) -> str:
    match = _KEYED.fullmatch(element_id)
    return match[1] if match else ""


def _first_state(element: Element) -> WidgetState | None:
    """Return the state of a control as it is drawn, None for what is no control or is only clicked."""
    match element.WhichOneof("type"):
        case "multiselect":
            drawn = element.multiselect
            chosen = [drawn.options[position] for position in drawn.default]
            return WidgetState(id=drawn.id, string_array_value=StringArray(data=chosen))
        case "checkbox":
            return WidgetState(id=element.checkbox.id, bool_value=element.checkbox.default)
        case "radio":
            return WidgetState(id=element.radio.id, string_value=element.radio.options[element.radio.default])
        case "selectbox":
            return WidgetState(
                id=element.selectbox.id, string_value=element.selectbox.options[element.selectbox.default]
            )
        case "text_input":
            return WidgetState(id=element.text_input.id, string_value=element.text_input.default)
    return None


def _ends_a_run(message: ForwardMsg) -> bool:
    """Whether the page stands as it will: a run that ends for another one leaves it unfinished."""
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
    )


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Fetch a file; as browsers do, try again where the server has just closed the connection that was kept."""
    for _ in range(_TRIES_OF_A_BROWSER):
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            return (await client.get(path)).raise_for_status()
    raise RuntimeError(f"the front end closed the connection {_TRIES_OF_A_BROWSER} times instead of sending {path}")


@asynccontextmanager
async def open_session(url: str, forwarded_for: str | None = None) -> AsyncIterator[Session]:
    """Fetch the page as a browser does for the first time, and connect to its app until the block ends.

    `forwarded_for` is what proxies on the way have written into `X-Forwarded-For`.
    """
    limits = httpx.Limits(max_connections=_CONNECTIONS_OF_A_BROWSER)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=_ANSWER_WITHIN_S, limits=limits) as client:
        page = await _get(client, "/")
        await asyncio.gather(*(_get(client, f"/{path}") for path in _LINKED.findall(page.text)))
        await _get(client, "/_stcore/health")
        await _get(client, "/_stcore/host-config")
        token = client.cookies[_XSRF_COOKIE]
    address = f"ws{url.removeprefix('http')}/_stcore/stream"
    async with connect(
        address,
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
        additional_headers={"Cookie": f"{_XSRF_COOKIE}={token}"}
        | ({"X-Forwarded-For": forwarded_for} if forwarded_for else {}),
        compression=None,
        max_size=None,
        proxy=None,
        open_timeout=_ANSWER_WITHIN_S,
        ping_interval=None,
    ) as socket:
        session = Session(url, socket)
        yield session
        session.close()
