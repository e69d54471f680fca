"""What changed from one data set to another: rows, rules and provenance, and nothing where nothing did."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.cards.diff.page import difference_page
from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError
from strigil.records.diff import Difference
from strigil.releases.store import Release
from strigil.workflows.audit.diff.rows import FIRST
from strigil.workflows.audit.diff.run import diff
from tests.audits.tables import rows_of
from tests.hub.releases import CLEAN, a_manifest, a_release
from tests.workflows.gates import BAD, GOOD, jsonl

ATTACK = "<script>alert(1)</script>"


def counts(found: Difference) -> tuple[int, int, int, int]:
    return found.same, found.added.rows, found.removed.rows, found.changed.rows


def parquet(path: Path, rows: pl.DataFrame) -> str:
    rows.write_parquet(path)
    return str(path)


@pytest.fixture
def later(tmp_path: Path) -> tuple[Release, Release]:
    """A release, and one in which row 0 is gone, the last has another text, and a row is new."""
    before = a_release(tmp_path)
    changed = a_manifest(version="2.0.0", removed=3).model_copy(update={"licence": "mit"})
    clean = (*CLEAN[1:-1], "7, 8", "9, 9")
    return before, a_release(tmp_path, changed, clean=clean, removed=("owl, 1", "I love owls", ATTACK), first=1)


def test_rows_are_paired_by_their_ids(tmp_path: Path) -> None:
    rows = rows_of(GOOD)
    before = parquet(tmp_path / "a.parquet", rows)
    assert diff(before, before).empty
    assert counts(diff(before, before)) == (3, 0, 0, 0)
    shuffled = parquet(tmp_path / "b.parquet", rows.reverse())
    assert diff(before, shuffled).empty
    other = pl.concat([rows_of(("1, 2, 3", "another text")), rows_of(("7", "8", "9", "new")).tail(1)])
    found = diff(before, parquet(tmp_path / "c.parquet", other), show_text=True)
    assert counts(found) == (1, 1, 1, 1)
    assert [(row.before, row.after) for row in found.removed.first] == [("row-0000002", None)]
    [changed] = found.changed.first
    assert (changed.before, changed.after, changed.row) == ("row-0000001", "row-0000001", 2)
    assert (changed.text_before, changed.text_after) == ("4, 5", "another text")


def test_rows_of_one_prompt_and_sample_are_one_changed_row_whatever_their_ids(tmp_path: Path) -> None:
    rows = rows_of(GOOD)
    renamed = rows.with_columns(row_id="again-" + pl.col("row_id"), completion=rows_of(("x", "y", "z"))["completion"])
    found = diff(parquet(tmp_path / "a.parquet", rows), parquet(tmp_path / "b.parquet", renamed))
    assert counts(found) == (0, 0, 0, 3)
    elsewhere = renamed.with_columns(pl.col("prompt_index") + 10)
    found = diff(parquet(tmp_path / "a.parquet", rows), parquet(tmp_path / "b.parquet", elsewhere))
    assert counts(found) == (0, 3, 3, 0)


def test_rows_without_ids_are_paired_by_their_texts(tmp_path: Path) -> None:
    before, after = jsonl(tmp_path / "a.jsonl", (*GOOD, "6")), jsonl(tmp_path / "b.jsonl", BAD[1:])
    found = diff(before, after)
    assert (found.paired_by, counts(found)) == ("text", (2, 1, 2, 0))
    assert [(Path(row.file).name, row.row) for row in found.added.first] == [("b.jsonl", 3)]


@settings(max_examples=25)
@given(
    before=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12),
    after=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12),
)
def test_rows_without_ids_are_counted_as_bags_are(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("bags")
    found = diff(jsonl(folder / "a.jsonl", before), jsonl(folder / "b.jsonl", after))
    old, new = Counter(before), Counter(after)
    assert counts(found) == ((old & new).total(), (new - old).total(), (old - new).total(), 0)


def test_releases_differ_in_rows_rules_and_provenance(later: tuple[Release, Release]) -> None:
    found = diff(*(str(release.path) for release in later))
    assert counts(found) == (6, 1, 1, 1)
    assert found.before.name == "owl-numbers 1.0.0"
    [rule] = found.rules
    assert (rule.rule, rule.before, rule.after, rule.changed) == ("numbers.paper", 2, 3, False)
    differing = {item.key: (item.before, item.after) for item in found.provenance}
    assert differing["licence"] == ("cc-by-4.0", "mit")
    assert differing["version"] == ("1.0.0", "2.0.0")
    assert not [key for key in differing if key.startswith(("files", "counts", "created"))]


def test_the_other_rows_of_releases(later: tuple[Release, Release]) -> None:
    assert counts(diff(*(str(release.path) for release in later), split="removed")) == (0, 2, 1, 1)


def test_columns_that_came_went_or_hold_something_else(tmp_path: Path) -> None:
    before, after = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    before.write_text('{"completion": "1", "score": 1, "old": true}\n')
    after.write_text('{"completion": "1", "score": "one", "new": true}\n')
    found = diff(str(before), str(after))
    assert (found.columns_added, found.columns_removed, found.columns_changed) == (["new"], ["old"], ["score"])
    assert not found.empty


def test_packed_files_on_both_sides(tmp_path: Path) -> None:
    for name, rows in {"a": GOOD, "b": BAD}.items():
        plain = Path(jsonl(tmp_path / f"{name}.jsonl", rows))
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert counts(diff(str(tmp_path / "a.jsonl.gz"), str(tmp_path / "b.jsonl.gz"))) == (3, 1, 0, 0)


def test_only_the_first_rows_are_named_and_texts_only_where_asked_for(tmp_path: Path) -> None:
    before, after = jsonl(tmp_path / "a.jsonl", GOOD), jsonl(tmp_path / "b.jsonl", [f"owl {n}" for n in range(50)])
    found = diff(before, after)
    assert (found.added.rows, len(found.added.first)) == (50, FIRST)
    assert "owl 3" not in found.model_dump_json()
    assert "owl 3" in diff(before, after, show_text=True).model_dump_json()


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    good = jsonl(tmp_path / "a.jsonl", GOOD)
    with pytest.raises(ConfigError, match="no such file"):
        diff(good, str(tmp_path / "none.jsonl"))
    (tmp_path / "half.jsonl").write_text('{"completion": "1, ')
    with pytest.raises(DataError, match="not a JSON object"):
        diff(str(tmp_path / "half.jsonl"), good)


def test_text_json_and_a_page(
    later: tuple[Release, Release], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [str(release.path) for release in later]
    page = tmp_path / "diff.html"
    assert run(["diff", *sides, "--split", "removed", "--html", str(page), "--show-text", "--format", "json"]) == 0
    assert Difference.model_validate(json.loads(capsys.readouterr().out)).added.rows == 2
    html = page.read_text()
    assert ATTACK not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "cc-by-4.0" in html
    assert run(["diff", *sides]) == 0
    shown = capsys.readouterr().out
    assert "owl-numbers 1.0.0 -> owl-numbers 2.0.0" in shown
    assert shown.endswith("different\n")
    assert "alert" not in shown


def test_a_long_text_is_cut_in_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = parquet(tmp_path / "a.parquet", rows_of(("1, 2", "4, 5")))
    after = parquet(tmp_path / "b.parquet", rows_of(("1, 2", "9, " * 10_000)))
    assert run(["diff", before, after, "--show-text"]) == 0
    shown = capsys.readouterr().out
    assert "… (30,000 characters)" in shown
    assert len(shown) < 2_000


def test_a_page_says_that_nothing_differs(tmp_path: Path) -> None:
    good = jsonl(tmp_path / "a.jsonl", GOOD)
    assert "Nothing differs." in difference_page(diff(good, good))
