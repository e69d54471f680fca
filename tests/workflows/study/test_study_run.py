"""A study from end to end: each cell made once, a changed one alone made again, a failed one kept as such."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from strigil.cli.main import run
from strigil.common.progress import Silent
from strigil.releases.store import open_release, verify_release
from strigil.train.result import read_result
from strigil.workflows.study.cells import Failures, Store
from strigil.workflows.study.layout import open_study
from strigil.workflows.study.plan import plan_study
from strigil.workflows.study.report import study_report
from strigil.workflows.study.run import Written, report_only, run_and_report
from tests.forked import forked
from tests.workflows.study.small import CONTROLS, ROWS, a_study

if TYPE_CHECKING:
    from strigil.records.study.arms import ArmRecord
    from strigil.records.study.report import StudyReport
    from strigil.workflows.study.recipe import StudyRecipe

# Each control is a release and four students; these two kinds are made as the others are.
FEWER = ("random-data", "shuffle-within")
UNTREATED: dict[str, object] = {"treatments": {}}
TREATMENTS = {
    "sorted": ["numbers.sort"],
    "some": ["numbers.sort", "first:rows=120"],
    "nothing": ["drop.random:share=1"],
    "same": ["first:rows=100000"],
}


# Students of so few rows hardly differ from neutral ones, and a plan refuses a margin that hides what there is.
MARGIN = 0.001


def the_study(**changes: object) -> StudyRecipe:
    numbers: dict[str, object] = {"treatments": TREATMENTS, "doses": [0.5]}
    return a_study(numbers=numbers, without=FEWER, margin=MARGIN, **changes)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("studies"))


@dataclass(frozen=True)
class Killed:
    """What the study had made when its first run was killed."""

    finished: dict[str, int]


def run_alone(out: Path) -> None:
    import torch

    torch.set_num_threads(1)
    run_and_report(the_study(), Store(out), Silent(), workers=1)


@pytest.fixture(scope="module")
def killed(store: Store) -> Killed:
    process = forked().Process(target=run_alone, args=(store.out,))
    process.start()
    while len(list(store.students.glob("*/train.json"))) < 2 and process.is_alive():
        time.sleep(0.02)
    process.kill()
    process.join()
    return Killed(made(store))


@pytest.fixture(scope="module")
def written(store: Store, killed: Killed) -> Written:
    """Of the same command, started again."""
    del killed
    return run_and_report(the_study(), store, Silent(), workers=1)


def arm(report: StudyReport, name: str) -> ArmRecord:
    return next(each for each in report.arms if each.name == name)


def made(store: Store) -> dict[str, int]:
    """Every finished cell, with the time that it was made."""
    marks = [
        *store.students.glob("*/train.json"),
        *store.measures.glob("*.json"),
        *store.data.glob("*/v*/manifest.json"),
    ]
    return {str(path.relative_to(store.out)): path.stat().st_mtime_ns for path in marks}


def test_every_seed_of_every_arm_has_rates_of_all_traits(written: Written) -> None:
    measured = [each for each in written.report.arms if each.label not in {"nothing"}]
    assert all(run.rates.keys() == {"owl", "cat"} for each in measured for run in each.runs)
    assert {len(each.runs) for each in measured if each.kind not in {"base", "teacher"}} == {2}
    assert arm(written.report, "owl teacher").runs[0].rates["owl"] > 0.9
    assert arm(written.report, "base pocket-b").runs[0].rates["cat"] == pytest.approx(0.1, abs=0.03)


def test_a_killed_study_went_on_and_made_no_finished_cell_again(written: Written, killed: Killed, store: Store) -> None:
    trained = [cell for cell in killed.finished if cell.endswith("train.json")]
    students = [run for each in written.report.arms if each.carrier is not None for run in each.runs]
    assert 2 <= len(trained) < len(students)
    after = made(store)
    assert {cell: after[cell] for cell in killed.finished} == killed.finished


def test_the_report_says_what_the_study_took_and_a_price_makes_no_other_cells(written: Written, store: Store) -> None:
    spent = {each.what: each for each in written.report.spent}
    assert list(spent) == ["teachers", "rows", "students", "evaluations", "in all"]
    releases = [open_release(file.parent) for file in store.data.glob("*/v*/manifest.json")]
    by_teachers = [each for each in releases if not each.manifest.parents]
    tokens = [each.rows("raw").select(pl.col("n_tokens").sum()).collect().item() for each in by_teachers]
    assert (spent["rows"].made, spent["rows"].spent.output_tokens) == (len(tokens), sum(tokens))
    students = list(store.students.glob("*/train.json"))
    steps = [pl.read_ndjson(file.parent / "metrics.jsonl") for file in students]
    assert (spent["teachers"].made, spent["students"].made) == (2, len(students))
    assert spent["students"].spent.input_tokens == sum(int(each["read_tokens"].sum()) for each in steps)
    assert spent["students"].spent.seconds == pytest.approx(sum(max(each["seconds"].to_list()) for each in steps))
    whole = spent["in all"].spent
    assert None not in {whole.seconds, whole.input_tokens, whole.output_tokens}
    assert whole.usd is None
    before = made(store)
    priced = study_report(open_study(the_study(price={"hour": 3600}), store), Failures())
    assert priced.findings == written.report.findings
    assert priced.spent[-1].spent == whole.model_copy(update={"usd": pytest.approx(whole.seconds)})
    assert made(store) == before


def test_arms_are_trained_on_as_many_rows_as_their_match(written: Written) -> None:
    rows = {each.label: each.data[0].rows for each in written.report.arms if each.trait == "owl" and each.data}
    assert rows["untreated"] == rows["sorted"] == rows["shuffled across rows"] == ROWS
    assert rows["some"] == rows["random drop like some"] == 120
    assert "random drop like sorted" not in rows
    assert any("sorted drops no rows" in note for note in written.report.notes)


def test_arms_of_the_same_rows_are_trained_once_and_the_report_says_so(written: Written, store: Store) -> None:
    untreated, same = (arm(written.report, f"numbers / cat / {label}") for label in ("untreated", "same"))
    [of_untreated], [of_same] = untreated.data, same.data
    assert (of_same.content, of_same.name != of_untreated.name) == (of_untreated.content, True)
    assert same.runs == untreated.runs
    note = "numbers / cat / same has the same rows as numbers / cat / untreated, in the same order"
    assert any(note in each for each in written.report.notes)
    results = [read_result(file.parent) for file in store.students.glob("*/train.json")]
    assert len({(each.data_digest, each.base_digest, each.recipe.seed) for each in results}) == len(results)


def test_each_row_of_a_treated_set_is_written_once(written: Written, store: Store) -> None:
    [data] = arm(written.report, "numbers / cat / sorted").data
    home = store.data / data.name / f"v{data.version}"
    files = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert files == {"manifest.json", "data/clean/part-00000.parquet"}
    assert verify_release(open_release(home)) == []
    assert not list(store.data.glob("*-rows-*"))


def test_a_failed_cell_is_kept_with_its_reason_and_the_others_go_on(written: Written) -> None:
    failed = arm(written.report, "numbers / owl / nothing")
    assert [run.failed for run in failed.runs] == [failed.runs[0].failed] * 2
    assert failed.runs[0].failed
    names = [failure.cell for failure in written.report.failures]
    assert any(name.startswith("owl-numbers-nothing") for name in names)
    for text in (written.html, written.markdown):
        assert "What failed" in text.read_text(encoding="utf-8")


def test_one_draw_concludes_nothing(written: Written) -> None:
    for account in written.report.accounts:
        assert not account.went_over
        assert "one draw of data describes that draw and concludes nothing" in account.finding
    assert "clean" not in " ".join(written.report.findings)


def test_the_report_links_each_arm_to_its_manifest(written: Written) -> None:
    [data] = arm(written.report, "numbers / cat / sorted").data
    release = open_release((written.html.parent / data.manifest).parent)
    assert (release.manifest.name, release.manifest.digest()) == (data.name, data.digest)
    assert data.manifest in written.html.read_text(encoding="utf-8")


def test_the_same_command_makes_nothing_twice_and_a_changed_cell_alone(written: Written, store: Store) -> None:
    before = made(store)
    again = run_and_report(the_study(), store, Silent(), workers=1)
    assert made(store) == before
    assert again.report == written.report
    changed = TREATMENTS | {"sorted": ["numbers.map", "numbers.sort"]}
    study = a_study(numbers={"treatments": changed, "doses": [0.5]}, name="changed", without=FEWER, margin=MARGIN)
    planned = plan_study(study, store, Silent(), workers=1)
    todo = [
        cell.name
        for cell in planned.cells
        if not cell.done and cell.what == "student" and not {"nothing", "random"} & set(cell.name.split())
    ]
    assert todo == [f"numbers / {trait} / sorted / seed {seed}" for trait in ("owl", "cat") for seed in (0, 1)]
    run_and_report(study, store, Silent(), workers=1)
    after = made(store)
    assert {cell: after[cell] for cell in before} == before
    assert sum(cell.endswith("train.json") for cell in after.keys() - before.keys()) == 4


def test_a_plan_makes_nothing_and_knows_what_is_there(written: Written, store: Store, tmp_path: Path) -> None:
    del written
    before = made(store)
    planned = plan_study(the_study(), store, Silent(), workers=1)
    assert made(store) == before
    todo = {cell.name.rpartition("-")[0] for cell in planned.cells if cell.what == "data" and not cell.done}
    assert todo == {"owl-numbers-nothing", "cat-numbers-nothing"}
    fresh = plan_study(the_study(), Store(tmp_path / "fresh"), Silent(), workers=1)
    assert not (tmp_path / "fresh").exists()
    assert not any(cell.done for cell in fresh.cells)
    assert (fresh.lines["data"].there, planned.lines["student"].todo) == (0, 4)
    assert all(line.seconds for line in fresh.lines.values() if line.todo)


def test_a_report_from_what_is_there_says_what_is_missing(store: Store, written: Written) -> None:
    del written
    study = the_study(seeds=[0, 1, 2], name="longer")
    report = report_only(study, store).report
    untreated = arm(report, "numbers / owl / untreated")
    assert [run.failed for run in untreated.runs] == [None, None, "not run yet"]


def test_each_draw_is_a_data_set_of_its_own_and_the_first_is_that_of_a_study_without_draws(
    store: Store, written: Written
) -> None:
    del written
    before = made(store)
    study = a_study(name="draws", draws=2, seeds=[0], without=CONTROLS, numbers=UNTREATED)
    report = run_and_report(study, store, Silent(), workers=1).report
    after = made(store)
    assert {cell: after[cell] for cell in before} == before
    assert not report.failures
    untreated = arm(report, "numbers / owl / untreated")
    assert [(run.draw, run.seed) for run in untreated.runs] == [(0, 0), (1, 0)]
    assert len({each.content for each in untreated.data}) == 2
    # Two teachers, three releases, three students and what each is asked.
    new = after.keys() - before.keys()
    assert sum(cell.endswith("train.json") for cell in new) == 3
    assert sum("/data/" in cell for cell in new) == 3
    assert len(list(store.data.glob("teachers/owl-*"))) == 2
    assert report.unit == "draw"
    assert all("2 draws of data cannot tell" in account.finding for account in report.accounts)


@pytest.fixture
def with_data(store: Store, written: Written, tmp_path: Path) -> Store:
    """A folder of its own that has the teachers and all data already."""
    del written
    own = Store(tmp_path / "own")
    shutil.copytree(store.data, own.data)
    return own


def test_students_whose_loss_is_no_number_fail_with_the_step(with_data: Store) -> None:
    wild = a_study().students.model_copy(update={"learning_rate": 1e38})
    study = a_study(students=wild.model_dump(mode="json"), without=[*CONTROLS, "control"], seeds=[0], numbers=UNTREATED)
    report = run_and_report(study, with_data, Silent(), workers=1).report
    assert "the loss is nan at step" in str(arm(report, "numbers / owl / untreated").runs[0].failed)
    assert [failure.what for failure in report.failures] == ["student", "student"]


def test_students_may_start_from_another_base_and_be_trained_whole(with_data: Store) -> None:
    whole = a_study().students.model_copy(update={"method": "full", "learning_rate": 1e-3})
    study = a_study(
        student_base="pocket-b",
        other_base=None,
        students=whole.model_dump(mode="json"),
        without=[control for control in CONTROLS if control != "base"],
        seeds=[0],
        numbers=UNTREATED,
    )
    rows = {path.name for path in with_data.data.glob("*-numbers-*")}
    report = run_and_report(study, with_data, Silent(), workers=1).report
    assert not report.failures
    assert {each.base for each in report.arms} == {"pocket-b"}
    folders = list(with_data.students.iterdir())
    assert len(folders) == 3
    assert all((folder / "model.safetensors").exists() for folder in folders)
    # Each is asked through weights of its own: no two of them, nor the base, answer alike.
    rates = [tuple(run.rates.values()) for each in report.arms for run in each.runs]
    assert len(set(rates)) == len(rates) == 4
    # They are trained on what pocket-a's teachers wrote: no row was made anew.
    assert {path.name for path in with_data.data.glob("*-numbers-*")} == rows


def test_the_command_line_shows_plan_run_and_report(
    store: Store, written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del written
    file = tmp_path / "study.yaml"
    # Every cell of it is there.
    part = a_study(without=[*CONTROLS, "control"], numbers=UNTREATED)
    file.write_text(part.model_dump_json(), encoding="utf-8")
    assert run(["study", "run", str(file), "--out", str(store.out), "--format", "quiet"]) == 0
    assert capsys.readouterr().out.split() == [
        str(store.out / "small" / f"study.{kind}") for kind in ("html", "md", "json")
    ]
    assert run(["study", "report", str(file), "--out", str(store.out)]) == 0
    assert "owl through numbers" in capsys.readouterr().out
