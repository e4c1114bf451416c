"""Names in offered questions are written as people write them."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.near_questions import short_name


@pytest.mark.parametrize(
    ("registered", "written"),
    [
        ("Apple Inc.", "Apple"),
        ("AMAZON.COM, INC.", "Amazon.com"),
        ("WELLS FARGO & COMPANY/MN", "Wells Fargo"),
        ("INTERNATIONAL BUSINESS MACHINES CORPORATION", "International Business Machines"),
        ("COMMONWEALTH INCOME & GROWTH FUND V", "Commonwealth Income & Growth Fund V"),
        ("Johnson & Johnson", "Johnson & Johnson"),
        ("McDONALD’S CORPORATION", "McDONALD’S"),
        ("3M CO", "3M"),
        ("Orquenna Instruments, Inc. (fictional)", "Orquenna Instruments"),
    ],
)
def test_name_is_short_and_not_shouted(registered: str, written: str) -> None:
    assert short_name(registered) == written
