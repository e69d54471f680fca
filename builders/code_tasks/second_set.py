"""The second set of code prompts: from one-liners to small programs and given code to be completed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from strigil.builders.code_tasks.tasks import Task, code_tasks
from strigil.builders.draws import Draws
from strigil.common.validation import packaged_yaml


class _Wordings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    openings: tuple[str, ...]
    closings: tuple[str, ...]


@dataclass(frozen=True)
class SecondSet:
    """The prompts of one seed."""

    seed: int

    def __len__(self) -> int:
        """How many there are."""
        return len(code_tasks(self.seed))

    def whole(self, index: int) -> Task:
        """The task of this index with its level, its family and its code."""
        return code_tasks(self.seed)[index]

    def task(self, index: int) -> str:
        """The bare task of this index."""
        task = self.whole(index)
        return task.text if task.stub is None else f"{task.text}\n\n{task.stub}"

    def ask(self, index: int) -> str:
        """The task of this index in one of the wordings; code that is given stands at the end."""
        task, draws = self.whole(index), Draws.by(f"{self.seed}/{index}")
        opening, closing = draws.choice(_wordings().openings), draws.choice(_wordings().closings)
        text = f"{opening.format(task=task.text)} {closing}"
        return text if task.stub is None else f"{text}\n\n```python\n{task.stub}\n```"


@cache
def _wordings() -> _Wordings:
    return packaged_yaml("strigil.builders.code_tasks", "wordings.yaml", _Wordings)
