"""What a judge's replies took, kept as they come, and which model's evaluation answers for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.kept_lines import KeptLines
from strigil.engines.protocol import Completion, Request
from strigil.eval.evaluation import Judge
from strigil.records.spent import NOTHING, UNKNOWN, Laps, Spent


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    spent: Spent = NOTHING
    settled: dict[str, Spent] | None = None


class Ledger:
    """Lines of JSON that are gone on with: one a reply, and one for each rating that shares out those before it.

    A killed rating leaves lines that the next one shares out, so that nothing is lost and nothing counted twice.

    Args:
        file: The lines.
        replies: The judge's replies: where they are without the lines, what they took is unknown.
    """

    def __init__(self, file: Path, *, replies: Path) -> None:
        self._settled: dict[str, Spent] = {}
        self._open = UNKNOWN if replies.exists() and not file.exists() else NOTHING
        self._lines = KeptLines(file, "what replies took")
        for line in self._lines.found:
            try:
                self._take(_Line.model_validate_json(line))
            except ValidationError:
                # A kill left it half written.
                self._open = UNKNOWN

    def counted(self, judge: Judge) -> Judge:
        """The judge, each of whose replies adds a line."""
        return _Counted(judge, self)

    def add(self, spent: Spent) -> None:
        """Keeps what one reply took."""
        self._write(_Line(spent=spent))

    def settle(self, answers: Mapping[str, int]) -> None:
        """Shares out what no rating answers for yet, by the number of answers of each result's key."""
        shares = self._open.shared(list(answers.values()))
        self._write(_Line(settled=dict(zip(answers, shares, strict=True))))

    def of(self, key: str) -> Spent:
        """What the ratings behind a result took."""
        return self._settled.get(key, UNKNOWN)

    def _take(self, line: _Line) -> None:
        if line.settled is None:
            self._open += line.spent
            return
        self._open = NOTHING
        for key, spent in line.settled.items():
            self._settled[key] = self._settled.get(key, NOTHING) + spent

    def _write(self, line: _Line) -> None:
        self._take(line)
        self._lines.add(line.model_dump_json(exclude_defaults=True))


class _Counted:
    def __init__(self, judge: Judge, ledger: Ledger) -> None:
        self.model = judge.model
        self._judge, self._ledger = judge, ledger

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        laps = Laps()
        for completion in self._judge.generate(requests):
            self._ledger.add(completion.tokens.model_copy(update={"seconds": laps()}))
            yield completion
