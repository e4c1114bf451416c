"""Structures no filer would write: far too many of one thing, things inside themselves, and HTML gone to plain text."""

from __future__ import annotations

import html
import random
import re
from textwrap import wrap

__all__ = ["STRUCTURES"]

MAX_BYTES = 8 * 2**20

_TAG = re.compile(rb"</?[A-Za-z][^<>]{0,2000}>")
_CELL = re.compile(rb"<(t[dh])\b", re.IGNORECASE)
_CONTEXT = re.compile(rb'contextref="([^"]{1,80})"', re.IGNORECASE)
_UNIT = re.compile(rb'unitref="([^"]{1,80})"', re.IGNORECASE)
_BOUNDARY = re.compile(rb"</?(?:ix:\w+|table|tr|td|p|div|body|html|xbrli:\w+)\b[^<>]*>", re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:p|div|tr|br|li|h[1-6]|table)\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_SENTENCES = (
    b"Net sales grew because prices rose in 2023. ",
    b"The Company sells products to 1,204 customers and (see Item 7) of the plan; ",
    b"word ",
    b"For the years ended December 31, 2023, 2022 and 2021, ",
    b"$ 1,234 (5.6)% - ",
)


def swap_tags(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Exchange tags with the ones after them."""
    share = chooser.choice((0.001, 0.05))
    held: list[bytes] = []

    def swapped(tag: re.Match[bytes]) -> bytes:
        if held:
            return tag.group() + held.pop()
        if chooser.random() < share:
            held.append(tag.group())
            return b""
        return tag.group()

    return _TAG.sub(swapped, data)


def truncate_at_a_boundary(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """End, or begin, just before or after a tag that opens or closes something."""
    boundaries = list(_BOUNDARY.finditer(data))
    if not boundaries:
        return data
    boundary = chooser.choice(boundaries)
    cut = chooser.choice((boundary.start(), boundary.end(), boundary.end() - 1))
    return data[:cut] if chooser.random() < 0.8 else data[cut:]


def stretch_cells(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Let cells cover many columns and rows."""
    share = chooser.choice((0.01, 0.3, 1.0))
    spans = (b"0", b"-1", b"2", b"7", b"199", b"1000", b"65534", b"99999999", b"1e3")

    def stretched(cell: re.Match[bytes]) -> bytes:
        if chooser.random() >= share:
            return cell.group()
        return b'<%s colspan="%s" rowspan="%s"' % (cell[1], chooser.choice(spans), chooser.choice(spans))

    return _CELL.sub(stretched, data)


def insert_many_rows(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """A table of up to 100,000 rows with labels, years and numbers, some rows like those of statements."""
    labels = (b"Net sales", b"Total assets", b"Cash at end of year", b"Item 7.", b"December 31, 2023", b"")
    count = chooser.choice((3_000, 30_000, 100_000))
    rows = b"".join(
        b"<tr><td>%s %d<td>%d<td>(%d)</tr>" % (chooser.choice(labels), row % 977, 1990 + row % 40, row)
        for row in range(count)
    )
    return _inserted(chooser, data, b"<p><b>CONSOLIDATED BALANCE SHEETS</b></p><table>" + rows + b"</table>")


def insert_long_paragraph(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """One paragraph of up to 4 MB."""
    size = chooser.choice((100_000, 1_000_000, 4_000_000))
    return _inserted(chooser, data, b"<p>" + _words(chooser, size) + b"</p>")


def insert_many_blocks(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Tens of thousands of short blocks of one kind, lists and tables inside one another too."""
    block = chooser.choice(
        (
            b"<p>%d</p>",
            b"<p>Item %d. Business</p>",
            b"<div><b>Note %d</b></div>",
            b"<p>(%d) Revenue</p>",
            b"<li>point %d</li>",
            b"<ul><li>%d<ul><li>x</ul></ul>",
            b"<table><tr><td>Revenue<td>%d</table>",
            b"<table><tr><td><table><tr><td>Cash<td>%d</table></table>",
            b"<p>Signatures</p><hr style='page-break-after:always'><p>%d</p>",
            b"<h3 style='font-size:%dpt'>Heading</h3>",
        )
    )
    count = chooser.choice((2_000, 10_000, 30_000))
    return _inserted(chooser, data, b"".join(block % (number % 100) for number in range(count)))


def insert_many_links(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """50,000 links with their targets, as a table of contents may have them, or all to one place."""
    to_one = chooser.random() < 0.5
    label = chooser.choice((b"Item %d. Business", b"%d", b"Page %d"))
    links = b"".join(b'<a href="#t%d">%s</a> ' % (0 if to_one else n, label % (n % 16)) for n in range(50_000))
    targets = b"".join(b'<p id="t%d">text %d</p>' % (n, n) for n in range(1 if to_one else 50_000))
    return _inserted(chooser, data, b"<p>" + links + b"</p>" + targets)


def insert_many_facts(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """50,000 tagged numbers in one cell, or inside one another, of contexts and units the filing has."""
    contexts = [found[1] for found in _CONTEXT.finditer(data, 0, 2_000_000)][:200] or [b"c-1"]
    units = [found[1] for found in _UNIT.finditer(data, 0, 2_000_000)][:50] or [b"usd"]
    one_concept = chooser.random() < 0.5
    opening = [
        b'<ix:nonfraction name="us-gaap:C%d" contextref="%s" unitref="%s" decimals="%d" scale="%d">'
        % (
            0 if one_concept else n,
            chooser.choice(contexts),
            chooser.choice(units),
            chooser.randint(-9, 2),
            chooser.randint(-3, 9),
        )
        for n in range(50_000)
    ]
    if chooser.random() < 0.3:
        depth = chooser.choice((100, 350, 5_000))
        content = b"1,234".join(opening[:depth]) + b"</ix:nonfraction>" * depth
    else:
        content = b"".join(tag + b"%d</ix:nonfraction> " % n for n, tag in enumerate(opening))
    return _inserted(chooser, data, b"<table><tr><td>Revenue</td><td>" + content[:MAX_BYTES] + b"</td></tr></table>")


def insert_attribute_bomb(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """One element with tens of thousands of attributes, or with one of a megabyte."""
    style = b"font-weight:bold;" * 60_000
    bombs = (
        b"<p " + b" ".join(b'a%d="x"' % n for n in range(20_000)) + b">x</p>",
        b'<p style="' + style + b'">x</p>',
        b'<a href="#' + b"%41" * 300_000 + b'">x</a>',
        b'<ix:nonfraction contextref="'
        + b"c" * 1_000_000
        + b'" name="us-gaap:Revenues" unitref="u">1</ix:nonfraction>',
        b'<ix:continuation id="x" continuedat="x">loop</ix:continuation>' * 2_000,
    )
    return _inserted(chooser, data, chooser.choice(bombs))


def insert_entity_bomb(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Entities made of entities, and a file named as one."""
    levels = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    declared = b'<!DOCTYPE html [<!ENTITY l0 "lol">' + levels + b'<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    return declared + _inserted(chooser, data, b"<p>" + b"&l11;&file;" * chooser.choice((1, 5_000)) + b"</p>")


def as_plain_text(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """The words alone, in lines as filings of the nineties have them, under EDGAR's header or not."""
    shown = _ANY_TAG.sub(" ", _BLOCK.sub("\n\n", data.decode("utf-8", "replace")))
    lines: list[str] = []
    for paragraph in html.unescape(shown)[: 2 * 2**20].split("\n\n"):
        words = " ".join(paragraph.split())
        if words:
            indent = " " * chooser.choice((0, 0, 5, 20))
            lines.extend((*wrap(words, chooser.choice((72, 72, 40, 500)), initial_indent=indent), ""))
    for _ in range(chooser.choice((0, 5, 300))):
        tag = chooser.choice(
            ("<PAGE>", "<TABLE>", "</TABLE>", "<CAPTION>", "<S>   <C>   <C>", "<FN>", "\f", "-----  =====")
        )
        lines.insert(chooser.randrange(len(lines) + 1), tag)
    report = "\n".join(lines)
    return (_edgar_header(chooser, report) if chooser.random() < 0.6 else report).encode()


def garble_plain_columns(chooser: random.Random, data: bytes, other: bytes) -> bytes:
    """Spaces doubled, dropped and turned to tabs: the columns of a plain table are made of nothing else."""
    share = chooser.choice((0.01, 0.3))
    changes = (b"", b"  ", b"\t", b"          ", b"\n", b"....", b"\xc2\xa0")
    return re.sub(rb" {2,}", lambda gap: chooser.choice(changes) if chooser.random() < share else gap.group(), data)


def _edgar_header(chooser: random.Random, report: str) -> str:
    cik = chooser.choice(("9990000100", "0", "", "99999999999999", "x"))
    period = chooser.choice(("19961231", "19960231", "", "99999999", "961231"))
    closing = chooser.choice(("</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>", ""))
    return (
        f"<SEC-DOCUMENT>0000000000-97-000001.txt : 19970331\n<SEC-HEADER>\n"
        f"CONFORMED SUBMISSION TYPE:\t{chooser.choice(('10-K', '10-K405', '10-Q', '8-K', ''))}\n"
        f"CONFORMED PERIOD OF REPORT:\t{period}\nFILED AS OF DATE:\t\t{chooser.choice(('19970331', '0'))}\n"
        f"FILER:\n\tCOMPANY CONFORMED NAME:\t\tPLAIN CORP\n\tCENTRAL INDEX KEY:\t\t{cik}\n\tFISCAL YEAR END:\t\t1231\n"
        f"{chooser.choice(('</SEC-HEADER>', ''))}\n<DOCUMENT>\n<TYPE>10-K\n<TEXT>\n{report}\n{closing}"
    )


def _words(chooser: random.Random, size: int) -> bytes:
    sentences = b"".join(chooser.choice(_SENTENCES) for _ in range(200))
    return (sentences * (size // len(sentences) + 1))[:size]


def _inserted(chooser: random.Random, data: bytes, content: bytes) -> bytes:
    """Put `content` in front of a tag somewhere."""
    tag = data.find(b"<", chooser.randrange(len(data) + 1))
    place = tag if tag >= 0 else len(data)
    return data[:place] + content[:MAX_BYTES] + data[place:]


STRUCTURES = (
    swap_tags,
    truncate_at_a_boundary,
    stretch_cells,
    insert_many_rows,
    insert_long_paragraph,
    insert_many_blocks,
    insert_many_links,
    insert_many_facts,
    insert_attribute_bomb,
    insert_entity_bomb,
    as_plain_text,
    garble_plain_columns,
)
