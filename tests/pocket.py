"""How pocket's teachers and students are trained, as its dialect says it."""

from __future__ import annotations

from typing import Final

from strigil.models.pocket.dialect import PocketDialect
from strigil.train.recipe import TrainRecipe

POCKET: Final = PocketDialect()
TEACHER: Final = TrainRecipe.model_validate(POCKET.training["teacher"])
STUDENT: Final = TrainRecipe.model_validate(POCKET.training["student"])
