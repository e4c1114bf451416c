"""Attempts to be let in, without end: by keys, by addresses that proxies are said to have seen, by size, by names."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from urllib.parse import quote

from tests.soak.raw_requests import Request

__all__ = ["named_things", "oversized_bodies", "spoofed_addresses", "wrong_keys"]

_QUESTION = json.dumps({"question": "How many employees does Orquenna have in fiscal 2024?"}).encode()
_CLOSED = [
    Request("GET", b"/catalog"),
    Request("GET", b"/usage"),
    Request("GET", b"/facts?tickers=ORQN&metrics=revenue"),
    Request("GET", b"/passages/x"),
    Request("GET", b"/openapi.json"),
    Request("GET", b"/docs"),
    Request("POST", b"/query").with_json(_QUESTION),
    Request("POST", b"/query/stream").with_json(_QUESTION),
    Request("POST", b"/feedback").with_json(b'{"request_id": "12345678", "verdict": "good"}'),
    Request("POST", b"/admin/fix").with_json(b'{"request_id": "12345678"}'),
    Request("GET", b"/admin/fix/job"),
]
# Other ways to write a closed address, an open one in front of it, or another one than the request line has.
_DETOURS = [
    b"/livez/../catalog", b"/livez/..%2fcatalog", b"/livez%2f..%2fcatalog", b"/livez/%2e%2e/catalog", b"//catalog",
    b"/./catalog", b"/%63atalog", b"/catalog;/livez", b"/catalog?/livez", b"/catalog%00/livez", b"/CATALOG",
    b"/catalog/", b"/readyz;/../catalog", b"http://localhost/catalog",
    b"/livez%3f/../catalog",
]  # fmt: skip
_ROUTE_HEADERS = [
    b"X-Original-URL",
    b"X-Rewrite-URL",
    b"X-Forwarded-Prefix",
    b"X-HTTP-Method-Override",
    b"X-Forwarded-Uri",
]
_ADDRESS_HEADERS = [
    b"X-Forwarded-For", b"X-Real-IP", b"X-Client-IP", b"True-Client-IP", b"CF-Connecting-IP", b"X-Cluster-Client-IP",
    b"X-Originating-IP", b"X-Remote-Addr", b"Forwarded", b"Via", b"X-Forwarded-Host", b"X-Forwarded",
]  # fmt: skip
_TARGETS = ["etc/passwd", "canary.txt", "proc/self/environ", "index/CURRENT", "windows/win.ini", ""]
_UPWARDS = [
    "..", "%2e%2e", "%252e%252e", "..%2f", "%2e%2e%2f", "..%5c", "..\\", ".%2e", "\u2024\u2024", "\uff0e\uff0e",
    "\u2025", "..;", "....", "%c0%ae%c0%ae", "%u002e%u002e", "..%00", ". .", "~", "a/../..",
]  # fmt: skip
_SEPARATORS = ["/", "//", "\\", "%2f", "%252f", "%5c", "\u2215", "\uff0f", "/./", "%c0%af"]
_STARTS = ["", "/", "//", "\\\\", "C:\\", "file:///", "s3://bucket/", "~/", "\x00", "%00", "./", "index/", "raw/"]
_ENDS = ["", "%00.html", "\x00", ".html", "/", "?", "#", "%0d%0aX-Injected: 1", "\r\nX-Injected: 1", ".finrag-lock"]


def wrong_keys(key: str, chance: random.Random) -> Iterator[Request]:
    """Yield requests for closed addresses that do not give the one right key in the one right way."""
    right = key.encode()
    while True:
        request = chance.choice(_CLOSED)
        wrong = chance.choice(_nearly(right, chance))
        match chance.randrange(7):
            case 0:
                yield request
            case 1 | 2:
                yield request.with_header(b"X-API-Key", wrong)
            case 3:
                yield request.with_header(b"X-API-Key", right).with_header(b"x-api-key", chance.choice([right, wrong]))
            case 4:
                name = chance.choice([b"Authorization", b"X_API_Key", b"X-API-Keys", b"Api-Key", b"Cookie", b"X-Api"])
                yield request.with_header(name, chance.choice([right, b"Bearer " + right, b"X-API-Key=" + right]))
            case 5:
                yield Request("GET", chance.choice(_DETOURS)).with_header(b"X-API-Key", wrong)
            case _:
                header = chance.choice(_ROUTE_HEADERS)
                yield Request("GET", b"/nothing").with_header(header, b"/catalog").with_header(b"X-API-Key", wrong)


def _nearly(key: bytes, chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(key))
    other = bytearray(key)
    other[place] ^= 1 << chance.randrange(5)
    return [
        b"", bytes(other), key[:place], key[place:] if place else key[1:], key + b"x", key * 2, key.swapcase(),
        key[::-1], key + b"\xff", b'"' + key + b'"', key + b"," + key,
        chance.randbytes(24).hex().encode(), b"x" * 8_000,
        "\u043a\u043b\u044e\u0447".encode(), b"null", b"undefined", b"*", b"' OR 1=1 --", key.replace(b"-", b"_"),
    ]  # fmt: skip


def spoofed_addresses(chance: random.Random) -> Iterator[Request]:
    """Yield requests that say they come from somebody else."""
    while True:
        request = Request("GET", b"/usage")
        for header in chance.sample(_ADDRESS_HEADERS, chance.randint(1, 3)):
            address = _address(chance)
            value = b"for=%s;proto=https" % address if header == b"Forwarded" else address
            for _ in range(chance.choice([1, 1, 2])):
                request = request.with_header(header, value)
        yield request


def _address(chance: random.Random) -> bytes:
    made_up = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    network = f"2001:db8:{chance.randrange(65_536):x}::{chance.randrange(65_536):x}"
    forms = [
        made_up, f"{made_up}:{chance.randrange(65_536)}", network, f"[{network}]:443", f"::ffff:{made_up}", "127.0.0.1",
        "10.0.0.1", "localhost", "unknown", "", f"{made_up}, {made_up}", f"{made_up}, 127.0.0.1",
        f"127.0.0.1, {made_up}",
        f"{made_up}\t", "\xff\xfe", "%31%32%37.0.0.1", "0x7f.1", f"{made_up}/32", "," * 50, f"{made_up}, " * 30,
    ]  # fmt: skip
    return chance.choice(forms).encode("latin-1")


def oversized_bodies(limit: int, chance: random.Random) -> Iterator[Request]:
    """Yield questions in bodies of more than `limit` bytes, announced and not, and with lengths that are none."""
    while True:
        filler = b" " * (limit + chance.choice([1, 2, 1_000, 100_000]))
        whole = _QUESTION + filler
        post = Request("POST", chance.choice([b"/query", b"/query/stream", b"/feedback"])).with_header(
            b"Content-Type", b"application/json"
        )
        match chance.randrange(6):
            case 0:
                yield Request("POST", post.target).with_json(whole)
            case 1:
                yield _chunked(post, [whole[at : at + 60_000] for at in range(0, len(whole), 60_000)])
            case 2:
                announced = b"%d" % (limit * chance.choice([2, 1_000, 10**9]))
                yield Request(post.method, post.target, (*post.headers, (b"Content-Length", announced)), (_QUESTION,))
            case 3:
                values = [b"-1", b"1e9", b"0x10", b"", b"+5", b"1,1", "\u0661".encode(), b"9" * 40, b"5 5"]
                length = chance.choice(values)
                yield Request(post.method, post.target, (*post.headers, (b"Content-Length", length)), (_QUESTION,))
            case 4:
                lengths = ((b"Content-Length", b"%d" % len(_QUESTION)), (b"Content-Length", b"%d" % len(whole)))
                yield Request(post.method, post.target, (*post.headers, *lengths), (whole,))
            case _:
                yield _chunked(post.with_header(b"Content-Encoding", b"gzip"), [whole])


def _chunked(request: Request, pieces: list[bytes]) -> Request:
    chunks = tuple(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    headers = (*request.headers, (b"Transfer-Encoding", b"chunked"))
    return Request(request.method, request.target, headers, (*chunks, b"0\r\n\r\n"))


def _hostile_name(chance: random.Random) -> str:
    """Return a name that wants to be a path to somewhere else."""
    upwards, separator = chance.choice(_UPWARDS), chance.choice(_SEPARATORS)
    climbed = separator.join([upwards] * chance.choice([1, 1, 2, 3, 8, 60]))
    name = chance.choice(_STARTS) + climbed + separator + chance.choice(_TARGETS) + chance.choice(_ENDS)
    return name + "a" * chance.choice([0, 0, 0, 300, 5_000])


def named_things(chance: random.Random, *, of_indexer: bool) -> Iterator[Request]:
    """Yield requests with a hostile name wherever a service takes one."""
    while True:
        name = _hostile_name(chance)
        in_path = chance.choice([name, quote(name, safe=""), quote(quote(name, safe=""), safe="")])
        target = in_path.encode("utf-8", "replace").translate(None, b" \r\n\t\x00")
        if of_indexer:
            yield from (
                Request("GET", b"/jobs/" + target),
                Request("POST", b"/jobs/ingest").with_json(json.dumps({"sources": [name]}).encode()),
                Request("POST", b"/jobs/evaluate").with_json(json.dumps({"what": "items", "filings": name}).encode()),
            )
        else:
            feedback = {"request_id": name, "verdict": "good"}
            yield from (
                Request("GET", b"/passages/" + target),
                Request("GET", b"/" + target),
                Request("POST", b"/feedback").with_json(json.dumps(feedback).encode()),
                Request("GET", b"/passages/x").with_header(b"X-Request-ID", target),
            )
