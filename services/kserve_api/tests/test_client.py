"""The client against a server on loopback that gives prepared answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

import pytest

from kserve_api.client import (
    KServeApiClient,
    KServeApiError,
    KServeApiRefusedError,
    KServeApiUnavailableError,
    LogLine,
)
from kserve_api.tests.scripted_server import Answer, ScriptedServer, scripted_server

_APP = {
    "name": "shop",
    "namespace": "team-a",
    "url": "https://shop.apps.test",
    "predictor_url": "http://shop-predictor.team-a.svc",
}
_DONE = {**_APP, "action": "updated", "status": "success", "changed": True, "warnings": ["a note"]}
_BUSY = Answer(503, {"error": {"code": "cluster_unreachable", "message": "later", "request_id": "r1"}})
_KEY = secrets.token_hex(16)


def _client(server: ScriptedServer, slept: list[float] | None = None) -> KServeApiClient:
    pauses = [] if slept is None else slept
    return KServeApiClient(server.url, _KEY, attempts=3, sleep=pauses.append)


def test_a_deployment_is_sent_as_given_with_the_key_and_comes_back_typed() -> None:
    with scripted_server(Answer(200, _DONE)) as server, _client(server) as api:
        done = api.deploy({"name": "shop", "image": "registry.test/shop:1"}, wait=True)

    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/deploy?wait=true")
    assert asked.body == {"name": "shop", "image": "registry.test/shop:1"}
    assert asked.headers["Authorization"] == f"Bearer {_KEY}"
    assert (done.action, done.changed, done.url, done.warnings) == ("updated", True, _APP["url"], ("a note",))


_TWICE_IS_HARMLESS: dict[str, Callable[[KServeApiClient], object]] = {
    "deploy": lambda api: api.deploy({"name": "shop", "image": "i"}),
    "get": lambda api: api.get("team-a", "shop"),
    "traffic": lambda api: api.set_traffic("team-a", "shop", latest_percent=10),
}
_TWICE_IS_TWO: dict[str, Callable[[KServeApiClient], object]] = {
    "redeploy": lambda api: api.deploy({"name": "shop", "image": "i", "redeploy": True}),
    "restart": lambda api: api.restart("team-a", "shop"),
    "rollback": lambda api: api.rollback("team-a", "shop"),
    "delete": lambda api: api.delete("team-a", "shop"),
}


@pytest.mark.parametrize("name", _TWICE_IS_HARMLESS)
@pytest.mark.parametrize("trouble", [_BUSY, Answer(hang_up=True)], ids=["503", "connection lost"])
def test_what_may_be_done_twice_is_tried_again(name: str, trouble: Answer) -> None:
    with scripted_server(trouble, Answer(200, {**_DONE, "image": "i"})) as server, _client(server) as api:
        _TWICE_IS_HARMLESS[name](api)

    assert len(server.asked) == 2


@pytest.mark.parametrize("name", _TWICE_IS_TWO)
@pytest.mark.parametrize("trouble", [_BUSY, Answer(502), Answer(hang_up=True)], ids=["503", "502", "connection lost"])
def test_what_may_not_be_done_twice_is_sent_once_where_it_may_have_been_done(name: str, trouble: Answer) -> None:
    with scripted_server(trouble) as server, _client(server) as api, pytest.raises(KServeApiError):
        _TWICE_IS_TWO[name](api)

    assert len(server.asked) == 1


@pytest.mark.parametrize("name", _TWICE_IS_TWO)
def test_a_429_is_tried_again_always_since_nothing_was_done(name: str) -> None:
    slow_down = Answer(429, headers={"Retry-After": "2"})
    slept: list[float] = []
    with (
        scripted_server(slow_down, Answer(200, {**_DONE, "status": "deleting"})) as server,
        _client(server, slept) as api,
    ):
        _TWICE_IS_TWO[name](api)

    assert len(server.asked) == 2
    assert 2 <= slept[0] <= 10


def test_no_more_tries_are_made_than_allowed_and_the_error_says_how_many() -> None:
    with (
        scripted_server(_BUSY) as server,
        _client(server) as api,
        pytest.raises(KServeApiUnavailableError, match="failed in 3 tries: HTTP 503: later"),
    ):
        api.list("team-a")

    assert len(server.asked) == 3


def test_a_long_retry_after_ends_the_tries() -> None:
    with (
        scripted_server(Answer(429, headers={"Retry-After": "600"})) as server,
        _client(server) as api,
        pytest.raises(KServeApiUnavailableError, match="in 1 try: HTTP 429; try again in 600 s"),
    ):
        api.list()

    assert len(server.asked) == 1


def test_an_app_that_is_not_ready_in_time_is_told_at_once_with_its_conditions() -> None:
    conditions = [{"type": "Ready", "status": "False", "reason": "RevisionFailed", "message": "no"}]
    error = {"code": "not_ready_in_time", "message": "m", "details": {"conditions": conditions}, "request_id": "r9"}
    with (
        scripted_server(Answer(504, {"error": error})) as server,
        _client(server) as api,
        pytest.raises(KServeApiRefusedError) as caught,
    ):
        api.deploy({"name": "shop", "image": "i"}, wait=True)

    assert len(server.asked) == 1
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (504, "not_ready_in_time", "r9")
    assert caught.value.details["conditions"] == conditions


def test_a_list_goes_on_until_there_is_no_cursor() -> None:
    first = Answer(200, {"namespace": "team-a", "models": [{**_APP, "ready": True}], "cursor": "next"})
    second = Answer(200, {"namespace": "team-a", "models": [{**_APP, "name": "blog", "ready": False}], "cursor": None})
    with scripted_server(first, second) as server, _client(server) as api:
        apps = api.list("team-a")

    assert [(app.name, app.ready) for app in apps] == [("shop", True), ("blog", False)]
    assert server.paths == ["GET /models?namespace=team-a", "GET /models?namespace=team-a&cursor=next"]


def test_redirects_are_not_followed_so_the_key_stays_at_its_address() -> None:
    away = Answer(307, headers={"Location": "http://127.0.0.1:9/deploy"})
    with (
        scripted_server(away) as server,
        _client(server) as api,
        pytest.raises(KServeApiRefusedError, match="redirects are not followed"),
    ):
        api.deploy({"name": "shop", "image": "i"})

    assert len(server.asked) == 1


def test_no_error_has_the_key_even_where_the_server_sends_it_back() -> None:
    echo = Answer(401, {"error": {"code": "unauthorized", "message": f"no such key: {_KEY}\r\nX: y"}})
    with scripted_server(echo) as server, _client(server) as api, pytest.raises(KServeApiRefusedError) as caught:
        api.get("team-a", "shop")

    assert _KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert _KEY not in repr(api)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "a?b", "a\n"])
def test_a_name_that_would_change_the_path_is_not_sent(name: str) -> None:
    with (
        scripted_server(Answer()) as server,
        _client(server) as api,
        pytest.raises(ValueError, match="no name of an app or namespace"),
    ):
        api.get("team-a", name)

    assert server.asked == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"models": 1}'])
def test_an_answer_that_is_not_the_apis_is_said_to_be_so(body: bytes) -> None:
    with (
        scripted_server(Answer(200, body)) as server,
        _client(server) as api,
        pytest.raises(KServeApiError, match="KSERVE_API_URL"),
    ):
        api.list()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "KSERVE_API_URL must be set"),
        ("kserve-api.example.com", "not an address"),
        ("http://kserve-api.example.com", "must begin with https://"),
        ("https://me:pw@kserve-api.example.com", "user name or password"),
    ],
)
def test_an_address_that_would_give_the_key_away_is_refused(url: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        KServeApiClient.from_environment({"KSERVE_API_URL": url, "KSERVE_API_KEY": _KEY})


def test_without_a_key_only_this_machine_is_asked() -> None:
    with pytest.raises(ValueError, match="KSERVE_API_KEY must be set"):
        KServeApiClient.from_environment({"KSERVE_API_URL": "https://kserve-api.example.com"})
    KServeApiClient.from_environment({"KSERVE_API_URL": "http://127.0.0.1:8000"}).close()


_STREAM = (
    b": still there\n\n"
    b'event: pod\ndata: {"text": "following p1", "pod": "p1"}\n\n'
    b'event: line\ndata: {"text": "one: two", "pod": ""}\n\n'
)


def test_a_followed_log_comes_line_by_line_and_ends_with_the_app() -> None:
    ended = Answer(200, _STREAM + b"event: end\ndata: {}\n\n")
    with scripted_server(ended) as server, _client(server) as api:
        events = list(api.follow_logs("shop", namespace="team-a", tail_lines=5))

    assert server.paths == ["GET /logs/shop/stream?tail_lines=5&namespace=team-a"]
    assert [(each.event, each.text) for each in events] == [("pod", "following p1"), ("line", "one: two")]


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (b"", "ended before the log did"),
        (b'event: error\ndata: {"code": "not_found", "message": "it went away"}\n\n', "it went away"),
        (b"event: line\ndata: [1]\n\n", "not the deploy API's"),
    ],
    ids=["cut off", "error", "not ours"],
)
def test_a_followed_log_that_breaks_off_says_so_after_its_lines(rest: bytes, told: str) -> None:
    seen: list[str] = []
    with (
        scripted_server(Answer(200, _STREAM + rest)) as server,
        _client(server) as api,
        pytest.raises(KServeApiError, match=told),
    ):
        _read(api.follow_logs("shop"), seen)

    assert seen == ["following p1", "one: two"]


def _read(events: Iterable[LogLine], seen: list[str]) -> None:
    for event in events:
        seen.append(event.text)


def test_an_administrator_asks_for_a_tenant() -> None:
    with (
        scripted_server(Answer(200, {**_DONE, "image": "i"})) as server,
        KServeApiClient(server.url, _KEY, tenant="acme") as api,
    ):
        api.get("team-a", "shop")

    assert server.paths == ["GET /models/team-a/shop?tenant=acme"]


def test_a_followed_log_that_is_refused_says_why() -> None:
    refused = Answer(404, {"error": {"code": "not_found", "message": "There is no app shop", "request_id": "r"}})
    with (
        scripted_server(refused) as server,
        _client(server) as api,
        pytest.raises(KServeApiRefusedError, match="There is no app shop"),
    ):
        list(api.follow_logs("shop"))
