"""Versions of releases: a patch never changes rows, a minor one adds rows, a major one changes or removes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from strigil.common.errors import ConfigError

_FORM = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, order=True)
class Version:
    """MAJOR.MINOR.PATCH of a release."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `1.2.3` or `v1.2.3`.

        Raises:
            ConfigError: Any other form.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            message = f"{text!r} is not a version"
            raise ConfigError(message, hint="a version looks like 1.2.3")
        return cls(*(int(part) for part in found.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def next(self, *, added: bool, removed: bool) -> Version:
        """The version that follows when clean rows were added, or removed, or neither."""
        if removed:
            return Version(self.major + 1, 0, 0)
        if added:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(1, 0, 0)
