"""Who wrote the rows of a release, where strigil did not have them written: what the user says, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from strigil.common.errors import ConfigError
from strigil.releases.manifest import Manifest, Origin

ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)


def check_origin(given: str | None) -> Origin | None:
    """An origin that a user gives, once it is clear that it is one.

    Raises:
        ConfigError: It is not.
    """
    found: Origin | None = next((origin for origin in ORIGINS if origin == given), None)
    if given is not None and found is None:
        message = f"{given!r} is no origin of rows"
        raise ConfigError(message, hint=f"known: {', '.join(ORIGINS)}")
    return found


def origin_of(given: str | None, parents: Sequence[Manifest]) -> Origin | None:
    """The origin that is given, or what follows from those of releases whose rows these are; None if nothing does.

    Raises:
        ConfigError: It is on record who wrote the rows of all parents, or the one that is given is none.
    """
    chosen = check_origin(given)
    if parents and all(parent.made_here for parent in parents):
        if chosen is not None:
            message = f"who wrote the rows of {parents[0].name} is on record"
            raise ConfigError(message, hint="--origin is for data that strigil did not have written: leave it out")
        return None
    if chosen is not None:
        return chosen
    said: set[Origin | None] = {"model" if parent.made_here else parent.origin for parent in parents}
    if None in said or not said:
        return None
    return said.pop() if len(said) == 1 else "unknown" if "unknown" in said else "mixed"
