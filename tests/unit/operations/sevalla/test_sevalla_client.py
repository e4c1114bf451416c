"""Requests to the platform: what is sent, what is tried again, and what an error says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from pydantic import SecretStr

from finrag_ml_tg1.operations.sevalla.client import Request, SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from tests.local_processes import free_port
from tests.sevalla_server import BACKEND_ID, Fault, SevallaServer
from tests.unit.operations.sevalla.passing_time import PassingTime

SUSPEND = Request("POST", f"/applications/{BACKEND_ID}/suspend")


def test_lists_are_read_over_all_their_pages(client: SevallaClient, sevalla: SevallaServer) -> None:
    for number in range(148):
        sevalla.add(f"{number:08d}-2222-4333-8444-555555555555", f"other-{number}")

    found = client.applications()

    assert {one.id for one in found} == set(sevalla.applications)
    assert len(found) == len(sevalla.applications) == 150
    assert len(sevalla.received) == 2


def test_key_goes_along_as_bearer(client: SevallaClient, sevalla: SevallaServer, token: str) -> None:
    client.application(BACKEND_ID)

    assert [one.authorization for one in sevalla.received] == [f"Bearer {token}"]


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"Retry-After": "7"}, [7.0, 7.0]),
        ({"x-ratelimit-reset": "5"}, [5.0, 5.0]),
        ({"Retry-After": "7", "x-ratelimit-reset": "5"}, [7.0, 7.0]),
        ({"Retry-After": "soon"}, [1.0, 2.0]),
    ],
    ids=["retry-after", "window", "both", "neither"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_limited_request_is_sent_again_when_the_platform_says(
    sevalla: SevallaServer, token: str, method: str, headers: Mapping[str, str], slept: list[float]
) -> None:
    time, said = PassingTime(), list[str]()
    client = SevallaClient(sevalla.url, SecretStr(token), said.append, time.clock)
    sevalla.faults.append(Fault(".*", 429, times=2, headers=headers))

    client.application(BACKEND_ID) if method == "GET" else client.send(SUSPEND)

    assert time.slept == slept
    assert [one.method for one in sevalla.received] == [method] * 3
    assert said == [f"Sevalla's limit of requests is reached; waiting {wait:g} s" for wait in slept]


def test_limit_that_does_not_end_is_given_up(client: SevallaClient, sevalla: SevallaServer, time: PassingTime) -> None:
    sevalla.faults.append(Fault(".*", 429, headers={"Retry-After": "20"}))

    with pytest.raises(PlatformError, match="too many requests"):
        client.send(SUSPEND)

    assert time.slept == [20.0] * 3


def test_limit_longer_than_a_minute_is_not_waited_for(
    client: SevallaClient, sevalla: SevallaServer, time: PassingTime
) -> None:
    sevalla.faults.append(Fault(".*", 429, headers={"Retry-After": "3600"}))

    with pytest.raises(PlatformError, match="too many requests"):
        client.application(BACKEND_ID)

    assert time.slept == []


@pytest.mark.parametrize("fault", [Fault(".*", 500, times=2), Fault(".*", 200, times=1, after_s=0.5)])
def test_reading_is_tried_again_after_a_fault(client: SevallaClient, sevalla: SevallaServer, fault: Fault) -> None:
    sevalla.faults.append(fault)

    assert client.application(BACKEND_ID).id == BACKEND_ID


@pytest.mark.parametrize("fault", [Fault(".*", 500), Fault(".*", 503), Fault(".*", 200, after_s=0.5)])
def test_change_of_unknown_outcome_is_sent_once_and_said_to_be_in_doubt(
    client: SevallaClient, sevalla: SevallaServer, fault: Fault
) -> None:
    sevalla.faults.append(fault)

    with pytest.raises(PlatformError, match=r"whether it was done is not known.*finrag sevalla status") as caught:
        client.send(SUSPEND)

    assert caught.value.is_doubtful
    assert len(sevalla.sent) == 1


@pytest.mark.parametrize(
    ("status", "send", "words"),
    [
        (400, lambda client: client.send(SUSPEND), "refused"),
        (401, lambda client: client.applications(), "SEVALLA_API_TOKEN.*Tools > API keys"),
        (403, lambda client: client.applications(), "Company viewer"),
        (403, lambda client: client.send(SUSPEND), "right to change and deploy"),
        (404, lambda client: client.application(BACKEND_ID), "no such thing"),
        (409, lambda client: client.send(SUSPEND), "under way"),
        (422, lambda client: client.send(SUSPEND), "422.*err-abc-123.*dashboard"),
        (429, lambda client: client.applications(), "try again in a minute"),
        (500, lambda client: client.applications(), "fault of its own.*err-abc-123.*req-a1b2c3d4e5"),
        (302, lambda client: client.applications(), "SEVALLA_API_URL"),
    ],
)
def test_refusal_is_one_line_that_says_what_to_do(
    client: SevallaClient,
    sevalla: SevallaServer,
    status: int,
    send: Callable[[SevallaClient], object],
    words: str,
) -> None:
    sevalla.faults.append(Fault(".*", status, headers={"Location": f"{sevalla.url}/applications"}))

    with pytest.raises(PlatformError, match=words) as caught:
        send(client)

    assert caught.value.status == status
    assert str(status) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>gateway</html>", "no JSON.*SEVALLA_API_URL"),
        (b'{"data": [', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "not as documented"),
        (b'{"data": [], "offset": 0}', r"not as documented \(total: "),
        (
            b'{"data": [{"id": "../../api-keys", "name": "", "display_name": "", "is_suspended": false}], "total": 1}',
            r"data\.0\.id",
        ),
    ],
)
def test_answer_of_another_form_is_refused(
    client: SevallaClient, sevalla: SevallaServer, body: bytes, words: str
) -> None:
    sevalla.faults.append(Fault(".*", 200, body=body))

    with pytest.raises(PlatformError, match=words):
        client.applications()


def test_error_without_the_documented_form_is_told_by_its_status(client: SevallaClient, sevalla: SevallaServer) -> None:
    for body in (b"", b"<html>", b"[1]", b'{"message": 3, "data": "x"}'):
        sevalla.faults = [Fault(".*", 409, body=body)]
        with pytest.raises(PlatformError, match=r"\(409\)"):
            client.send(SUSPEND)


def test_words_of_the_platform_cannot_write_on_the_terminal(
    client: SevallaClient, sevalla: SevallaServer, token: str
) -> None:
    body = b'{"message": "a\\u001b[2Jb\\nc \\u202e ' + token.encode() + b" " + b"x" * 5000 + b'"}'
    sevalla.faults.append(Fault(".*", 422, body=body))

    with pytest.raises(PlatformError) as caught:
        client.send(SUSPEND)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert token not in str(caught.value)


def test_key_in_the_platforms_words_is_hidden_also_where_they_are_cut(
    client: SevallaClient, sevalla: SevallaServer, token: str
) -> None:
    for before in range(0, 200, 20):
        sevalla.faults = [Fault(".*", 422, body=json.dumps({"message": "x" * before + token}).encode())]
        with pytest.raises(PlatformError) as caught:
            client.send(SUSPEND)
        assert token[:8] not in str(caught.value)


def test_nothing_that_listens_is_said_so(token: str, time: PassingTime) -> None:
    client = SevallaClient(f"http://127.0.0.1:{free_port()}/v3", SecretStr(token), clock=time.clock)

    with pytest.raises(PlatformError, match="nothing listens") as caught:
        client.send(SUSPEND)

    assert not caught.value.is_doubtful


def test_key_is_not_in_the_clients_own_text(client: SevallaClient, token: str) -> None:
    assert token not in repr(client)
