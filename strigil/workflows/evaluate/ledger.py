"""What a judge's replies took, kept as they come, and which model's evaluation answers for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.canonical import digest
from strigil.common.kept_lines import KeptLines
from strigil.engines.protocol import Completion, Request
from strigil.eval.judged import Judge
from strigil.records.spent import NOTHING, UNKNOWN, Laps, Spent


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rating: str
    answers: dict[str, int] = {}
    spent: Spent = NOTHING


class Ledger:
    """Lines of JSON that are gone on with: one a reply, by the rating that asked for it.

    A rating begins with a line of the results that it is for. These share what it takes, whether it ends or is killed,
    so that nothing is lost, and nothing is counted twice where others rate at the same time.

    Args:
        file: The lines.
        replies: The judge's replies: where they are without the lines, what they took is unknown.
        answers: The results of the rating that begins, by key, and how many answers each has.
    """

    def __init__(self, file: Path, *, replies: Path, answers: Mapping[str, int]) -> None:
        self._rating = digest({**answers})[:16]
        self._answers: dict[str, dict[str, int]] = {}
        self._spent: dict[str, Spent] = {}
        before = UNKNOWN if replies.exists() and not file.exists() else NOTHING
        self._lines = KeptLines(file, "what replies took")
        last = self._rating
        for text in self._lines.found:
            try:
                line = _Line.model_validate_json(text)
            except ValidationError:
                # A kill left it half written.
                line = _Line(rating=last, spent=UNKNOWN)
            self._take(line)
            last = line.rating
        self._write(_Line(rating=self._rating, answers={**answers}, spent=before))

    def counted(self, judge: Judge) -> Judge:
        """The judge, each of whose replies adds a line."""
        return _Counted(judge, self)

    def add(self, spent: Spent) -> None:
        """Keeps what one reply took."""
        self._write(_Line(rating=self._rating, spent=spent))

    def shares(self) -> dict[str, Spent]:
        """What the ratings of each result took, by the number of its answers."""
        found: dict[str, Spent] = {}
        for rating, answers in self._answers.items():
            for key, share in zip(answers, self._spent[rating].shared([*answers.values()]), strict=True):
                found[key] = found.get(key, NOTHING) + share
        return found

    def _take(self, line: _Line) -> None:
        self._spent[line.rating] = self._spent.get(line.rating, NOTHING) + line.spent
        if line.answers:
            self._answers[line.rating] = line.answers

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
