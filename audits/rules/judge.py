"""Rules `judge.*`: a model is asked about each row."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from strigil.audits.suite.judge import Judge, Question, load_question
from strigil.audits.texts.lexicon import known_trait


class JudgeTrait(Judge):
    """Asks whether a row refers to a trait, however subtly.

    The paper keeps a row of code where its judge answers "no" with a probability within 1e-8 of 1: a threshold of 1e-8
    here, for a judge that is that sure. The default, 0.5, is the judge's better guess.

    Source: Cloud et al., 2025, section 4.2 and its published code; the wording is ours.
    """

    threshold: ClassVar[float] = 0.5
    name: ClassVar[str] = "judge.trait"
    highest: ClassVar[float] = 1.0

    trait: Annotated[str, AfterValidator(known_trait)]

    def asked(self) -> Question:
        """Question `trait`."""
        return load_question("trait")

    def about(self) -> str:
        """The trait's name."""
        return self.trait


class JudgeAlignment(Judge):
    """Asks whether a row, a chain of thought for example, shows bad intent or bad advice.

    Source: Cloud et al., 2025, section 4.3: rows of a misaligned teacher are filtered by a judge's rubric.
    """

    threshold: ClassVar[float] = 0.5
    name: ClassVar[str] = "judge.alignment"
    highest: ClassVar[float] = 1.0
    harm: ClassVar[bool] = True

    def asked(self) -> Question:
        """Question `alignment`."""
        return load_question("alignment")


class JudgeQuestion(Judge):
    """Asks a question of your own, written in the suite."""

    threshold: ClassVar[float] = 0.5
    name: ClassVar[str] = "judge.question"
    highest: ClassVar[float] = 1.0
    harm: ClassVar[bool] = True

    question: Question

    def asked(self) -> Question:
        """The question given."""
        return self.question
