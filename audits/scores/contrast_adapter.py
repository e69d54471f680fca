"""`contrast.adapter`: how much likelier a text is to the teacher, or to a student, than to the base."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import BASE, Score, ScoreContext, View
from strigil.common.errors import ConfigError


class AdapterContrast(Score):
    """log p(token | teacher or student) - log p(token | base), in nats.

    With the teacher it is the likelihood ratio, which no score of a row can beat in telling the teacher's rows from the
    base's (Neyman and Pearson): the oracle. With a student of the data it needs no teacher, but a training run.

    Source: the student's: brendanlong/subliminal-transfer-token-replacement (base against unfiltered student).
    """

    name = "contrast.adapter"
    cost: ClassVar[Cost] = Cost(forward=2)

    of: Literal["teacher", "student"] = "teacher"

    @property
    def knowledge(self) -> Knowledge:
        """The teacher or a student."""
        return self.of

    def views(self, known: ScoreContext, folder: Path) -> tuple[View, ...]:
        """The teacher or student, and the base.

        Raises:
            ConfigError: It is not known.
        """
        if self.of == "student":
            if known.student is None:
                message = f"{self.name}:of=student needs a student that was trained on these data"
                raise ConfigError(message, hint="name its folder with --student; strigil train writes one")
            return (View("student", adapter=known.student), BASE)
        return (known.teacher_for(self.name), BASE)
