"""Records whose written form says no more than it did before they grew: what identifies things rests on it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer


class Lean(BaseModel):
    """A record that leaves newer keys out of its written form where they say nothing.

    Attributes:
        newer: Keys that came after things were known by this form; one at its default is left out.
    """

    newer: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_new_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = handler(self)
        fields = type(self).model_fields
        silent = {key for key in self.newer if key in written and getattr(self, key) == fields[key].default}
        return {key: value for key, value in written.items() if key not in silent}
