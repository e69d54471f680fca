"""Engine `auto`: the best one that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from strigil.engines.choice import EngineChoice, LocalChoice, Opening

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine
    from strigil.models.catalog import Model


AUTO: Final = "auto"


class AutoChoice(LocalChoice):
    """Takes vLLM where it can be imported, and transformers otherwise."""

    name: Literal["auto"] = "auto"
    preference: ClassVar[int | None] = 0

    def chosen(self) -> EngineChoice:
        """The first engine by preference that is installed, or the last one, which then says what is missing."""
        from strigil.engines.registry import engine_choices

        ranked = [each for each in engine_choices().items() if each[1].preference]
        name, choice = next((each for each in ranked if each[1].installed()), ranked[-1])
        return choice(name=name)

    def open(self, model: Model, opening: Opening) -> Engine:
        """As `EngineChoice.open`."""
        return self.chosen().open(model, opening)
