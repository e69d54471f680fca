"""What users write of a training on data of their own: a training recipe, and how the data are read."""

from __future__ import annotations

from pydantic import Field

from strigil.data.layouts.layout import Reading
from strigil.train.recipe import TrainRecipe


class StudentRecipe(TrainRecipe):
    """How students are trained on data of any layout; what the command is given of the layout wins."""

    layout: str | None = Field(default=None, description="what the columns mean, where these do not decide it")
    columns: dict[str, str] = Field(default={}, description="which column is what, such as prompt: ask")

    @property
    def reading(self) -> Reading:
        """How the data are read."""
        return Reading(self.layout, tuple(self.columns.items()))

    @property
    def training(self) -> TrainRecipe:
        """The recipe without that: the same rows give the same student, whatever their columns are called."""
        return TrainRecipe.model_validate(self.model_dump(exclude={"layout", "columns"}))
