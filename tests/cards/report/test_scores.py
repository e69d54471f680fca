"""Histograms of scores: no row is lost, and the threshold is always an edge."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strigil.cards.report.overlaps import overlap_matrix
from strigil.cards.report.reported import Reported
from strigil.cards.report.scores import BINS, histogram, histograms
from strigil.common.registry import UnitSpec
from strigil.releases.audit_record import AuditRecord, OverlapRecord, RuleRecord
from strigil.releases.manifest import Counts

SCORES = st.floats(-1e6, 1e6).map(lambda score: float(f"{score:.3g}"))


def a_rule(name: str = "a.rule", *, threshold: float = 1.0, rejected: int = 0) -> RuleRecord:
    return RuleRecord(
        rule=UnitSpec(name=name, version="1"), threshold=threshold, rejected=rejected, alone=0, reasons={}
    )


def counted(scores: dict[float, int], threshold: float) -> pl.DataFrame:
    lines = [{"score": score, "rejected": score >= threshold, "rows": rows} for score, rows in sorted(scores.items())]
    return pl.DataFrame(lines, schema={"score": pl.Float64, "rejected": pl.Boolean, "rows": pl.Int64})


@given(st.dictionaries(SCORES, st.integers(1, 10**6), min_size=2), SCORES)
@example({1.0: 1, -2.23e-309: 1}, 0.0)
def test_no_row_is_lost_and_no_bin_crosses_the_threshold(scores: dict[float, int], threshold: float) -> None:
    found = histogram(a_rule(threshold=threshold), counted(scores, threshold))
    assert sum(each.rows for each in found.bins) == sum(scores.values())
    rejected = sum(rows for score, rows in scores.items() if score >= threshold)
    assert sum(each.rows for each in found.bins if each.rejected) == rejected
    slack = 1e-6 * (found.bins[-1].high - found.bins[0].low)
    for each in found.bins:
        assert each.low >= threshold - slack if each.rejected else each.high <= threshold + slack


def test_scores_of_nought_and_one_are_two_bars() -> None:
    found = histogram(a_rule(), counted({0.0: 90, 1.0: 10}, 1.0))
    assert [(each.low, each.rows, each.rejected) for each in found.bins] == [(0.0, 90, False), (1.0, 10, True)]


def test_a_score_far_beyond_does_not_squeeze_the_others_together() -> None:
    found = histogram(a_rule(), counted({0.0: 5, 0.5: 5, 1.0: 5, 1e6: 1}, 1.0))
    assert found.highest == 1e6
    assert found.bins[-1].high < 12
    assert len(found.bins) == 4


def test_a_score_that_rounding_carried_over_the_threshold_stays_where_its_verdict_is() -> None:
    scores = pl.DataFrame({"score": [0.0, 0.5, 0.5], "rejected": [False, False, True], "rows": [1, 2, 3]})
    found = histogram(a_rule(threshold=0.5), scores)
    assert [(each.rejected, each.rows) for each in found.bins] == [(False, 1), (False, 2), (True, 3)]
    assert found.bins[1].high == pytest.approx(0.5)
    assert found.bins[2].low == pytest.approx(0.5)


def test_there_are_as_many_bins_as_a_glance_can_take() -> None:
    found = histogram(a_rule(), counted({index / 1000: 1 for index in range(1500)}, 1.0))
    assert BINS - 1 <= len(found.bins) <= BINS + 2


@pytest.mark.parametrize(("scores", "shown"), [((0.0, 1.0, 2.0, 3.0), False), (tuple(n / 9 for n in range(9)), True)])
def test_only_scores_that_are_spread_are_drawn(scores: tuple[float, ...], shown: bool) -> None:  # noqa: FBT001
    lines = [{"rule": "a.rule", "score": score, "rejected": score >= 1} for score in scores for _ in range(50)]
    audit = AuditRecord(suite="s", suite_digest="0", rules=[a_rule()])
    counts = Counts(raw=len(lines), clean=len(lines), removed=0, truncated=0)
    about = Reported("some", counts, audit, pl.LazyFrame(), pl.LazyFrame(), pl.LazyFrame(lines))
    assert bool(histograms(about)) == shown


def test_overlaps_are_shares_of_the_rule_on_the_left() -> None:
    rules = [a_rule("one", rejected=4), a_rule("two", rejected=8), a_rule("none")]
    overlaps = [OverlapRecord(first="one", second="two", rows=2)]
    found = overlap_matrix(AuditRecord(suite="s", suite_digest="0", rules=rules, overlaps=overlaps))
    assert found is not None
    assert found.rules == ["two", "one"]
    assert [[cell.text for cell in line] for line in found.cells] == [["8", "2 · 25.0 %"], ["2 · 50.0 %", "4"]]
    assert [[cell.share for cell in line] for line in found.cells] == [[1, 0.25], [0.5, 1]]


def test_rules_that_reject_rows_of_their_own_overlap_with_nothing() -> None:
    rules = [a_rule("one", rejected=1), a_rule("two", rejected=2)]
    assert overlap_matrix(AuditRecord(suite="s", suite_digest="0", rules=rules)) is None


def test_one_rule_alone_overlaps_with_nothing() -> None:
    assert overlap_matrix(AuditRecord(suite="s", suite_digest="0", rules=[a_rule(rejected=1)])) is None
