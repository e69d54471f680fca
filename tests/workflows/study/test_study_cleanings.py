"""Ranked treatments in a study: one table with what each must know, costs and leaves, those that fail included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strigil.common.progress import Silent
from strigil.workflows.study.cells import Store
from strigil.workflows.study.plan import plan_study
from strigil.workflows.study.run import Written, report_only, run_and_report
from tests.pocket import TEACHER
from tests.workflows.study.small import CONTROLS, ROWS, a_study

if TYPE_CHECKING:
    from strigil.records.study.tables import CleaningRecord
    from strigil.workflows.study.recipe import StudyRecipe

UNNAMED = "contrast.persona:trait=unicorn"
SCORES = ("score.random", "contrast.adapter", "score.surprisal", UNNAMED)
HALF = "random drop like surprise-half"


def the_study() -> StudyRecipe:
    treatments = {
        "random-mask": ["tokens.mask:share=0.1"],
        "oracle-mask": ["tokens.mask:by=contrast.adapter,share=0.1"],
        "surprise-half": ["numbers.sort", "rows.drop:by=score.surprisal,share=0.5"],
        "unnamed": ["rows.drop:by=contrast.persona:trait=unicorn,share=0.5"],
        "regenerate": ["rows.regenerate:share=1.0"],
    }
    return a_study(
        numbers={"treatments": treatments},
        teachers=[{"by": "fine-tuning", "trait": "owl", "training": TEACHER.model_dump(mode="json")}],
        without=[*(control for control in CONTROLS if control != "random-drop"), "other-trait"],
        seeds=[0],
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("cleanings"))


@pytest.fixture(scope="module")
def written(store: Store) -> Written:
    return run_and_report(the_study(), store, Silent(), workers=1)


@pytest.fixture(scope="module")
def table(written: Written) -> dict[str, CleaningRecord]:
    return {each.label: each for each in written.report.cleanings}


def test_each_ranking_says_what_it_knows_costs_and_touches(table: dict[str, CleaningRecord]) -> None:
    says = {label: (each.knowledge, each.cost, each.unit) for label, each in table.items()}
    assert says["random-mask"] == ("nothing", "none", "tokens")
    assert says["oracle-mask"] == ("teacher", "2 F", "tokens")
    assert says["surprise-half"] == ("nothing", "1 F", "rows")
    assert says[HALF] == ("nothing", "none", "rows")
    assert says["unnamed"] == ("trait", "2 F", "rows")
    touched = {label: each.touched for label, each in table.items()}
    assert touched["random-mask"] == pytest.approx(0.1, abs=0.01)
    assert touched["surprise-half"] == touched[HALF] == 0.5
    assert touched["unnamed"] is None


def test_the_oracle_tells_rows_apart_and_chance_does_not(table: dict[str, CleaningRecord]) -> None:
    oracle, chance = table["oracle-mask"].auroc_row, table["random-mask"].auroc_row
    assert oracle is not None
    assert chance is not None
    assert oracle > 0.8
    assert chance == pytest.approx(0.5, abs=0.1)
    assert table["oracle-mask"].auroc_hundred == 1.0


def test_what_scoring_took_is_in_the_report(written: Written) -> None:
    [scores] = [each for each in written.report.spent if each.what == "scores"]
    assert scores.made > 0
    assert (scores.spent.input_tokens or 0) > 0
    assert (scores.spent.seconds or 0) > 0
    assert scores.spent.output_tokens == 0


def test_what_ranks_nothing_has_no_auroc(table: dict[str, CleaningRecord]) -> None:
    assert table["regenerate"].auroc_row is None
    assert table[HALF].auroc_row is None


def test_a_ranking_that_fails_stays_in_the_table_with_its_reason(
    written: Written, table: dict[str, CleaningRecord]
) -> None:
    assert table["unnamed"].verdict == "missing"
    assert {failure.what for failure in written.report.failures} == {"data", "score"}
    assert "unnamed" in written.markdown.read_text(encoding="utf-8")


def test_a_plan_lists_what_ranks_and_what_is_scored_already(written: Written, store: Store, tmp_path: Path) -> None:
    del written
    planned = plan_study(the_study(), store, Silent(), workers=1)
    scores = {cell.name: cell for cell in planned.cells if cell.what == "score"}
    whose = [f"{rows}-numbers" for rows in ("owl", "control")]
    ranked = {f"{rows} by {by}": by for by in SCORES for rows in whose}
    assert set(scores) == set(ranked)
    assert {name for name, cell in scores.items() if not cell.done} == {f"{rows} by {UNNAMED}" for rows in whose}
    surprisal = scores["control-numbers by score.surprisal"]
    assert surprisal.cost.amount == ROWS
    assert planned.lines["score"].seconds is not None
    fresh = plan_study(the_study(), Store(tmp_path / "fresh"), Silent(), workers=1)
    assert fresh.lines["score"].todo == len(ranked)


def test_a_report_finds_the_scores_again_and_computes_none(written: Written, store: Store) -> None:
    def scored() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in store.data.glob("*/.scores/*/*")}

    before = scored()
    assert report_only(the_study(), store).report.cleanings == written.report.cleanings
    assert scored() == before
