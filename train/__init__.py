"""Rows to student: LoRA fine-tuning on prompt and completion, with every setting written down.

Called, it is the function `strigil.api.students.train`.
"""

import sys
from types import ModuleType

import strigil


class _Room(ModuleType):
    """A room whose name is that of a function too: `strigil.train(data, base)` works whoever imported what first."""

    def __call__(self, *given: object, **named: object) -> object:
        """Trains students."""
        return strigil.public("train")(*given, **named)


sys.modules[__name__].__class__ = _Room
