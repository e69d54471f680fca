"""What people read of a study: a page in a real browser, and Markdown held to the letter."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml

from strigil.cards.page.charts import Key
from strigil.cards.study import study_markdown, study_page, wording
from strigil.cards.study.charts import bars_figure
from strigil.cards.study.citation import study_citation
from strigil.records.spent import Spent
from strigil.records.study.arms import ArmKind, ArmRecord, DataRecord, RunRecord
from strigil.records.study.report import FailureRecord, SpentRecord, StudyReport
from strigil.records.study.tables import CleaningRecord
from strigil.workflows.study.report import report_of
from tests.browser import barriers, low_contrasts, visit
from tests.workflows.study.small import a_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOLDEN = Path(__file__).parent / "golden" / "study.md"
ATTACK = "<script>document.title = 'taken over'</script>"
TRAITS = ("owl", "cat")


def an_arm(
    kind: ArmKind, label: str, trait: str | None, rate: float, *, share: float | None = None, like: str | None = None
) -> ArmRecord:
    chance = random.Random(f"{label} {trait}")
    runs = []
    for draw in range(5):
        rates = {each: (rate if each == trait else 0.1) + chance.uniform(-0.01, 0.01) for each in TRAITS}
        runs.append(
            RunRecord(
                seed=0,
                draw=draw,
                rates=rates,
                masses=dict.fromkeys(TRAITS, 0.97),
                off_topic=dict.fromkeys(TRAITS, 0.001),
            )
        )
    data = DataRecord(
        name=f"{trait}-{kind}",
        version="1.0.0",
        digest="0" * 64,
        manifest="../m.json",
        rows=200,
        treatments=["first:rows=200"],
    )
    name = f"numbers / {trait or 'no trait'} / {label}"
    return ArmRecord(
        name=name,
        kind=kind,
        label=label,
        carrier="numbers",
        trait=trait,
        base="pocket-a",
        share=share,
        like=like,
        data=[data.model_copy(update={"draw": draw}) for draw in range(5)],
        runs=runs,
    )


def a_cleaning(report: StudyReport, label: str, *, auroc: float | None) -> CleaningRecord:
    """A line as ranked treatments have; without an AUROC, that of one which could not be made."""
    entry = next(entry for entry in report.accounts[0].entries if entry.label == label)
    return CleaningRecord(
        carrier="numbers",
        trait="owl",
        arm=entry.arm,
        label=label,
        step="rows.drop:by=contrast.direction,share=0.5",
        score="contrast.direction",
        knowledge="trait",
        cost="2 F",
        auroc_row=auroc,
        auroc_hundred=None if auroc is None else 1.0,
        touched=None if auroc is None else 0.5,
        unit="rows",
        residual=entry.residual,
        valid=None if auroc is None else 1.0,
        verdict=entry.verdict,
        said=entry.said,
    )


def a_report(*, reason: str = "no rows are left") -> StudyReport:
    base = ArmRecord(
        name="base",
        kind="base",
        label="base pocket-a",
        carrier=None,
        trait=None,
        base="pocket-a",
        runs=[RunRecord(seed=None, rates=dict.fromkeys(TRAITS, 0.1), masses=dict.fromkeys(TRAITS, 1.0))],
    )
    arms = [base, an_arm("control", "neutral data", None, 0.1)]
    for trait in TRAITS:
        arms += [
            an_arm("untreated", "untreated", trait, 0.5),
            an_arm("treated", "sorted", trait, 0.1),
            an_arm("treated", "some", trait, 0.4),
            an_arm("random-drop", "random drop like some", trait, 0.45, like="some"),
            an_arm("dose", "50% of its rows", trait, 0.3, share=0.5),
            an_arm("other-base", "untreated, other base", trait, 0.1),
        ]
    arms.append(an_arm("other-base-control", "neutral data, other base", None, 0.1))
    failed = an_arm("treated", "nothing", "owl", 0.1)
    arms.append(failed.model_copy(update={"data": [], "runs": [RunRecord(seed=0, failed=reason)]}))
    failures = [FailureRecord(what="data", cell="owl-numbers-nothing-0123456789", reason=reason)]
    report = report_of(a_study(seeds=[0], draws=5), arms, failures, ["sorted drops no rows."])
    cleanings = [a_cleaning(report, "sorted", auroc=0.79), a_cleaning(report, "nothing", auroc=None)]
    # A new setting of students is no other report.
    spent = [
        SpentRecord(
            what="rows", made=3, spent=Spent(seconds=75.2, input_tokens=26400, output_tokens=25765, usd=0.0194)
        ),
        SpentRecord(what="students", made=10, spent=Spent(seconds=5400, input_tokens=1234567, output_tokens=0)),
        SpentRecord(what="in all", made=13, spent=Spent(seconds=5475.2, input_tokens=1260967, output_tokens=25765)),
    ]
    return report.model_copy(
        update={"recipe": {"name": "small", "base": "pocket-a"}, "cleanings": cleanings, "spent": spent}
    )


def test_the_markdown_is_held_to_the_letter() -> None:
    text = study_markdown(a_report())
    assert text == GOLDEN.read_text(encoding="utf-8"), "if it is meant, write the new text into the golden file"


def test_the_same_report_gives_the_same_page() -> None:
    assert study_page(a_report()) == study_page(a_report())


def test_a_study_of_an_earlier_version_has_no_table_of_what_it_took() -> None:
    report = a_report()
    old = {key: value for key, value in report.model_dump(mode="json").items() if key != "spent"}
    read = StudyReport.model_validate(old)
    assert read.spent == []
    assert wording.SPENT in study_page(report)
    assert wording.SPENT not in study_page(read) + study_markdown(read)


def test_a_study_without_rankings_has_no_table_of_them() -> None:
    report = a_report().model_copy(update={"cleanings": []})
    assert wording.CLEANINGS not in study_page(report) + study_markdown(report)


def test_no_reason_becomes_markup() -> None:
    assert ATTACK not in study_page(a_report(reason=ATTACK))


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(390, True), (800, False), (1400, False)])
def test_a_browser_shows_every_part_of_the_page(browser: Browser, tmp_path: Path, width: int, *, dark: bool) -> None:
    file = tmp_path / "study.html"
    file.write_text(study_page(a_report(reason=ATTACK)), encoding="utf-8")
    with visit(browser, file, width=width, dark=dark) as seen:
        seen.page.wait_for_selector("[data-chart='dose-1'] svg")
        assert seen.page.title() == "small · Study"
        headings = seen.page.locator("h2").all_inner_texts()
        assert headings[:3] == ["What it says", "Traits", wording.CLEANINGS]
        assert headings[3:] == ["Students and traits", "All runs", "What failed", wording.SPENT, "Settings", "Cite"]
        assert seen.page.locator("#cleanings tbody tr").count() == 2
        assert seen.page.locator("[data-chart] svg").count() == 4
        assert seen.page.locator("[data-chart='bars-0'] svg").get_by_text("random drop like some").count() == 1
        assert seen.page.locator("table.matrix").count() == 4
        assert seen.page.locator("#runs tbody tr").count() == 1 + 5 * 14 + 1
        seen.page.get_by_role("button", name="Mean rate").first.click()
        first = seen.page.locator("#traits tbody tr").first
        assert first.locator("th").inner_text() in {"untreated", "untreated, other base"}
        assert barriers(seen.page) == []
        seen.page.get_by_text("Show all 72 runs").click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        scrolls = "[...document.querySelectorAll('.wide')].filter((each) => each.scrollWidth > each.clientWidth)"
        assert seen.page.evaluate(f"{scrolls}.map((each) => each.ariaLabel)") == []
        assert low_contrasts(seen.page) == []


@pytest.mark.browser
def test_figures_are_saved_as_pictures_and_as_a_table(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "study.html"
    file.write_text(study_page(a_report()), encoding="utf-8")
    with visit(browser, file, dark=True) as seen:
        seen.page.wait_for_selector("[data-chart='dose-1'] svg")
        for kind in ("svg", "png", "csv"):
            with seen.page.expect_download() as download:
                seen.page.locator(f"[data-save={kind}][data-of=bars-0]").click()
            assert download.value.suggested_filename == f"bars-0.{kind}"
            download.value.save_as(tmp_path / f"bars-0.{kind}")
    drawn = (tmp_path / "bars-0.svg").read_text(encoding="utf-8")
    assert "Grey bar: mean of what they are compared with" in drawn
    # What leaves the page is in its light colours, and needs none of its variables.
    assert "#2a5f8f" in drawn
    assert "var(" not in drawn
    assert (tmp_path / "bars-0.png").read_bytes().startswith(b"\x89PNG")
    lines = pl.read_csv(tmp_path / "bars-0.csv")
    assert lines.columns == ["arm", "kind", "draw", "value", "low", "high"]
    untreated = lines.filter(pl.col("arm") == "untreated")
    assert untreated.height == 1 + 5
    assert untreated["draw"].to_list() == [None, 0, 1, 2, 3, 4]


def test_axes_of_shares_reach_from_0_to_1_and_those_of_other_figures_as_far_as_these() -> None:
    [account, _] = a_report().accounts
    drawn = bars_figure(account, 0)
    assert drawn is not None
    assert '"scale": {"domain": [0, 1]}' in json.dumps(drawn.spec)
    assert Key("line", "95 % interval of the mean (Wilson's)") in drawn.legend
    entries = [
        entry.model_copy(update={"runs": {0: [3.0, 4.0]}, "rates": {0: 3.0, 1: 4.0}}) for entry in account.entries
    ]
    other = bars_figure(account.model_copy(update={"entries": entries}), 0)
    assert other is not None
    assert '"domain": [0, 1]' not in json.dumps(other.spec)
    assert Key("line", "95 % interval of the mean (Student's t)") in other.legend


def test_a_legend_names_only_what_the_figure_shows() -> None:
    [account, _] = a_report().accounts
    alone = account.model_copy(update={"entries": [each for each in account.entries if each.kind == "untreated"]})
    whole, part = bars_figure(account, 0), bars_figure(alone, 0)
    assert whole is not None
    assert part is not None
    assert [key.mark for key in whole.legend] == ["bar", "quiet bar", "line", "point", "dash"]
    assert [key.mark for key in part.legend] == ["bar", "line", "point"]


def test_how_a_study_is_cited() -> None:
    cited = study_citation(a_report().model_copy(update={"study": "owls_and & {cats}", "strigil": "1.2.3"}))
    assert cited.bibtex.splitlines()[0] == "@misc{owls_and____cats_,"
    assert "  title = {owls\\_and \\& cats: a filter-robustness study}," in cited.bibtex
    cff = yaml.safe_load(cited.cff)
    assert cff["title"] == "owls_and & {cats}: a filter-robustness study"
    assert cff["references"][0]["version"] == "1.2.3"
