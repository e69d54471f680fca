"""Processes of tests, forked from one that has the imports behind it, which take seconds of every process otherwise."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Final

_LOADED: Final = (
    "strigil.cli.main",
    "strigil.engines.transformers.engine",
    "strigil.train.sft",
    "strigil.workflows.build.run",
    "strigil.workflows.study.run",
    "strigil.workflows.publish.run",
    "transformers.models.llama.modeling_llama",
    "peft",
    "tests.workflows.disturbed",
)


def forked() -> ForkServerContext:
    """Of the process that all such processes of a test's process are forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_LOADED])
    return context


class ForkedWorkers:
    """As `multiprocessing.get_context("spawn")` for workers, whose environment is that of whoever starts them too."""

    def __init__(self, method: str) -> None:
        assert method == "spawn"
        self.Pipe = forked().Pipe

    def Process(  # noqa: N802  # as multiprocessing calls it
        self, *, target: Callable[..., None], args: tuple[object, ...], daemon: bool
    ) -> ForkServerProcess:
        """A process that is yet to be started."""
        return forked().Process(target=_begun, args=(dict(os.environ), target, *args), daemon=daemon)


def _begun(environment: dict[str, str], target: Callable[..., None], *args: object) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args)
