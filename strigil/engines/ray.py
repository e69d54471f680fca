"""An engine on every actor of a Ray cluster, behind the protocol of one: rows and their ids are what one would make."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from strigil.common.errors import ConfigError
from strigil.data.messages import Messages
from strigil.engines.protocol import Completion, Engine, Request, Scorable, TokenScores
from strigil.models.catalog import Model, resolve_model
from strigil.parallel.jobs import in_order
from strigil.parallel.ray_actors import Actors
from strigil.parallel.ray_cluster import Ray

GROUP: Final = 1024
"""Requests that an actor is given at once: what is generated again if it dies, and a few batches of any engine."""
SMALLEST: Final = 64
"""Groups become smaller towards the end, so that all actors finish together; not smaller than this."""

R = TypeVar("R")


@dataclass(frozen=True)
class _Opening:
    """Opens the engine of an actor, on its node.

    Raises:
        ConfigError: The node has another model of that name.
        PrerequisiteError: It has none, or lacks the engine.
    """

    open: Callable[[Model], Engine]
    model: Model

    def __call__(self) -> Engine:
        """Opens it."""
        if self.model.path.is_dir():
            model = resolve_model(str(self.model.path))
        else:
            model = resolve_model(self.model.id, revision=self.model.revision)
        if model.digest != self.model.digest:
            message = f"a node of the Ray cluster has another {self.model.id} than this machine: {model.digest[:12]}"
            raise ConfigError(message, hint="fetch the same model on every node, or keep it in a folder that all share")
        return self.open(model)


class RayEngine(Engine):
    """Engines on a Ray cluster; use it as a context manager, which frees them.

    Every request is answered once, whatever becomes of actors and nodes. The model, and adapters, must be on each node.

    Args:
        opening: Opens a model in an actor; must pickle.
        model: From `resolve_model`.
        size: How many actors, and how large.
        note: Told when an actor is lost, or finds no room.

    Raises:
        ConfigError: The engine cannot serve this model, or a node has another one of the same name.
        PrerequisiteError: Ray is not installed, its cluster does not answer or has no room, or a node lacks something.
    """

    def __init__(
        self, opening: Callable[[Model], Engine], model: Model, size: Ray, *, note: Callable[[str], None]
    ) -> None:
        self.model = model.id
        self._size = size
        make = _Opening(opening, replace(model, path=model.path.resolve()))
        self._actors: Actors[Engine] = Actors(make, size, note=note)
        try:
            self.name = self._ask(_name)
            self._versions = self._ask(_versions)
        except BaseException:
            self.close()
            raise

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the protocol says; holds at most `GROUP` requests for each actor, and as many again under way."""
        for group in self._actors.run(partial(_generate, group) for group in self._groups(requests)):
            yield from group.result

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As the protocol says."""
        groups = (partial(_score, sequences[start : start + GROUP]) for start in range(0, len(sequences), GROUP))
        return [scores for group in in_order(self._actors.run(groups)) for scores in group]

    def render(self, messages: Messages) -> str:
        """As the protocol says."""
        return self._ask(partial(_render, messages))

    def versions(self) -> dict[str, str]:
        """As the protocol says, of one of the actors."""
        return self._versions

    def close(self) -> None:
        """As the protocol says."""
        self._actors.__exit__(None, None, None)

    def _ask(self, question: Callable[[Engine], R]) -> R:
        (answer,) = self._actors.run([question])
        return answer.result

    def _groups(self, requests: Iterable[Request]) -> Iterator[list[Request]]:
        source = (_anywhere(request) for request in requests)
        waiting: deque[Request] = deque()
        while True:
            waiting.extend(islice(source, self._size.actors * GROUP - len(waiting)))
            if not waiting:
                return
            fair = max(SMALLEST, -(-len(waiting) // self._size.actors))
            yield [waiting.popleft() for _ in range(min(fair, len(waiting)))]


def _anywhere(request: Request) -> Request:
    """The same, with the adapter's folder named from the root: actors work in folders of their own."""
    if request.adapter is None:
        return request
    return replace(request, adapter=replace(request.adapter, path=Path(request.adapter.path).resolve()))


def _generate(requests: list[Request], engine: Engine) -> list[Completion]:
    return list(engine.generate(requests))


def _score(sequences: Sequence[Scorable], engine: Engine) -> list[TokenScores]:
    return engine.score(sequences)


def _render(messages: Messages, engine: Engine) -> str:
    return engine.render(messages)


def _name(engine: Engine) -> str:
    return engine.name


def _versions(engine: Engine) -> dict[str, str]:
    return engine.versions() | {"ray": version("ray")}
