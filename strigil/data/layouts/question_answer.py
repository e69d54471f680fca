"""Layout `question-answer`: sets of questions, such as GSM8K."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.data.layouts.pair import Pair


class QuestionAnswer(Pair):
    """`question` and `answer`."""

    name: ClassVar[str] = "question-answer"
    needs: ClassVar[tuple[str, ...]] = (
        "question",
        "answer",
    )
    asks: ClassVar[str | None] = "question"
    answers: ClassVar[str] = "answer"
    example: ClassVar[Mapping[str, object]] = {"question": "Two and two?", "answer": "4"}
    says: ClassVar[tuple[str, str]] = ("Two and two?", "4")
