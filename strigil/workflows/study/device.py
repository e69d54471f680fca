"""What works on a study: the devices that something is known of, and which of them a plan is for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import packaged_yaml
from strigil.models.catalog import Model
from strigil.models.shape import shape_of
from strigil.parallel.devices import gpu_models

Pass = Literal["train", "read", "generate"]
_LARGE: Final = 1e9
"""Parameters from which on a plan made without a GPU is one for a GPU."""
_UNKNOWN: Final = "a100"
"""What a GPU is reckoned as that the table does not have."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(_Part):
    """What works; `peak` is in floating-point operations a second, of a GPU."""

    says: str
    peak: float | None = None


class Known(_Part):
    """Tokens a second of one base on one device.

    Attributes:
        measured: What was timed there.
        source: Where and how.
        assumed: What was not, and is reckoned with.
        basis: What that goes by.
        students: How many were trained at a time on the device; `train` is the speed of each.
    """

    device: str
    base: str
    parameters: int
    measured: dict[Pass, float]
    source: str
    assumed: dict[Pass, float] = {}
    basis: str = ""
    students: int = 1


class Table(_Part):
    """What is known of speeds."""

    devices: dict[str, Device]
    utilisation: dict[Pass, float]
    known: tuple[Known, ...]


@cache
def table() -> Table:
    """The packaged one."""
    return packaged_yaml("strigil.workflows.study", "speeds.yaml", Table)


@dataclass(frozen=True)
class Chosen:
    """The device that a plan is for.

    Attributes:
        name: Of the table.
        asked: Whether it was asked for, and is not this machine's own.
        note: What must be said of it, or None.
    """

    name: str
    asked: bool = False
    note: str | None = None


def device_for(name: str | None, bases: list[Model]) -> Chosen:
    """The device as asked for, or this machine's GPU, or a CPU unless a base is too large for one.

    Raises:
        ConfigError: Nothing is known of a device of this name.
    """
    known, here = table().devices, this_device()
    if name is not None:
        if name not in known:
            message = f"nothing is known of the speed of {name!r}"
            raise ConfigError(message, hint=f"--device {', '.join(known)}; or --time, which measures here")
        return Chosen(name, asked=True)
    others = f"--device {', '.join(known)}"
    if here not in known:
        said = f"nothing is known of the speed of this machine's GPU: it is reckoned as {known[_UNKNOWN].says}"
        return Chosen(_UNKNOWN, note=f"{said} ({others})")
    if here == "cpu" and any(shape_of(base).parameters > _LARGE for base in bases):
        return Chosen("h100", note=f"there is no GPU here: the times are of {known['h100'].says} ({others})")
    return Chosen(here)


def this_device() -> str:
    """This machine's, by its name in the table; `gpu` for a GPU that is not in it."""
    models = gpu_models()
    if not models:
        return "cpu"
    return next((each for each, device in table().devices.items() if device.peak and each in models), "gpu")
