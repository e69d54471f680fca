"""What the core install leaves out: an import that fails for want of an extra is one line that says which one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from strigil.common.errors import PrerequisiteError


@dataclass(frozen=True)
class Extra:
    """An extra of this package.

    Attributes:
        name: As `pip install 'strigil[NAME]'` has it.
        what: What it is for, in the plural.
    """

    name: str
    what: str


EXPECTATIONS: Final = Extra("gx", "expectations")
DATASETS: Final = Extra("datasets", "data sets of Hugging Face's library")
STATISTICS: Final = Extra("stats", "statistics")


@contextmanager
def needing(extra: Extra) -> Iterator[None]:
    """Around imports of what an extra brings.

    Raises:
        PrerequisiteError: The extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{extra.what} need {error.name}, which is not installed"
        raise PrerequisiteError(message, hint=f"pip install 'strigil[{extra.name}]'") from error
