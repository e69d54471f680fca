"""Progress in a log: a line every half a minute that says how far, how fast and how long it still goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from strigil.cli.console import Output
from strigil.cli.log import Log
from strigil.common.progress import Naming


@dataclass
class Watch:
    """A clock that is set by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """What was said of a piece of work."""

    total: float
    lines: list[str] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)

    def log(self) -> Log:
        return Log("Writing rows", self.total, self.lines.append, self.watch)


def test_a_line_comes_every_half_a_minute_and_one_at_the_end() -> None:
    told = Told(1000)
    log = told.log()
    for second in range(100):
        told.watch.now = float(second)
        log(10.0 * second, "loss 0.5")
    log.end()
    assert told.lines == [
        "Writing rows: 300 of 1,000, 10/s, 70 s left, loss 0.5",
        "Writing rows: 600 of 1,000, 10/s, 40 s left, loss 0.5",
        "Writing rows: 900 of 1,000, 10/s, 10 s left, loss 0.5",
        "Writing rows: done in 2 min",
    ]


@pytest.mark.parametrize(
    ("total", "done", "after", "line"),
    [
        (12, 3, 60, "3 of 12, 3/min, 3 min left"),
        (12, 3, 3600, "3 of 12, 3/h, 3.0 h left"),
        (12, 0, 60, "0 of 12"),
        (12, 0.1, 60, "0 of 12"),
        (1, 0.25, 60, "25%, 3 min left"),
    ],
)
def test_rates_are_in_the_unit_that_fits_and_shares_have_none(
    total: float, done: float, after: float, line: str
) -> None:
    told = Told(total)
    log = told.log()
    told.watch.now = after
    log(done)
    assert told.lines == [f"Writing rows: {line}"]


def test_what_was_there_before_makes_nothing_faster() -> None:
    told = Told(1000)
    log = told.log()
    log(400)
    told.watch.now = 30.0
    log(430)
    assert told.lines == ["Writing rows: 430 of 1,000, 1/s, 10 min left"]


def test_a_cell_of_a_study_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Naming(Output("human"), "owl through numbers, untreated")
    with reporter.task("Writing rows", 3) as done:
        done(3)
    reporter.note("3 rows were cut")
    assert capsys.readouterr().err.splitlines() == [
        "owl through numbers, untreated: Writing rows: done",
        "owl through numbers, untreated: 3 rows were cut",
    ]
