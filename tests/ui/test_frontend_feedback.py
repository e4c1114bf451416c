"""What a reader says about an answer reaches the back end, can be changed, and is not lost when it does not."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.api_client import ApiError, BackendClient
from serving.frontend.contract.feedback import Feedback
from serving.frontend.contract.query import Query
from serving.frontend.conversation.conversation import Turn
from serving.frontend.conversation.feedback import send_feedback
from tests.ui.stub_backend import REQUEST_ID, Reply, StubBackend, build_problem, serve_stub
from tests.ui.test_frontend_chat import ask, click, find_keys, page, read_page

__all__ = ["page"]

BUSY = build_problem(503, "Service Unavailable", "The store did not take the feedback in time: send it again later.")
COMMENT = "The table is of *2023*."


def _draw_dialog(url: str) -> None:
    """A page that does nothing but open the dialog for the turn of the session, and show what was said."""
    import streamlit as st

    from serving.frontend.api_client import BackendClient
    from serving.frontend.conversation.feedback import ask_what_is_wrong, show_feedback

    show_feedback(st.session_state["turn"], "")
    ask_what_is_wrong(BackendClient(url), st.session_state["turn"], "req-0001", lambda: None)


def open_dialog(stub: StubBackend, turn: Turn) -> AppTest:
    """Return the dialog of a turn alone."""
    dialog = AppTest.from_function(_draw_dialog, args=(stub.url,))
    dialog.session_state["turn"] = turn
    return dialog.run()


def send_form(dialog: AppTest, verdict: str, comment: str) -> None:
    dialog.radio(key="feedback-reason-1").set_value(verdict)
    dialog.text_area(key="feedback-comment-1").set_value(comment)
    click(dialog, "feedback-send-1")


def test_good_answer_is_called_so_by_one_click(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    assert not stub.feedback
    click(page, "good-1")
    assert stub.feedback == [{"request_id": REQUEST_ID, "verdict": "good", "comment": ""}]
    assert "Noted: a good answer." in read_page(page)


def test_wrong_answer_is_asked_for_a_reason(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    click(page, "wrong-1")
    assert page.radio(key="feedback-reason-1").options == ["The answer is wrong", "The evidence is wrong"]
    assert page.text_area(key="feedback-comment-1").max_chars == 2000
    assert not stub.feedback


def test_dialog_is_closed_once_the_reason_is_sent(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    click(page, "wrong-1")
    page.run()
    assert "feedback-send-1" in find_keys(page)
    stub.replies["/feedback"] = BUSY
    send_form(page, "evidence_wrong", COMMENT)
    assert "What you said is kept." in page.error[0].value
    assert page.text_area(key="feedback-comment-1").value == COMMENT
    stub.replies.clear()
    click(page, "feedback-send-1")
    assert [body["comment"] for body in stub.feedback] == [COMMENT]
    assert "Noted: the evidence is wrong." in read_page(page)
    assert "feedback-send-1" not in find_keys(page)


def test_reason_and_comment_are_sent_and_noted(stub: StubBackend) -> None:
    turn = Turn(1, Query("How large were net sales?"))
    dialog = open_dialog(stub, turn)
    send_form(dialog, "evidence_wrong", f"  {COMMENT} ")
    assert stub.feedback == [{"request_id": REQUEST_ID, "verdict": "evidence_wrong", "comment": COMMENT}]
    assert turn.feedback == Feedback("evidence_wrong", COMMENT)
    assert r"Noted: the evidence is wrong. “The table is of \*2023\*.”" in read_page(dialog)


def test_feedback_can_be_changed(stub: StubBackend) -> None:
    turn = Turn(1, Query("How large were net sales?"), feedback=Feedback("evidence_wrong", COMMENT))
    dialog = open_dialog(stub, turn)
    assert dialog.radio(key="feedback-reason-1").value == "evidence_wrong"
    assert dialog.text_area(key="feedback-comment-1").value == COMMENT
    send_form(dialog, "answer_wrong", COMMENT)
    assert [body["verdict"] for body in stub.feedback] == ["answer_wrong"]
    assert "Noted: the answer is wrong." in read_page(dialog)


def test_feedback_that_is_not_taken_says_what_to_do_and_keeps_what_was_typed(stub: StubBackend) -> None:
    turn = Turn(1, Query("How large were net sales?"), feedback=Feedback("good"))
    dialog = open_dialog(stub, turn)
    stub.replies["/feedback"] = BUSY
    send_form(dialog, "evidence_wrong", COMMENT)
    assert "send it again later" in dialog.error[0].value
    assert dialog.text_area(key="feedback-comment-1").value == COMMENT
    dialog.run()
    assert "Not sent yet: the evidence is wrong." in read_page(dialog)

    reopened = open_dialog(stub, turn)
    assert reopened.radio(key="feedback-reason-1").value == "evidence_wrong"
    assert reopened.text_area(key="feedback-comment-1").value == COMMENT
    stub.replies.clear()
    click(reopened, "feedback-send-1")
    assert [body["comment"] for body in stub.feedback] == [COMMENT]
    assert "Noted: the evidence is wrong." in read_page(reopened)


def test_refused_comment_is_explained_field_by_field(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    errors = [{"field": "comment", "message": "at most 2000 characters"}]
    stub.replies["/feedback"] = build_problem(422, "Unprocessable Content", "The request is not valid.", errors=errors)
    click(page, "good-1")
    assert "comment: at most 2000 characters" in page.error[0].value


def test_back_end_that_is_away_is_told_and_nothing_forgotten() -> None:
    with serve_stub(StubBackend()) as away:
        client = BackendClient(away.url)
    turn = Turn(1, Query("How large were net sales?"), feedback=Feedback("good"))
    obstacle = send_feedback(client, turn, REQUEST_ID, Feedback("answer_wrong", COMMENT))
    assert obstacle == "The back end cannot be reached. Send it again in a moment."
    assert (turn.feedback, turn.unsent) == (Feedback("good"), Feedback("answer_wrong", COMMENT))


def test_wait_of_the_back_end_is_told(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    stub.replies["/feedback"] = Reply(429, {"detail": "Too many."}, {"Retry-After": "7"})
    click(page, "good-1")
    assert "Send it again in 7 s." in page.error[0].value


def test_answer_of_another_kind_than_accepted_is_an_error(stub: StubBackend) -> None:
    stub.replies["/feedback"] = Reply(200, {"accepted": True})
    with pytest.raises(ApiError):
        BackendClient(stub.url).send_feedback(REQUEST_ID, Feedback("good"))


def test_abstained_answer_can_be_judged_and_a_failure_cannot(page: AppTest) -> None:
    ask(page, "abstain please")
    assert {"good-1", "wrong-1", "take-away-1"} <= find_keys(page)
    ask(page, "limit please")
    assert not {"good-2", "wrong-2", "take-away-2"} & find_keys(page)


def test_new_conversation_forgets_what_was_said(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    click(page, "good-1")
    click(page, "new-conversation")
    ask(page, "gross margin?")
    assert "Noted" not in read_page(page)


def test_long_comment_is_noted_in_short(stub: StubBackend) -> None:
    turn = Turn(1, Query("How large were net sales?"), feedback=Feedback("answer_wrong", "word " * 400))
    noted = next(each for each in read_page(open_dialog(stub, turn)).splitlines() if "Noted" in each)
    assert len(noted) < 220
    assert "…”" in noted
