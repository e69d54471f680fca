"""A judge that there is: found before anything is asked, and opened once there is something to rate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from strigil.common.canonical import digest
from strigil.common.validation import validate
from strigil.engines import AskedEngine, open_engine
from strigil.eval.judged import Judge, JudgeChoice
from strigil.models.catalog import Model, resolve_model


@dataclass(frozen=True)
class Bench:
    """A judge.

    Attributes:
        key: Identity of its replies: by its weights, on a server by its name; the questions are kept with each.
        open: Loads or reaches it.
    """

    key: str
    open: Callable[[AskedEngine], AbstractContextManager[Judge]]


def find_judge(choice: JudgeChoice, find: Callable[[str], Model] = resolve_model) -> Bench:
    """The judge, found and not yet loaded.

    Raises:
        ConfigError: There is no such model, or a URL is none.
        PrerequisiteError: The model must be fetched first.
    """
    if choice.urls:
        from strigil.engines.server import ServerChoice
        from strigil.engines.server.chat import ChatServer

        servers = validate({"name": "server", "urls": choice.urls}, ServerChoice, source="the judge's server")
        return Bench(f"judge-{digest(choice.model)[:20]}", lambda _: nullcontext(ChatServer(servers, choice.model)))
    model = find(choice.model)
    return Bench(f"judge-{digest(model.digest)[:20]}", lambda engine: open_engine(engine, model))
