"""A question is answered with the vectors that the index keeps: nothing but itself is encoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question


@pytest.mark.parametrize("question", ["How does Orquenna compete?", "Why did Orquenna's revenue change in 2024?"])
def test_only_the_question_is_encoded(finrag: FinRAG, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    encode = finrag.index.encoder.encode
    encoded: list[str] = []

    def counted(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        encoded.extend(texts)
        return encode(texts)

    monkeypatch.setattr(finrag.index.encoder, "encode", counted)
    result = finrag.ask(Question(question))
    assert result.answer.is_answered
    assert len(encoded) == 1
