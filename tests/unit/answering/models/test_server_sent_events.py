"""Server-Sent Events give the same events wherever the bytes are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.models.server_sent_events import EventReader

# Cases of the specification (WHATWG HTML, 9.2.6) and of its examples.
SPECIFIED = [
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]),
    (b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
     ["first event", "second event", " third event"]),
    (b"data\n\ndata\ndata\n\ndata:", ["", "\n"]),
    (b"data:test\n\ndata: test\n\n", ["test", "test"]),
    (b"event: add\ndata: 73\n\nretry: 10\n\n", ["73"]),
    (b"database: x\n\ndata: y\n\n", ["y"]),
    (b"\xef\xbb\xbfdata: after a byte order mark\n\n", ["after a byte order mark"]),
    (b"data: a\r\rdata: b\r\n\r\ndata: c\n\r\n", ["a", "b", "c"]),
]  # fmt: skip


def events(*parts: bytes) -> list[str]:
    reader = EventReader()
    return [event for part in parts for event in reader.feed(part)]


@pytest.mark.parametrize(("stream", "expected"), SPECIFIED)
def test_stream_is_read_as_specified(stream: bytes, expected: list[str]) -> None:
    assert events(stream, b"\n" if stream.endswith(b"\r") else b"") == expected
    assert events(*[stream[place : place + 1] for place in range(len(stream))]) == expected


TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
LINE = st.one_of(TEXT.map("data: {}".format), TEXT.map(": {}".format), TEXT.map("event: {}".format), st.just(""))


@settings(deadline=None)
@given(
    lines=st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=20),
    cuts=st.lists(st.integers(0, 400), max_size=20),
)
def test_events_are_the_same_however_the_stream_is_cut(lines: list[tuple[str, str]], cuts: list[int]) -> None:
    stream = "".join(line + end for line, end in lines).encode() + b"data: last\n\n"
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})

    whole = events(stream)
    parts = events(*[stream[start:end] for start, end in itertools.pairwise(places)])

    assert parts == whole
    assert whole[-1].endswith("last")


@settings(deadline=None)
@given(st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=6))
def test_what_was_written_is_read(written: list[list[str]]) -> None:
    stream = "".join("".join(f"data: {line}\n" for line in event) + "\n" for event in written)

    assert events(stream.encode()) == ["\n".join(event) for event in written]


def test_event_is_given_as_soon_as_its_end_is_certain() -> None:
    reader = EventReader()

    assert list(reader.feed(b"data: a\n\n")) == ["a"]
    assert list(reader.feed(b"data: b\r\r")) == []  # a line feed may follow
    assert list(reader.feed(b"d")) == ["b"]


def test_unfinished_event_is_none() -> None:
    assert events(b"data: a\n\ndata: b\n") == ["a"]


@pytest.mark.parametrize("part", [b"x" * 1_048_576, b"data: x\n" * 131_072])
def test_event_without_end_is_refused(part: bytes) -> None:
    reader = EventReader()

    for _ in range(7):
        assert list(reader.feed(part)) == []
    with pytest.raises(ValueError, match="8 MiB"):
        list(itertools.chain.from_iterable(reader.feed(part) for _ in range(3)))
