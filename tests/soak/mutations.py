"""Damaged filings: every way in which a document can be broken that we could think of, each drawn from a seed."""

from __future__ import annotations

import gzip
import os
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sample_index import SAMPLES
from tests.soak.structures import STRUCTURES

__all__ = ["Case", "find_originals", "make_case"]

MAX_MUTATIONS = 4
MAX_GROWTH_BYTES = 8 * 2**20

_TAG = re.compile(rb"</?[A-Za-z][^<>]{0,2000}>")
_ATTRIBUTE = re.compile(rb'(?<![\w:-])[\w:-]+\s*=\s*"[^"<>]{0,500}"')
_TAGGED_VALUE = re.compile(rb">([^<>]{1,80})</(?:ix:|xbrli:)", re.IGNORECASE)
_ENTITIES = (
    b"&#0;",
    b"&#xD800;",
    b"&#x110000;",
    b"&#99999999999;",
    b"&;",
    b"&#;",
    b"&#x;",
    b"&nbsp",
    b"&lol9;",
    b"&#133;",
)
_VALUES = (
    b"",
    b"0",
    b"-1",
    b"\xc2\xb2",
    b"9" * 30,
    b"0000-00-00",
    b"2024-02-30",
    b"--13-45",
    b"x" * 9000,
    b"NaN",
    b"10-K",
    b"10-Q/A",
    b"1e999",
    b"\xd9\xa3",
    b"word " * 900,
    b"../..",
    b"a/b",
    b"\xe2\x80\xae",
    b"January 99, 2024",
    b"\xf0\x9f\x92\xa9" * 50,
)
_BYTES = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\x80\x81\x9d",
    b"\xf4\x90\x80\x80",
    b"\x1b$B",
    b"\x85\x0c",
    b"\xe2\x80\xa8",
)
_NESTED = (b"div", b"table", b"span", b"b", b"p", b"font", b"ul", b"ix:nonnumeric", b"td")

Mutation = Callable[[random.Random, bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged filing, with the names of what it was made from and of what was done to it."""

    originals: tuple[str, ...]
    mutations: tuple[str, ...]
    data: bytes


def find_originals() -> list[Path]:
    """Return the sample filings and, where FINRAG_EVAL_DATA names a folder, its real filings; sorted by name."""
    found = [path for path in SAMPLES.iterdir() if path.suffix == ".html"]
    evaluation_data = os.environ.get("FINRAG_EVAL_DATA")
    if evaluation_data:
        found.extend((Path(evaluation_data) / "filings" / "html").glob("*.html.gz"))
    return sorted(found, key=lambda path: path.name)


def make_case(seed: int, originals: Sequence[Path]) -> Case:
    """Return the case of this seed: the same for the same originals."""
    chooser = random.Random(seed)
    source, other = chooser.choice(originals), chooser.choice(originals)
    data, other_data = _read(source), _read(other)
    mutations = [chooser.choice(MUTATIONS) for _ in range(chooser.randint(1, MAX_MUTATIONS))]
    for mutate in mutations:
        data = mutate(chooser, data, other_data)
    names = tuple(mutate.__name__ for mutate in mutations)
    return Case((source.name, other.name) if "splice" in names else (source.name,), names, data)


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def flip_bytes(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(chooser.choice((1, 20, 400, 5000))):
        if flipped:
            flipped[chooser.randrange(len(flipped))] ^= 1 << chooser.randrange(8)
    return bytes(flipped)


def truncate(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    cut = chooser.randrange(len(data) + 1)
    return data[:cut] if chooser.random() < 0.7 else data[cut:]


def cut_out(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    start, end = sorted(chooser.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[end:]


def delete_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    share = chooser.choice((0.001, 0.02, 0.3, 0.9))
    return _TAG.sub(lambda tag: b"" if chooser.random() < share else tag.group(), data)


def delete_closing_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Left open, a tag takes all that follows into itself: cells into cells, pages into the company's name."""
    name = chooser.choice((b"", b"td", b"tr", b"table", b"div", b"span", b"ix:nonnumeric", b"ix:header", b"p", b"b"))
    share = chooser.choice((0.01, 0.2, 1.0))
    closing = re.compile(rb"</" + name, re.IGNORECASE)
    return closing.sub(lambda tag: b"<x " if chooser.random() < share else tag.group(), data)


def duplicate_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    share = chooser.choice((0.001, 0.02, 0.3))
    return _TAG.sub(lambda tag: tag.group() * (chooser.randint(2, 6) if chooser.random() < share else 1), data)


def wrap_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Put other tags around tags, mostly not where they belong."""
    share = chooser.choice((0.001, 0.05))

    def wrapped(tag: re.Match[bytes]) -> bytes:
        if chooser.random() >= share:
            return tag.group()
        outer = chooser.choice(_NESTED)
        return b"<%s>%s</%s>" % (outer, tag.group(), chooser.choice((outer, chooser.choice(_NESTED))))

    return _TAG.sub(wrapped, data)


def nest_deeply(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    name, depth = chooser.choice(_NESTED), chooser.choice((300, 450, 3000, 60_000))
    place = _place(chooser, data)
    opened = b"<tr><td>" if name == b"table" and chooser.random() < 0.5 else b"x"
    closing = (b"</%s>" % name) * depth if chooser.random() < 0.5 else b""
    return data[:place] + (b"<%s>" % name + opened) * depth + closing + data[place:]


def garble_attributes(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    share = chooser.choice((0.005, 0.2))
    garbage = (
        b'style="display:none"',
        b'style="font-weight:bold"',
        b'colspan="99999999"',
        b"=",
        b'"',
        b'name="dei:DocumentType"',
        b'style="' + b"x:" * 3000 + b'"',
        b'contextref="c-1"',
        b"<",
        b'style="display : none;font-weight:"',
    )
    return _ATTRIBUTE.sub(lambda found: chooser.choice(garbage) if chooser.random() < share else found.group(), data)


def garble_tagged_values(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Replace what stands in inline XBRL elements and contexts: names, dates, years, numbers."""
    share = chooser.choice((0.01, 0.2, 1.0))
    early_only = chooser.random() < 0.5

    def garbled(found: re.Match[bytes]) -> bytes:
        if chooser.random() >= share or (early_only and found.start() > 60_000):
            return found.group()
        return b">" + chooser.choice(_VALUES) + found.group()[1 + len(found[1]) :]

    return _TAGGED_VALUE.sub(garbled, data)


def garble_cover_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Replace the values that say who filed and for when: one of them, wherever it is tagged."""
    names = (
        b"EntityRegistrantName",
        b"EntityCentralIndexKey",
        b"DocumentFiscalYearFocus",
        b"DocumentType",
        b"DocumentPeriodEndDate",
        b"TradingSymbol",
        b"DocumentFiscalPeriodFocus",
        b"CurrentFiscalYearEndDate",
    )
    value = chooser.choice(_VALUES)
    tagged = re.compile(rb'(name="dei:' + chooser.choice(names) + rb'"[^>]*>)[^<]*')
    return tagged.sub(lambda found: found[1] + value, data)


def insert_huge_table(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    rows, columns = chooser.choice(((20_000, 4), (4, 20_000), (300, 300), (1, 100_000), (60_000, 1)))
    cell = chooser.choice((b"<td>1,234</td>", b"<td></td>", b"<td>$</td>", b"<td>word", b"<th><b>a</b> (2)</th>"))
    row = b"<tr>" + cell * columns + b"</tr>"
    place = _place(chooser, data)
    return data[:place] + b"<table>" + (row * rows)[:MAX_GROWTH_BYTES] + b"</table>" + data[place:]


def insert_long_word(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Text without a space, a sentence end or a known word-piece."""
    letters = chooser.choice(
        (b"a", b"0", b"\xe4\xb8\xad", b"-", b"|", b"$(", b"\xc2\xa0", b"\n", b"\xe2\x80\x8b", b"item 1. ")
    )
    place = _place(chooser, data)
    return data[:place] + letters * chooser.choice((300, 20_000, 400_000)) + data[place:]


def repeat_headings(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Far more item headings than a form has items."""
    heading = chooser.choice(
        (b"<p><b>Item %d. Risk Factors</b></p>", b"<h2>Item %dA</h2>", b"<div>PART II Item %d and 2. x</div>")
    )
    place = _place(chooser, data)
    many = b"".join(heading % chooser.randint(1, 16) for _ in range(chooser.choice((100, 1500, 12_000))))
    return data[:place] + many + data[place:]


def garble_entities(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    share = chooser.choice((0.001, 0.02))
    return re.sub(rb" ", lambda _: chooser.choice(_ENTITIES) if chooser.random() < share else b" ", data)


def garble_encoding(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    method = chooser.randrange(4)
    if method == 0:
        encoding = chooser.choice(("utf-16", "utf-32", "utf-16-be", "cp500", "utf-7"))
        return data.decode("utf-8", "replace").encode(encoding, "replace")
    if method == 1:
        return b'<?xml version="1.0" encoding="%s"?>' % chooser.choice((b"utf-16", b"nonsense", b"ebcdic", b"")) + data
    if method == 2:
        return chooser.choice(_BYTES) + data
    pieces = [data]
    for _ in range(chooser.choice((1, 50))):
        piece = pieces.pop()
        place = chooser.randrange(len(piece) + 1)
        pieces.extend((piece[:place], chooser.choice(_BYTES), piece[place:]))
    return b"".join(pieces)


def splice(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(chooser, data)] + other[_place(chooser, other) :]


def compress_badly(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    packed = gzip.compress(data, compresslevel=1, mtime=0)
    method = chooser.randrange(4)
    if method == 0:
        return packed
    if method == 1:
        return packed[: chooser.randrange(2, len(packed))]
    if method == 2:
        return packed + chooser.choice((packed, b"rubbish", b"\x00" * 100))
    return flip_bytes(chooser, packed, other)


def _place(chooser: random.Random, data: bytes) -> int:
    """An offset, more often than not at the start of a tag."""
    place = chooser.randrange(len(data) + 1)
    tag = data.find(b"<", place)
    return tag if tag >= 0 and chooser.random() < 0.7 else place


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes,
    truncate,
    cut_out,
    delete_tags,
    delete_closing_tags,
    duplicate_tags,
    wrap_tags,
    nest_deeply,
    garble_attributes,
    garble_tagged_values,
    garble_cover_tags,
    insert_huge_table,
    insert_long_word,
    repeat_headings,
    garble_entities,
    garble_encoding,
    splice,
    compress_badly,
    *STRUCTURES,
)
