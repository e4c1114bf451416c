"""Notes tagged as text blocks, followed through their continuations."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.filings.xbrl.text_blocks import TextBlocks, read_text_blocks
from tests.unit.filings.xbrl.inline_document import document


def note(text: str, *, name: str = "us-gaap:DebtDisclosureTextBlock", continued_at: str = "") -> str:
    following = f' continuedAt="{continued_at}"' if continued_at else ""
    return f'<ix:nonNumeric name="{name}" contextRef="c"{following}>{text}</ix:nonNumeric>'


def continuation(identifier: str, text: str, *, continued_at: str = "") -> str:
    following = f' continuedAt="{continued_at}"' if continued_at else ""
    return f'<ix:continuation id="{identifier}"{following}>{text}</ix:continuation>'


def texts(found: TextBlocks) -> list[list[str]]:
    return [["".join(element.itertext()) for element in block.elements] for block in found.blocks]


def read(body: str) -> TextBlocks:
    return read_text_blocks(document(f"<div>{body}</div>"))


def test_block_is_followed_in_chain_order_not_document_order() -> None:
    found = read(
        continuation("c2", "three") + note("one", continued_at="c1") + continuation("c1", "two", continued_at="c2")
    )
    assert texts(found) == [["one", "two", "three"]]
    assert found.blocks[0].concept == "us-gaap:DebtDisclosureTextBlock"
    assert not found.issues


def test_only_text_blocks_are_read_nested_ones_too() -> None:
    table = note("table", name="us-gaap:ScheduleOfDebtTableTextBlock")
    found = read(note("one " + table) + note("name", name="dei:EntityRegistrantName"))
    assert [block.concept for block in found.blocks] == [
        "us-gaap:DebtDisclosureTextBlock",
        "us-gaap:ScheduleOfDebtTableTextBlock",
    ]


@pytest.mark.parametrize(
    ("body", "kept", "reason"),
    [
        (note("one", continued_at="c1"), ["one"], "no continuation 'c1'"),
        (note("one", continued_at="c1") + continuation("c1", "two", continued_at="c1"), ["one", "two"], "back to 'c1'"),
        (
            note("one", continued_at="c1")
            + continuation("c1", "two", continued_at="c2")
            + continuation("c2", "three", continued_at="c1"),
            ["one", "two", "three"],
            "back to 'c1'",
        ),
    ],
)
def test_broken_chain_is_reported_and_kept_as_far_as_it_goes(body: str, kept: list[str], reason: str) -> None:
    found = read(body)
    assert texts(found) == [kept]
    assert reason in found.issues[0].reason


def test_document_without_text_blocks_has_none() -> None:
    assert read("plain words") == TextBlocks((), ())
