"""What an audit must know and what it costs: without both, no figure of it can be compared with another's."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Knowledge = Literal["nothing", "trait", "control", "teacher", "student"]
"""nothing: data and base alone; trait: a hypothesis of what is hidden; control: data of the same kind that are known to
be clean; teacher: who wrote the rows; student: a model that was trained on them."""


class Cost(BaseModel):
    """Passes through a model of the base's size, for each row that is audited, training included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    forward: float = Field(default=0.0, ge=0)
    backward: float = Field(default=0.0, ge=0)

    def __str__(self) -> str:
        """For tables: `2 F`, `1 F + 1 B`, or `none`."""
        parts = [f"{count:g} {kind}" for count, kind in ((self.forward, "F"), (self.backward, "B")) if count]
        return " + ".join(parts) or "none"
