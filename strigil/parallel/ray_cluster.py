"""A Ray cluster: what to take of it, the connection to it, and what it says of losses."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from strigil.common.errors import PrerequisiteError, first_line

KNOCK_SECONDS: Final = 10.0
ENVIRONMENT: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # What a later Ray will do by itself; until then it warns about it.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class Ray(BaseModel):
    """What to take of a Ray cluster: of the one that `RAY_ADDRESS` names, or else of a new one on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actors: int = Field(ge=1, description="how many; those that find no room wait for it while the others work")
    cpus: float = Field(default=1, gt=0, description="cores for each")
    gpus: float = Field(default=0, ge=0, description="GPUs for each")


@contextmanager
def cluster() -> Iterator[None]:
    """A connection to a cluster; the one that the caller has, if it has one."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        message = f"the work is to be spread by Ray, which cannot be imported: {error}"
        raise PrerequisiteError(message, hint="pip install 'strigil[ray]'") from error
    if ray.is_initialized():
        yield
        return
    try:
        address = os.environ.get("RAY_ADDRESS", "local")
        _knock(address)
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        message = f"the Ray cluster cannot be used: {first_line(error)}"
        raise PrerequisiteError(message, hint="check RAY_ADDRESS, or unset it to use this machine alone") from error
    # Ray has no other way to keep what it says about nodes and workers off standard output, which is for data.
    ray._private.worker._worker_logs_enabled = False
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Makes sure that somebody listens, for Ray itself tries for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "//" not in host:
        try:
            socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()
        except OSError as error:
            message = f"nobody answers at {address} ({error})"
            raise OSError(message) from error


def losses() -> tuple[type[Exception], ...]:
    """What Ray raises where an actor, or an answer that it had given, is no more."""
    from ray import exceptions

    return (
        exceptions.NodeDiedError,
        exceptions.ObjectLostError,
        exceptions.OutOfMemoryError,
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
    )
