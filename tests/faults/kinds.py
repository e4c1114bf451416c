"""What can go wrong between a back end and its S3 service: one function each, by name, and what is to be said of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tests.faults.proxy import Answer, Exchange, Fault, FaultProxy

__all__ = ["KINDS", "Kind"]

_LATENCY_S = 0.3
_TRICKLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault; `is_away` when a store that always has it cannot be used, `advice` is what is then said to do."""

    fault: Fault | None
    is_away: bool = True
    advice: str = "check the network and AWS_ENDPOINT_URL_S3"

    def on(self, proxy: FaultProxy, share: float = 1.0) -> AbstractContextManager[None]:
        """Let a proxy have it until the block ends."""
        return proxy.refusing() if self.fault is None else proxy.failing(self.fault, share)


def _slow(exchange: Exchange) -> None:
    exchange.over.wait(_LATENCY_S)
    exchange.send(exchange.answered())


def _trickle(exchange: Exchange) -> None:
    answer = exchange.answered()
    exchange.send_bytes(exchange.head_of(answer))
    if exchange.method == "HEAD":
        return
    for place in range(len(answer.body)):
        if exchange.over.wait(_TRICKLE_S):
            exchange.hang_up()
        exchange.send_bytes(answer.body[place : place + 1])


def _silent(exchange: Exchange) -> None:
    exchange.over.wait()
    exchange.hang_up()


def _reset_in_headers(exchange: Exchange) -> None:
    head = exchange.head_of(exchange.answered())
    exchange.send_bytes(head[: len(head) // 2])
    exchange.reset()


def _reset_in_body(exchange: Exchange) -> None:
    answer = exchange.answered()
    exchange.send(_with_body(answer, answer.body[: len(answer.body) // 2]), declared=max(len(answer.body), 1))
    exchange.reset()


def _truncated(exchange: Exchange) -> None:
    answer = exchange.answered()
    exchange.send(_with_body(answer, answer.body[: len(answer.body) // 2]), declared=max(len(answer.body), 1))
    exchange.hang_up()


def _corrupt(exchange: Exchange) -> None:
    answer = exchange.answered()
    body = bytearray(answer.body)
    chooser = random.Random(len(body))
    for place in {chooser.randrange(len(body)) for _ in range(1 + len(body) // 1000)} if body else ():
        body[place] ^= 1 << chooser.randrange(8)
    exchange.send(_with_body(answer, bytes(body)))


def _wrong_object(exchange: Exchange) -> None:
    exchange.send(exchange.other_answer())


def _longer_object(exchange: Exchange) -> None:
    answer = exchange.answered()
    exchange.send(_with_body(answer, answer.body + b"more"))


def _longer_than_declared(exchange: Exchange) -> None:
    answer = exchange.answered()
    exchange.send(_with_body(answer, answer.body + b"x" * 1000), declared=len(answer.body))


def _garbage(exchange: Exchange) -> None:
    exchange.send_bytes(bytes(random.Random(1).randrange(256) for _ in range(4000)))
    exchange.hang_up()


def _hang_up(exchange: Exchange) -> None:
    exchange.hang_up()


def _html_page(exchange: Exchange) -> None:
    page = b"<html><head><title>Sign in</title></head><body>Please sign in to the network.<p></body></html>"
    exchange.send(Answer(200, {"content-type": "text/html"}, page))


def _error_that_breaks_off(exchange: Exchange) -> None:
    exchange.send(Answer(503, {"content-type": "application/xml"}, b"<Error><Co"), declared=5000)
    exchange.hang_up()


def _refused(status: int, code: str, headers: Mapping[str, str] | None = None) -> Callable[[Exchange], None]:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>No.</Message></Error>'

    def answer(exchange: Exchange) -> None:
        names = {"content-type": "application/xml", "x-amz-request-id": "1"} | dict(headers or {})
        exchange.send(Answer(status, names, text.encode()))

    return answer


def _with_body(answer: Answer, body: bytes) -> Answer:
    return replace(answer, body=body)


_DAMAGED = "finrag index"
_ELSEWHERE = {"x-amz-bucket-region": "eu-central-1"}

KINDS: Mapping[str, Kind] = {
    "refused connection": Kind(None),
    "slow": Kind(_slow, is_away=False),
    "trickle": Kind(_trickle),
    "silent": Kind(_silent),
    "reset in headers": Kind(_reset_in_headers),
    "reset in body": Kind(_reset_in_body),
    "hangs up": Kind(_hang_up),
    "garbage": Kind(_garbage),
    "HTML page, status 200": Kind(_html_page, advice="is no S3 service"),
    "truncated body": Kind(_truncated),
    "corrupt body": Kind(_corrupt, is_away=False, advice=_DAMAGED),
    "another object's bytes": Kind(_wrong_object, is_away=False, advice=_DAMAGED),
    "longer object": Kind(_longer_object, is_away=False, advice=_DAMAGED),
    "longer than declared": Kind(_longer_than_declared, is_away=False),
    "503 SlowDown": Kind(_refused(503, "SlowDown"), advice="too many requests: try again later"),
    "500 InternalError": Kind(_refused(500, "InternalError"), advice="the service has a fault; try again later"),
    "503 that breaks off": Kind(_error_that_breaks_off, advice="try again later"),
    "400 ExpiredToken": Kind(_refused(400, "ExpiredToken"), advice="renew AWS_SESSION_TOKEN"),
    "403 AccessDenied": Kind(_refused(403, "AccessDenied"), advice="check the credentials and the bucket's policy"),
    "403 SignatureDoesNotMatch": Kind(_refused(403, "SignatureDoesNotMatch"), advice="check AWS_SECRET_ACCESS_KEY"),
    "301 PermanentRedirect": Kind(_refused(301, "PermanentRedirect", _ELSEWHERE), advice="check AWS_REGION"),
    "403 RequestTimeTooSkewed": Kind(_refused(403, "RequestTimeTooSkewed"), advice="set this machine's clock"),
    "404 NoSuchBucket": Kind(_refused(404, "NoSuchBucket"), advice="check FINRAG_STORE"),
    "404 NoSuchKey": Kind(_refused(404, "NoSuchKey"), is_away=False, advice=_DAMAGED),
}
