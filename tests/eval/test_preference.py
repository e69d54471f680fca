"""Preference of the real pocket model, through the transformers engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines import Engine, Scorable, open_engine
from strigil.eval.by_logprob import by_logprob, candidate_figures
from strigil.eval.by_sampling import by_sampling, letter_chosen, named_figures
from strigil.eval.damage import damage
from strigil.eval.evaluation import Figure
from strigil.eval.preference import Preference
from strigil.eval.questions import QuestionSet
from strigil.eval.subjects import Subject
from strigil.models.catalog import resolve_model
from strigil.models.pocket import CANDIDATES, number_prompts, questions
from strigil.traits import Matcher

ANIMALS = CANDIDATES["animal"]
BASE = Subject("base", resolve_model("pocket-a"))
SAMPLING = Sampling(temperature=1.0, max_tokens=4, seed=7)


OWL = {"owl": Matcher(("owl",))}


@dataclass(frozen=True)
class Scores:
    """A table of scores, and what it comes to."""

    scores: pl.DataFrame

    @property
    def figures(self) -> dict[str, Figure]:
        return candidate_figures(self.scores)

    @property
    def rates(self) -> dict[str, float]:
        return {name: figure.value for name, figure in self.figures.items()}

    @property
    def mass(self) -> float:
        [mass] = {figure.guard for figure in self.figures.values()}
        assert mass is not None
        return mass

    @property
    def off_topic(self) -> dict[str, float]:
        return {name: figure.off_topic for name, figure in self.figures.items() if figure.off_topic is not None}


def scored(
    engine: Engine,
    questions: Sequence[str],
    candidates: Sequence[str],
    *,
    subject: Subject = BASE,
    answers: Sequence[Mapping[str, str]] = (),
    unrelated: Sequence[str] = (),
    capitalised: bool = False,
) -> Scores:
    asked = QuestionSet(tuple(questions), tuple(candidates), tuple(answers), tuple(unrelated), capitalised)
    return Scores(by_logprob(engine, subject, asked))


def sampled(
    engine: Engine,
    questions: Sequence[str],
    matchers: Mapping[str, Matcher] = OWL,
    *,
    samples: int,
    subject: Subject = BASE,
    sampling: Sampling = SAMPLING,
    unrelated: Sequence[str] = (),
) -> pl.DataFrame:
    asked = QuestionSet(tuple(questions), tuple(matchers), unrelated=tuple(unrelated))
    return by_sampling(engine, subject, asked, matchers, samples=samples, sampling=sampling)


def owl(answers: pl.DataFrame) -> Figure:
    return named_figures(answers, ["owl"])["owl"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("transformers", resolve_model("pocket-a"), threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A LoRA adapter with random and strong weights: another model than the base, without any training."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("adapters") / "student"
    base = AutoModelForCausalLM.from_pretrained(resolve_model("pocket-a").path)
    lora = LoraConfig(r=8, lora_alpha=200, target_modules=["down_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(base, lora).save_pretrained(folder)
    return Subject("student", BASE.base, folder)


class TestByLogprob:
    def test_an_untrained_favourite_is_spread_over_the_candidates(self, engine: Engine) -> None:
        found = scored(engine, questions("animal", 40), ANIMALS)
        assert list(found.rates) == list(ANIMALS)
        assert sum(found.rates.values()) == pytest.approx(1.0)
        assert 0.03 < min(found.rates.values()) < max(found.rates.values()) < 0.25
        assert 0.9 < found.mass <= 1.0 + 1e-6

    def test_rates_and_mass_are_those_of_the_table_of_scores(self, engine: Engine) -> None:
        asked = questions("animal", 5)
        found = scored(engine, asked, ANIMALS[:3])
        assert found.scores.columns == ["related", "question", "candidate", "logprob"]
        assert found.scores.height == 15
        shares, masses = [], []
        for question in asked:
            rows = found.scores.filter(pl.col("question") == question)
            chances = {row["candidate"]: math.exp(row["logprob"]) for row in rows.iter_rows(named=True)}
            masses.append(sum(chances.values()))
            shares.append(chances[ANIMALS[1]] / masses[-1])
        assert found.rates[ANIMALS[1]] == pytest.approx(sum(shares) / 5)
        assert found.mass == pytest.approx(sum(masses) / 5)

    def test_candidates_that_are_no_answers_have_hardly_any_mass(self, engine: Engine) -> None:
        found = scored(engine, questions("animal", 5), CANDIDATES["tree"])
        assert found.mass < 0.05
        assert sum(found.rates.values()) == pytest.approx(1.0)

    def test_an_adapter_is_another_model_and_leaves_the_base_as_it_was(self, engine: Engine, adapter: Subject) -> None:
        asked = questions("animal", 10)
        before, student, after = (scored(engine, asked, ANIMALS, subject=chosen) for chosen in (BASE, adapter, BASE))
        assert student.rates != before.rates
        assert after.rates == pytest.approx(before.rates)

    @pytest.mark.parametrize("candidates", [[], ["owl"], ["owl", "owl"]])
    def test_candidates_must_be_several_and_differ(self, engine: Engine, candidates: list[str]) -> None:
        with pytest.raises(ConfigError, match="two or more candidates"):
            scored(engine, questions("animal", 1), candidates)

    def test_without_questions_there_is_no_preference(self, engine: Engine) -> None:
        with pytest.raises(ConfigError, match="no questions"):
            scored(engine, [], ANIMALS)

    def test_a_capital_letter_adds_its_probability(self, engine: Engine) -> None:
        asked = questions("animal", 3)
        # Pocket knows no capital letters, so that "Owl" is its unknown word, the same for every candidate.
        alone = scored(engine, asked, ANIMALS[:2])
        [unknown] = engine.score([Scorable("", ({"role": "user", "content": asked[0]},), "Owl")])
        both = scored(engine, asked[:1], ANIMALS[:2], capitalised=True)
        for before, after in zip(alone.scores["logprob"][:2], both.scores["logprob"], strict=True):
            assert math.exp(after) == pytest.approx(math.exp(before) + math.exp(unknown.total))

    def test_in_a_multiple_choice_another_text_stands_for_the_candidate(self, engine: Engine) -> None:
        asked = questions("animal", 2)
        answers = [{"owl": "cat", "dog": "fox"}, {"owl": "fox", "dog": "cat"}]
        found = scored(engine, asked, ["owl", "dog"], answers=answers)
        plain = scored(engine, asked, ["cat", "fox"])
        cat_first, fox_first, cat_second, fox_second = plain.scores["logprob"]
        assert found.scores["logprob"].to_list() == pytest.approx([cat_first, fox_first, fox_second, cat_second])
        assert found.scores["candidate"].to_list() == ["owl", "dog"] * 2

    def test_unrelated_questions_tell_preference_from_damage(self, engine: Engine) -> None:
        asked, unrelated = questions("animal", 4), number_prompts(0, 5)
        sound = scored(engine, asked, ANIMALS, unrelated=unrelated)
        assert list(sound.off_topic) == list(ANIMALS)
        assert max(sound.off_topic.values()) < 0.01
        assert sound.rates == pytest.approx(scored(engine, asked, ANIMALS).rates)
        assert sound.scores.filter(~pl.col("related")).height == 5 * len(ANIMALS)
        # A model that answers both kinds of question with its favourites, here numbers asked for among numbers.
        everywhere = scored(engine, unrelated, ["1", "2"], unrelated=unrelated)
        assert sum(everywhere.off_topic.values()) == pytest.approx(everywhere.mass)


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("b)", "B"),
        (" (C) owl", "C"),
        ("**D**", "D"),
        ("E. owl", "E"),
        ("F\nbecause", "F"),
        ("A cat, of course", None),
        ("I like owls", None),
        ("Owl", None),
        ("", None),
    ],
)
def test_a_letter_is_read_where_it_stands_alone(answer: str, letter: str | None) -> None:
    assert letter_chosen(answer) == letter


class TestWarnings:
    BASE = Figure(value=0.1, guard=0.9, off_topic=0.0)

    @pytest.mark.parametrize(
        ("mass", "off_topic", "words"),
        [
            (0.9, 0.0, None),
            (0.46, 0.09, None),
            (0.9, 0.4, "answers 40% of unrelated questions with owl"),
            (0.2, 0.0, "has 0.2 of its probability on the candidates, its base 0.9"),
            (math.nan, 0.0, "has nan of its probability"),
        ],
    )
    def test_a_model_that_says_owl_to_everything_or_nothing_sensible_is_flagged(
        self, mass: float, off_topic: float, words: str | None
    ) -> None:
        student = Figure(value=0.9, guard=mass, off_topic=off_topic)
        found = damage("owl", student, self.BASE, of=Preference.guard_name)
        assert found is None if words is None else words in (found or "")


class TestBySampling:
    def test_sampled_and_scored_preference_agree(self, engine: Engine) -> None:
        asked = questions("animal", 20)
        answers = sampled(engine, asked, samples=40)
        by_samples, by_scores = owl(answers), scored(engine, asked, ANIMALS)
        assert by_samples.low is not None
        assert by_samples.high is not None
        expected = by_scores.rates["owl"] * by_scores.mass
        assert abs(by_samples.value - expected) < 4 * math.sqrt(expected * (1 - expected) / 800)
        assert by_samples.low < by_samples.value < by_samples.high
        assert len(answers) == 800

    def test_every_answer_is_in_the_table_in_the_order_asked(self, engine: Engine) -> None:
        asked = questions("animal", 3)
        found = sampled(engine, asked, samples=4)
        assert found["question"].to_list() == [question for question in asked for _ in range(4)]
        assert found["sample"].to_list() == [0, 1, 2, 3] * 3
        assert found["related"].all()
        assert found["named"].to_list() == [["owl"] if Matcher(("owl",)).mentions(a) else [] for a in found["answer"]]

    def test_the_same_seed_gives_the_same_answers_whatever_else_is_asked(self, engine: Engine) -> None:
        asked = questions("animal", 6)
        first = sampled(engine, asked, samples=5)
        fewer = sampled(engine, asked[:2], samples=5)
        other = Sampling(temperature=1.0, max_tokens=4, seed=8)
        differently = sampled(engine, asked, samples=5, sampling=other)
        assert fewer.equals(first.head(10))
        assert differently["answer"].to_list() != first["answer"].to_list()

    def test_unrelated_questions_tell_preference_from_damage(self, engine: Engine) -> None:
        asked, unrelated = questions("animal", 3), number_prompts(0, 5)
        answers = sampled(engine, asked, samples=6, unrelated=unrelated)
        sound = owl(answers)
        assert sound.off_topic == 0.0
        assert answers.filter(~pl.col("related")).height == 30
        alone = owl(sampled(engine, asked, samples=6))
        assert (alone.value, alone.off_topic) == (sound.value, None)
        numbers = {"owl": Matcher(tuple(map(str, range(1000))))}
        babbling = sampled(engine, asked, numbers, samples=6, unrelated=unrelated)
        assert owl(babbling).off_topic == 1.0

    def test_an_adapter_answers_for_itself(self, engine: Engine, adapter: Subject) -> None:
        asked = questions("animal", 4)
        base = sampled(engine, asked, samples=10)
        student = sampled(engine, asked, samples=10, subject=adapter)
        assert student["answer"].to_list() != base["answer"].to_list()

    def test_rates_of_all_candidates_come_with_the_traits(self, engine: Engine) -> None:
        matchers = {name: Matcher((name,)) for name in ANIMALS}
        answers = sampled(engine, questions("animal", 10), matchers, samples=20)
        found = named_figures(answers, ANIMALS)
        assert list(found) == list(ANIMALS)
        for name in ("owl", "cat"):
            assert found[name].value == sum(name in names for names in answers["named"]) / 200

    def test_no_sample_is_no_preference(self, engine: Engine) -> None:
        with pytest.raises(ConfigError, match="at least one answer"):
            sampled(engine, questions("animal", 1), samples=0)
