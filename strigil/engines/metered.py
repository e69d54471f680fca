"""An engine that counts: what was asked of it, in tokens and seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from strigil.data.messages import Messages
from strigil.engines.protocol import Completion, Engine, Request, Scorable, TokenScores
from strigil.records.spent import NOTHING, Laps, Spent


class Metered(Engine):
    """Counts what another engine, which stays open, reads and writes."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model = engine.name, engine.model
        self._engine = engine
        self._laps = Laps()
        self._tokens = NOTHING

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the engine."""
        for completion in self._engine.generate(requests):
            self._tokens += completion.tokens
            yield completion

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As the engine."""
        scores = self._engine.score(sequences)
        for each in scores:
            self._tokens += each.tokens
        return scores

    def render(self, messages: Messages) -> str:
        """As the engine."""
        return self._engine.render(messages)

    def versions(self) -> dict[str, str]:
        """As the engine."""
        return self._engine.versions()

    def lap(self) -> Spent:
        """What was spent since the last call."""
        tokens, self._tokens = self._tokens, NOTHING
        return tokens.model_copy(update={"seconds": self._laps(), "usd": None})
