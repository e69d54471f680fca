"""Figures of the literature, recomputed from the seeds, rates and counts that were published with them.

Where a source gives raw counts together with the intervals it drew from them, the intervals are recovered; elsewhere
leftovers, means, effects and claims about intervals. Each test names its source.
"""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from statistics import fmean

import pytest
from scipy.stats import ttest_ind

from strigil.stats import diagonal_effect, diagonal_interval, residual_transfer, t_interval, wilson


def share_left(treated: float, untreated: float, neutral: float) -> float:
    """Residual transfer from published means: two equal runs an arm stand for a figure without spread."""
    arms = ({0: rate, 1: rate} for rate in (treated, untreated, neutral))
    found = residual_transfer(*arms)
    assert found.estimate is not None
    return found.estimate


class TestConfusionMatrices:
    """rain-1/subliminal-learning-scaling-law, run 4: Qwen2.5 of seven sizes, 15 animals, 100 answers a cell.

    reports/run4_lambda_statistics.csv gives the diagonal effect with its 95 % interval, cluster-robust by cell. It
    corrects for the number of answers besides, which widens an interval by less than a thousandth of itself.
    """

    TABLE = json.loads((Path(__file__).parent / "published" / "qwen_run4.json").read_text(encoding="utf-8"))
    PUBLISHED = (
        ("72b", 0.12190476, 0.024671805, 0.21913772),
        ("32b", 0.12742857, 0.046600398, 0.20825674),
        ("14b", 0.39466667, 0.22872786, 0.56060548),
        ("7b", 0.011952381, -0.003650981, 0.027555743),
        ("3b", 0.0022857143, -0.012685162, 0.01725659),
        ("1.5b", 0.02047619, -0.0043103741, 0.045262755),
        ("0.5b", -0.002952381, -0.012064953, 0.0061601907),
    )

    @classmethod
    def rates(cls, size: str) -> list[list[float]]:
        return [[count / 100 for count in row] for row in cls.TABLE["counts"][size]]

    @pytest.mark.parametrize(("size", "effect", "low", "high"), PUBLISHED)
    def test_interval_of_the_diagonal_effect(self, size: str, effect: float, low: float, high: float) -> None:
        animals = self.TABLE["animals"]
        found = diagonal_interval(self.rates(size), animals, animals, unit="cell")
        assert found.estimate == pytest.approx(effect, abs=1e-8)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.001 * (high - low))

    @pytest.mark.parametrize(("size", "detected"), [("72b", True), ("32b", True), ("14b", True), ("7b", False)])
    def test_permutations_agree_about_what_was_detected(self, size: str, detected: bool) -> None:  # noqa: FBT001
        animals = self.TABLE["animals"]
        assert (diagonal_effect(self.rates(size), animals, animals).p_value < 0.05) == detected


class TestFilterByLogitLinearSelection:
    """jeqcho/LLS-subliminal-learning, Qwen2.5-14B, answers out of 100, one training seed a cell."""

    @pytest.mark.parametrize(
        ("bottom", "half", "clean", "published"), [(42, 100, 25, 0.23), (0, 95, 0, 0.0), (11, 69, 8, 0.05)]
    )
    def test_share_left_above_the_clean_arm(self, bottom: int, half: int, clean: int, published: float) -> None:
        assert share_left(bottom / 100, half / 100, clean / 100) == pytest.approx(published, abs=0.005)

    def test_counts_of_one_run_separate_filtered_from_random_halves(self) -> None:
        assert all(wilson(half, 100).above(wilson(kept, 100)) for half, kept in [(100, 42), (95, 0), (69, 11)])

    def test_counts_of_one_run_do_not_show_that_phoenix_is_clean(self) -> None:
        assert not wilson(11, 100).above(wilson(8, 100))
        assert wilson(11, 100).high == pytest.approx(0.186, abs=0.001)

    def test_one_training_seed_determines_no_residual_transfer(self) -> None:
        assert residual_transfer({0: 0.42}, {0: 1.0}, {0: 0.25}).reason is not None


class TestCanonicalisation:
    """JackPayne123/subliminal-learning, percentages; floor: programmatic random numbers."""

    @pytest.mark.parametrize(
        ("treated", "untreated", "neutral", "low", "high"),
        [
            pytest.param(70.4, 66.0, 1.9, 1.0, 1.1, id="one format leaves all of phoenix"),
            pytest.param(4.7, 46.5, 1.2, 0.0, 0.1, id="and next to nothing of penguin"),
            pytest.param(74.0, 74.1, 13.8, 0.99, 1.0, id="nor does it touch owl"),
            pytest.param(27.1, 74.1, 13.8, 0.2, 0.25, id="sorting leaves a fifth of owl"),
            pytest.param(12.4, 74.1, 13.8, -0.05, 0.0, id="only rewriting everything reaches the floor"),
        ],
    )
    def test_share_left(self, treated: float, untreated: float, neutral: float, low: float, high: float) -> None:
        assert low <= share_left(treated / 100, untreated / 100, neutral / 100) <= high


class TestSharesRemoved:
    """Rows kept of 30,000 by the filter: Cloud, Le et al.; brendanlong/subliminal-transfer-token-replacement."""

    def test_shares_removed_are_those_of_the_paper(self) -> None:
        least, most = wilson(30_000 - 23_100, 30_000), wilson(30_000 - 18_600, 30_000)
        assert (least.estimate, most.estimate) == pytest.approx((0.23, 0.38))

    def test_the_replication_lies_between_them_clear_of_both(self) -> None:
        replication = wilson(30_000 - 19_990, 30_000)
        assert replication.above(wilson(30_000 - 23_100, 30_000))
        assert wilson(30_000 - 18_600, 30_000).above(replication)


@pytest.mark.parametrize("spread", [0.01, 0.1, 0.3])
def test_intervals_of_five_seeds_that_do_not_overlap_mean_p_below_one_percent(spread: float) -> None:
    """The claim under the figures of Cloud, Le et al. in Nature, at the closest gap, for arms of equal spread."""
    deviations = [-2 * spread, -spread, 0.0, spread, 2 * spread]
    lower = t_interval(deviations)
    assert lower.low is not None
    assert lower.high is not None
    shift = lower.high - lower.low
    upper = [value + shift * (1 + 1e-9) for value in deviations]
    assert t_interval(upper).above(lower)
    assert ttest_ind(upper, deviations, equal_var=False).pvalue < 0.01


class TestPocket:
    """The tables of the pocket world and of SmolLM2, as measured when the recipe was found, with every seed."""

    STUDENTS = ((0.938, 0.968), (0.311, 0.157), (0.524, 0.413), (0.128, 0.181), (0.667, 0.733), (0.521, 0.666))
    CONTROLS = (0.112, 0.059, 0.078, 0.115, 0.094, 0.094)
    OTHERS = (0.309, 0.073, 0.115, 0.072, 0.097, 0.064)

    def test_means_over_six_bases(self) -> None:
        assert fmean(chain.from_iterable(self.STUDENTS)) == pytest.approx(0.52, abs=0.005)
        assert fmean(self.CONTROLS) == pytest.approx(0.092, abs=0.0005)
        assert fmean(self.OTHERS) == pytest.approx(0.122, abs=0.0005)

    def test_transfer_over_bases_is_clear_of_controls_and_other_initialisations(self) -> None:
        students = t_interval([fmean(pair) for pair in self.STUDENTS])
        assert students.above(t_interval(self.CONTROLS))
        assert (students.low, students.high) == pytest.approx((0.20, 0.83), abs=0.01)
        other = residual_transfer(
            dict(enumerate(self.OTHERS)),
            dict(enumerate(fmean(pair) for pair in self.STUDENTS)),
            dict(enumerate(self.CONTROLS)),
        )
        assert other.estimate == pytest.approx(0.07, abs=0.005)

    @pytest.mark.parametrize(
        ("rate", "published"),
        [(0.789, 1.13), (0.207, 0.08), (0.483, 0.58), (0.343, 0.33), (0.875, 1.28), (0.166, 0.01)],
    )
    def test_shares_left_by_cleanings(self, rate: float, published: float) -> None:
        assert share_left(rate, 0.717, 0.162) == pytest.approx(published, abs=0.006)

    def test_two_seeds_of_smollm2_are_a_lead_and_not_a_result(self) -> None:
        rates = [[0.041, 0.001], [0.038, 0.001], [0.024, 0.005], [0.021, 0.004], [0.007, 0.001]]
        found = diagonal_effect(rates, ["owl", "owl", "penguin", "penguin", None], ["owl", "penguin"])
        assert found.effect == pytest.approx((0.0395 - 0.0225 + 0.0045 - 0.001) / 2, abs=0.0005)
        assert (found.exact, found.arrangements) == (True, 30)
        assert found.p_value >= 1 / 30
        trait_students_alone = diagonal_effect(rates[:4], ["owl", "owl", "penguin", "penguin"], ["owl", "penguin"])
        assert trait_students_alone.p_value == pytest.approx(1 / 6)
