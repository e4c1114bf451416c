"""SC-04: one attempt of a call: what it sends, how it is judged, how long it takes, what is kept of it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from scheduler.calls.answer import Verdict, retry_after_s
from scheduler.calls.caller import Caller
from scheduler.queueing.job import Progress
from scheduler.queueing.queue import NotNow
from scheduler.tests.call_cases import CALL, call_once, local_settings
from scheduler.tests.running_target import Reply, RunningTarget, running_target
from scheduler.triggers.trigger import Trigger


@pytest.fixture(scope="module")
def target() -> Iterator[RunningTarget]:
    with running_target() as running:
        yield running


def test_call_sends_the_body_and_says_which_run_it_is(target: RunningTarget) -> None:
    url = target.answer("/sent", Reply())
    trigger = Trigger("* * * * *", url + "?day=1", "POST", {"X-Own": "own", "Idempotency-Key": "no"}, {"a": [1, None]})
    answer = asyncio.run(call_once(trigger, attempt=2))
    assert (answer.verdict, answer.http_status, answer.response) == (Verdict.DONE, 200, "done")
    (asked,) = target.at("/sent")
    assert (asked.method, asked.path, json.loads(asked.body)) == ("POST", "/sent?day=1", {"a": [1, None]})
    expected = {
        "content-type": "application/json",
        "host": target.url.removeprefix("http://"),
        "idempotency-key": CALL.job_id,
        "x-own": "own",
        "x-trigger-attempt": "2",
        "x-workspace-id": "acme",
    }
    assert expected.items() <= asked.headers.items()
    assert asked.headers["user-agent"].startswith("finrag-scheduler")


def test_text_is_sent_as_text_and_a_given_type_wins(target: RunningTarget) -> None:
    url = target.answer("/text", Reply())
    asyncio.run(call_once(Trigger("* * * * *", url, "PUT", {}, "grüße")))
    asyncio.run(call_once(Trigger("* * * * *", url, "PUT", {"Content-Type": "text/csv"}, "a,b")))
    asyncio.run(call_once(Trigger("* * * * *", url, "GET")))
    plain, csv, nothing = target.at("/text")
    assert (plain.headers["content-type"], plain.body.decode()) == ("text/plain; charset=utf-8", "grüße")
    assert csv.headers["content-type"] == "text/csv"
    assert "content-type" not in nothing.headers
    assert "content-length" not in nothing.headers


def test_user_and_password_of_an_address_are_sent_as_basic_credentials(target: RunningTarget) -> None:
    url = target.answer("/basic", Reply()).replace("http://", "http://ada:p%40ss@")
    asyncio.run(call_once(Trigger("* * * * *", url)))
    assert base64.b64decode(target.at("/basic")[0].headers["authorization"].removeprefix("Basic ")) == b"ada:p@ss"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_attempt_is_made_again_when_it_may_go_better(target: RunningTarget, status: int) -> None:
    reply = Reply(status if status != 599 else 507)
    answer = asyncio.run(call_once(Trigger("* * * * *", target.answer("/again", reply))))
    assert answer.verdict is Verdict.AGAIN
    assert answer.http_status == reply.status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_attempt_is_final_when_the_target_refuses(target: RunningTarget, status: int) -> None:
    """SC-04: 'other 4xx final'; the original tried every non-2xx three times."""
    answer = asyncio.run(call_once(Trigger("* * * * *", target.answer("/final", Reply(status)))))
    assert (answer.verdict, answer.http_status) == (Verdict.FAILED, status)
    assert str(status) in (answer.problem or "")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(target: RunningTarget, status: int) -> None:
    """SC-05: a redirect could lead to where the guard does not look; the original followed it."""
    elsewhere = target.answer(f"/elsewhere-{status}", Reply())
    answer = asyncio.run(
        call_once(Trigger("* * * * *", target.answer("/moved", Reply(status, headers={"Location": elsewhere}))))
    )
    assert (answer.verdict, answer.http_status) == (Verdict.FAILED, status)
    assert "redirects are not followed" in (answer.problem or "")
    assert not target.at(f"/elsewhere-{status}")


def test_attempt_is_made_again_when_nobody_answers(target: RunningTarget) -> None:
    answer = asyncio.run(call_once(Trigger("* * * * *", target.answer("/hang-up", Reply(hang_up=True)))))
    assert (answer.verdict, answer.http_status) == (Verdict.AGAIN, None)
    nobody = asyncio.run(call_once(Trigger("* * * * *", "http://127.0.0.1:1/")))
    assert nobody.verdict is Verdict.AGAIN
    assert "cannot be reached" in (nobody.problem or "")


@pytest.mark.parametrize(
    "reply", [Reply(delay_s=30), Reply(body=b"x" * 1000, pause_s=0.05)], ids=["silent", "trickling"]
)
def test_attempt_ends_in_time_however_slowly_the_target_sends(target: RunningTarget, reply: Reply) -> None:
    url = target.answer("/slow", reply)
    began = time.monotonic()
    answer = asyncio.run(call_once(Trigger("* * * * *", url, timeout_s=0.4)))
    assert 0.3 < time.monotonic() - began < 5
    assert answer.verdict is Verdict.AGAIN
    assert 350 <= answer.duration_ms < 5000
    assert "within 0.4 s" in (answer.problem or "")


def test_only_the_beginning_of_a_large_answer_is_kept(target: RunningTarget) -> None:
    """SC-04: the response body is kept up to 4 kB; the original kept all of it in Redis."""
    url = target.answer("/large", Reply(body=b"\xc3\xa4" * 4_000_000))
    answer = asyncio.run(call_once(Trigger("* * * * *", url)))
    assert answer.verdict is Verdict.DONE
    assert answer.response is not None
    assert answer.response == "ä" * 2048


def test_answer_that_is_no_text_is_kept_as_text(target: RunningTarget) -> None:
    answer = asyncio.run(call_once(Trigger("* * * * *", target.answer("/bytes", Reply(body=b"\xff\x00a")))))
    assert answer.response == "\ufffd\x00a"


def test_secrets_are_not_kept_when_the_target_repeats_them(target: RunningTarget) -> None:
    secret = "tok-5ecret-77"  # pragma: allowlist secret
    body = b"." * 4090 + f"Bearer {secret} and {secret}".encode()
    url = target.answer("/echo", Reply(500, body=body))
    trigger = Trigger("* * * * *", url + f"?key={secret}", headers={"Authorization": f"Bearer {secret}"})
    answer = asyncio.run(call_once(trigger))
    assert answer.response is not None
    assert answer.response.startswith("." * 4090 + "***")
    assert "tok-" not in answer.response


def test_secrets_of_the_query_are_not_kept_when_the_target_repeats_them_decoded(target: RunningTarget) -> None:
    """SC-09: a target shows what it read, not how that was written in the address; in JSON some is written anew."""
    url = target.answer("/decoded", Reply(body=b'{"key": "tok/5ecret+77=", "password": "a \\"quoted\\" one"}'))
    url += "?key=tok%2F5ecret%2B77%3D&password=a+%22quoted%22+one"
    answer = asyncio.run(call_once(Trigger("* * * * *", url)))
    assert answer.response == '{"key": "***", "password": "***"}'


def test_connection_is_kept_for_the_next_call(target: RunningTarget) -> None:
    url = target.answer("/warm", Reply())

    async def five() -> None:
        async with Caller(local_settings()) as caller:
            for _ in range(5):
                await caller.call(Trigger("* * * * *", url), CALL, Progress(1, 3))

    before = target.connections
    asyncio.run(five())
    assert target.connections == before + 1


def test_call_is_not_begun_while_the_workspace_has_as_many_as_it_may(target: RunningTarget) -> None:
    """SC-04: it is put off, later and later, and others are called at once."""
    trigger = Trigger("* * * * *", target.answer("/busy", Reply(delay_s=0.5)))
    other = replace(CALL, job_id="repeat:globex:dev:0:1", workspace_id="globex")
    due = [round((time.time() - late) * 1000) for late in (0, 20, 3600)]

    async def scenario() -> list[float]:
        async with Caller(local_settings(workspace_concurrency=2)) as caller:
            slow = [asyncio.create_task(caller.call(trigger, CALL, Progress(1, 3))) for _ in range(2)]
            await asyncio.sleep(0.05)
            put_off = []
            for due_ms in due:
                with pytest.raises(NotNow) as refused:
                    await caller.call(trigger, replace(CALL, due_ms=due_ms), Progress(1, 3))
                put_off.append(refused.value.after_s)
            assert (await caller.call(trigger, other, Progress(1, 3))).verdict is Verdict.DONE
            await asyncio.gather(*slow)
            assert (await caller.call(trigger, CALL, Progress(1, 3))).verdict is Verdict.DONE
            return put_off

    soon, later, latest = asyncio.run(scenario())
    assert 0.25 <= soon <= 0.5
    assert 2.5 <= later <= 5.1
    assert 5 <= latest <= 10
    assert len(target.at("/busy")) == 4


def test_proxies_of_the_environment_are_not_used(target: RunningTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    """SC-05: a proxy would resolve the name again, unguarded."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    answer = asyncio.run(call_once(Trigger("* * * * *", target.answer("/direct", Reply()))))
    assert answer.verdict is Verdict.DONE


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert retry_after_s({"retry-after": "7"}, now) == 7
    assert retry_after_s({"retry-after": format_datetime(now + timedelta(seconds=90), usegmt=True)}, now) == 90
    assert retry_after_s({"retry-after": format_datetime(now - timedelta(days=1), usegmt=True)}, now) == 0
    assert retry_after_s({"retry-after": "999999999999"}, now) == 600
    for text in ("", "soon", "-5", "１２"):
        assert retry_after_s({"retry-after": text}, now) is None


@pytest.mark.parametrize("part", ["2026 00:00:00 +", "", "x"], ids=["offset", "year", "no date"])
def test_retry_after_that_no_date_can_be_is_left_out(part: str) -> None:
    """SC-04: numbers beyond all dates are a target's; they must not end the execution without its record."""
    text = f"Mon, 01 Jan {part}{'9' * 23}" + ("" if part else " 00:00:00 GMT")
    assert retry_after_s({"retry-after": text}, datetime.now(UTC)) is None


def test_answer_tells_what_the_target_asked_for(target: RunningTarget) -> None:
    url = target.answer("/limited", Reply(429, headers={"Retry-After": "3"}))
    assert asyncio.run(call_once(Trigger("* * * * *", url))).after_s == 3
