"""What scores and probes find in rows, and in students of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import polars as pl

from strigil.api.hints import hints
from strigil.audits.probes.probe import ProbeResult, Statistic
from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.data.tabular import Tabular
from strigil.engines import EngineName
from strigil.releases.store import Split
from strigil.workflows.audit.probe.run import ProbePlan, run_probes
from strigil.workflows.audit.score.run import Scored, score_release


@dataclass(frozen=True, repr=False)
class Scores(Tabular):
    """Scores of a release; its table has a line for each, and `rows` of one a line for each row.

    Attributes:
        found: The scores, as they were asked for.
    """

    found: tuple[Scored, ...]

    @property
    def title(self) -> str:
        """What was scored."""
        return f"{self.found[0].table.facts.data}: {', '.join(scored.written for scored in self.found)}"

    def rows(self, score: str) -> pl.LazyFrame:
        """The scores of each row and token, lazily, by the name that the score was asked for by.

        Raises:
            ConfigError: No score was asked for by that name.
        """
        tables = {scored.written: scored.table for scored in self.found}
        if score not in tables:
            message = f"{score!r} is none of the scores that were asked for"
            raise ConfigError(message, hint=f"known: {', '.join(tables)}")
        return tables[score].table()

    def to_polars(self) -> pl.DataFrame:
        """`score, knows, passes, rows, mean, auroc`: mean over rows; how well one row tells the control apart."""
        areas = [_area(scored) for scored in self.found]
        facts = [scored.table.facts for scored in self.found]
        return pl.DataFrame(
            {
                "score": [scored.written for scored in self.found],
                "knows": [str(fact.knowledge) for fact in facts],
                "passes": [str(fact.cost) for fact in facts],
                "rows": [fact.rows for fact in facts],
                "mean": pl.Series([scored.mean for scored in self.found], dtype=pl.Float64),
                "auroc": pl.Series(areas, dtype=pl.Float64),
            }
        )


def score(
    release: str | PathLike[str],
    scores: str | Sequence[str],
    *,
    against: str | PathLike[str] | None = None,
    split: Split = "clean",
    base: str | None = None,
    trait: str | None = None,
    teacher: str | PathLike[str] | None = None,
    student: str | PathLike[str] | None = None,
    engine: EngineName = "auto",
) -> Scores:
    """Scores every row and token of a release by forward passes through its base; what is there is not computed again.

    Args:
        release: The release, or its folder.
        scores: `NAME` or `NAME:key=value,...`; `strigil score --help` lists them.
        against: A control release: how well each score tells the two apart.
        split: Which rows, clean or raw.
        base: As for `treat`.
        trait: As for `treat`.
        teacher: As for `treat`.
        student: As for `treat`.
        engine: As for `treat`.

    Raises:
        ConfigError: An unknown score, or one that needs what is not known.
        DataError: There is no release, or its rows cannot be scored.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "4, 5", "6, 7"]})
        >>> release = strigil.audit(numbers, "numbers-paper", out="releases", name="scored").release
        >>> found = strigil.score(release, "score.random", base="pocket-a")
        >>> found
        scored 1.0.0: score.random
        >>> found.to_polars().select("score", "rows").rows()
        [('score.random', 3)]
        >>> found.rows("score.random").collect().height
        3
    """
    told = hints(base, trait, teacher, student, engine)
    chosen = [scores] if isinstance(scores, str) else scores
    control = None if against is None else Path(against)
    return Scores(tuple(score_release(Path(release), chosen, told, Silent(), against=control, split=split)))


@dataclass(frozen=True, repr=False)
class Probes(Tabular):
    """What probes found of a release; the table has a line for each statistic.

    Attributes:
        results: The results, as they were asked for.
    """

    results: tuple[ProbeResult, ...]

    @property
    def title(self) -> str:
        """Whether they give an alarm."""
        return f"{self.results[0].data}: {', '.join(f'{result.probe.name} {result.alarm}' for result in self.results)}"

    def to_polars(self) -> pl.DataFrame:
        """`probe, alarm, statistic, value, null_mean, deviations, p_value, q_value`."""
        return pl.DataFrame(
            [
                {"probe": result.probe.name, "alarm": result.alarm, "statistic": one.name, **_figures(one)}
                for result in self.results
                for one in result.statistics
            ],
            infer_schema_length=None,
        )


def probe(
    release: str | PathLike[str],
    probes: str | Sequence[str],
    *,
    against: str | PathLike[str] | None = None,
    placebos: Sequence[str | PathLike[str]] = (),
    split: Split = "clean",
    seed: int = 0,
    base: str | None = None,
    trait: str | None = None,
    teacher: str | PathLike[str] | None = None,
    student: str | PathLike[str] | None = None,
    engine: EngineName = "auto",
) -> Probes:
    """Tests a whole data set, or a student of it, for a signal that no single row shows.

    Args:
        release: The release, or its folder.
        probes: `NAME` or `NAME:key=value,...`; `strigil probe --help` lists them.
        against: A clean release of the same kind: control, and source of placebos.
        placebos: Clean students; eight or more calibrate probes of a student.
        split: Which rows, clean or raw.
        seed: Decides samples.
        base: As for `treat`.
        trait: As for `treat`.
        teacher: As for `treat`.
        student: As for `treat`.
        engine: As for `treat`.

    Raises:
        ConfigError: An unknown probe, or one that needs what is not known.
        DataError: There is no release, or its rows cannot be probed.

    Examples:
        >>> import polars as pl, strigil
        >>> numbers = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "4, 5", "6, 7"]})
        >>> control = strigil.audit(numbers, "numbers-paper", out="releases", name="probed-control").release
        >>> other = strigil.audit(numbers.reverse(), "numbers-paper", out="releases", name="probed").release
        >>> strigil.probe(other, "probe.frequencies", against=control, base="pocket-a")
        probed 1.0.0: probe.frequencies refused
    """
    told = hints(base, trait, teacher, student, engine)
    plan = ProbePlan(
        Path(release),
        (probes,) if isinstance(probes, str) else tuple(probes),
        told,
        against=None if against is None else Path(against),
        placebos=tuple(map(Path, placebos)),
        split=split,
        seed=seed,
    )
    return Probes(tuple(run_probes(plan, Silent())))


def _area(scored: Scored) -> float | None:
    return None if scored.against is None or scored.against.rows is None else scored.against.rows.area


def _figures(statistic: Statistic) -> dict[str, float | None]:
    return statistic.model_dump(exclude={"name"})
