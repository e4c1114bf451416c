"""The dialog offers what there is to take away, and makes no file before it is asked for."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.takeaway import dialog
from tests.ui.test_frontend_chat import ask, click, page

__all__ = ["page"]


def find_downloads(page: AppTest) -> dict[str, str]:
    """Return the downloads of the dialog: key and label."""
    return {str(each.key): each.label for each in page.download_button if str(each.key).startswith("take-")}


def test_answer_with_tables_is_offered_as_documents_and_tables(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    assert not find_downloads(page)
    click(page, "take-away-1")
    assert find_downloads(page) == {
        "take-answer-html": "Answer as HTML",
        "take-answer-markdown": "Answer as Markdown",
        "take-tables": "Tables as CSV",
    }


def test_answer_in_numbers_is_offered_with_them(page: AppTest) -> None:
    ask(page, "gross margin?")
    click(page, "take-away-1")
    assert "take-numbers" in find_downloads(page)
    assert "take-tables" not in find_downloads(page)


def test_conversation_is_offered_once_there_are_two_questions(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    ask(page, "gross margin?")
    click(page, "take-away-2")
    assert {"take-conversation-html", "take-conversation-markdown"} <= set(find_downloads(page))
    assert "**The whole conversation** (2 questions)" in [each.value for each in page.markdown]


def test_no_file_is_made_before_it_is_asked_for(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(dialog, "build_document", lambda *arguments: made.append(arguments))
    ask(page, "How large were net sales?")
    click(page, "take-away-1")
    assert find_downloads(page)
    assert not made
