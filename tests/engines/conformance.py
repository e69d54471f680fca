"""What every engine must do. An engine runs through it by a subclass of `Conformance` that names it.

The engine is opened with room for adapters where it can, on pocket. Those that compute the model are held against the
transformers engine, whose own tests hold it against transformers itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from transformers import AutoTokenizer

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines import (
    Ability,
    Adapter,
    Engine,
    EngineChoice,
    Redraw,
    Request,
    Resampler,
    Scorable,
    open_engine,
)
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from tests.engines.pocket_cases import (
    GREEDY,
    POCKET,
    WARM,
    adapter_of_another_base,
    best_two_differ_by,
    by_key,
    number_requests,
    random_adapter,
    scorables,
    user,
)

F = TypeVar("F", bound=Callable[..., None])
LOGIT_TOLERANCE = 1e-4
"""Greedy completions may part where the two best logits are closer than this."""
SCORE_TOLERANCE = 1e-3
NEEDS: dict[str, frozenset[str]] = {}
PROMPT = user("continue numbers 1 2 3")


def needs(*what: str) -> Callable[[F], F]:
    """A test for engines that can this alone; `model` and `mixing` are what `computes` and `mixes` say."""

    def mark(test: F) -> F:
        NEEDS[test.__name__] = frozenset(what)
        return test

    return mark


class Conformance:
    """The tests. A subclass may say otherwise than its engine's class what it can, and give its fixture `engine`.

    Attributes:
        choice: The engine.
        computes: Whether completions and scores are those of the model.
        mixes: Whether requests through an adapter and to the base may stand side by side.
        can: Its abilities.
        ahead: Most requests that it reads beyond those it has answered.
        unlike: What it says of a regular expression that is none, and of one that no token of the model can follow.
    """

    choice: ClassVar[EngineChoice]
    computes: ClassVar[bool] = True
    mixes: ClassVar[bool] = True
    can: ClassVar[frozenset[Ability]]
    ahead: ClassVar[int]
    unlike: ClassVar[tuple[str, str]] = ("", "")

    def __init_subclass__(cls) -> None:
        """Takes the tests away that ask for what this engine cannot."""
        if "can" not in vars(cls):
            cls.can = cls.choice.can
        able = cls.can | {name for name, holds in (("model", cls.computes), ("mixing", cls.mixes)) if holds}
        for test, wanted in NEEDS.items():
            if not wanted <= able:
                setattr(cls, test, None)

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[Engine]:
        with open_engine(
            cls.choice, resolve_model("pocket-a"), adapters="adapters" in cls.can, max_lora_rank=8
        ) as opened:
            yield opened

    @pytest.fixture(scope="class")
    @classmethod
    def reference(cls) -> Iterator[TransformersEngine]:
        with TransformersEngine(POCKET, name="pocket-a") as opened:
            yield opened

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls, tmp_path_factory: pytest.TempPathFactory) -> Adapter:
        return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1)

    @pytest.fixture(scope="class")
    @classmethod
    def throughs(cls, adapter: Adapter) -> list[Adapter | None]:
        """What requests are put through: the base, and an adapter where there can be one."""
        return [None, adapter] if "adapters" in cls.can else [None]

    def test_it_says_what_it_is(self, engine: Engine) -> None:
        assert engine.name == self.choice.chosen().name
        assert engine.model == "pocket-a"
        assert all(engine.versions().values())
        assert isinstance(engine, Resampler) == ("resampling" in self.can)

    def test_each_request_is_answered_once(self, engine: Engine) -> None:
        requests = number_requests(300, WARM)
        assert sorted(row.key for row in engine.generate(requests)) == sorted(request.key for request in requests)
        assert list(engine.generate([])) == []

    def test_requests_are_read_as_room_becomes_free_and_dropped_when_the_caller_goes(self, engine: Engine) -> None:
        read = 0

        def endless() -> Iterator[Request]:
            nonlocal read
            while True:
                read += 1
                yield Request(str(read), PROMPT, WARM, seed=read)

        completions = engine.generate(endless())
        seen = [next(completions).key for _ in range(600)]
        assert len(set(seen)) == 600
        assert read <= 600 + self.ahead
        del completions
        assert by_key(engine, number_requests(5, GREEDY)).keys() == {f"row-{index}" for index in range(5)}

    @needs("seeds")
    def test_a_row_depends_on_its_seed_and_not_on_the_rows_beside_it(self, engine: Engine) -> None:
        requests = number_requests(300, WARM)
        rows = by_key(engine, requests)
        again = by_key(engine, list(reversed(requests[:40])))
        assert again == {request.key: rows[request.key] for request in requests[:40]}

    @needs("seeds", "model")
    def test_another_seed_gives_another_row(self, engine: Engine) -> None:
        rows = by_key(engine, number_requests(300, WARM))
        other = [Request(each.key, each.messages, WARM, each.seed + 7) for each in number_requests(300, WARM)]
        assert sum(row == rows[key] for key, row in by_key(engine, other).items()) < 5

    @needs("model")
    def test_greedy_completions_are_the_references(
        self, engine: Engine, reference: Engine, throughs: list[Adapter | None]
    ) -> None:
        for through in throughs:
            requests = number_requests(200, GREEDY, through)
            ours, theirs = by_key(engine, requests), by_key(reference, requests)
            parted = [request for request in requests if ours[request.key] != theirs[request.key]]
            assert len(parted) <= 4
            for request in parted:
                gap = best_two_differ_by(reference, request, ours[request.key].text, theirs[request.key].text)
                assert gap < LOGIT_TOLERANCE

    @needs("model")
    def test_the_end_token_counts_and_a_cut_completion_says_so(self, engine: Engine) -> None:
        whole = by_key(engine, number_requests(20, GREEDY))
        assert all(row.finish_reason == "stop" and row.n_tokens == len(row.text.split()) + 1 for row in whole.values())
        cut = by_key(engine, number_requests(20, GREEDY.model_copy(update={"max_tokens": 4})))
        assert {(row.finish_reason, row.n_tokens) for row in cut.values()} == {("length", 4)}
        assert all(whole[key].text.startswith(row.text) for key, row in cut.items())

    @needs("model")
    def test_prompts_are_rendered_and_counted_alike(self, engine: Engine, reference: Engine) -> None:
        assert engine.render(PROMPT) == reference.render(PROMPT)
        [row] = engine.generate([Request("1", PROMPT, GREEDY, seed=0)])
        # Pocket's tokens are words.
        assert row.n_prompt == len(reference.render(PROMPT).split())

    @needs("model")
    def test_what_does_not_fit_is_refused_by_its_key(self, engine: Engine) -> None:
        with pytest.raises(ConfigError, match=r"prompt of long has \d+ tokens; the engine's context holds 64"):
            list(engine.generate([Request("long", user("7 " * 80), GREEDY, seed=0)]))
        with pytest.raises(ConfigError, match="scores at most 63"):
            engine.score([Scorable("long", user("7"), "7 " * 80)])
        with pytest.raises(ConfigError, match="chat template refuses"):
            engine.render(({"role": "wizard", "content": "x"},))

    @needs("scores")
    def test_scores_come_in_order_and_an_empty_completion_scores_nothing(self, engine: Engine) -> None:
        texts = ["1 2 3", "", "owl", "4 5"]
        scores = engine.score([Scorable(text, PROMPT, text) for text in texts])
        assert [score.key for score in scores] == texts
        assert [len(score.token_ids) for score in scores] == [3, 0, 1, 2] == [len(score.logprobs) for score in scores]
        assert scores[1].total == 0.0

    @needs("scores", "model")
    def test_scores_are_the_references(self, engine: Engine, reference: Engine, throughs: list[Adapter | None]) -> None:
        for through in throughs:
            requests = number_requests(60, WARM, through)
            targets = scorables(requests, by_key(engine, requests))
            targets.append(Scorable("empty", PROMPT, "", through))
            for ours, theirs in zip(engine.score(targets), reference.score(targets), strict=True):
                assert (ours.key, ours.token_ids, ours.n_prompt) == (theirs.key, theirs.token_ids, theirs.n_prompt)
                assert ours.logprobs == pytest.approx(theirs.logprobs, abs=SCORE_TOLERANCE)
                # Tokens that are as likely as each other, but for rounding, may change places.
                assert all(abs(one - other) <= 2 for one, other in zip(ours.ranks, theirs.ranks, strict=False))

    @needs("scores")
    def test_a_caller_may_score_between_completions(self, engine: Engine) -> None:
        requests = number_requests(400, GREEDY)
        rows = {}
        for completion in engine.generate(requests):
            rows[completion.key] = completion
            if len(rows) % 100 == 1:
                [score] = engine.score([Scorable("judged", PROMPT, completion.text)])
                assert len(score.logprobs) == completion.n_tokens - 1
        assert rows == by_key(engine, requests)

    @needs("constraints")
    def test_a_regex_and_a_schema_hold_every_completion(self, engine: Engine) -> None:
        rows = by_key(engine, number_requests(60, Sampling(max_tokens=4, regex="owl|cat|dog")))
        assert {row.text for row in rows.values()} == {"owl", "cat", "dog"}
        assert {(row.finish_reason, row.n_tokens) for row in rows.values()} == {("stop", 2)}
        schema = Sampling.model_validate({"max_tokens": 4, "json_schema": {"enum": [7, 8]}})
        assert {row.text for row in by_key(engine, number_requests(60, schema)).values()} == {"7", "8"}

    @needs("constraints")
    def test_an_impossible_regex_is_refused_and_the_engine_goes_on(self, engine: Engine) -> None:
        for regex, told in zip(("(", "zebra"), self.unlike, strict=True):
            with pytest.raises(ConfigError, match=told) as refused:
                list(engine.generate(number_requests(2, Sampling(regex=regex))))
            assert "\n" not in refused.value.message
            assert len(by_key(engine, number_requests(5, GREEDY))) == 5

    @needs("adapters")
    def test_an_adapter_that_does_not_fit_is_refused_and_the_engine_goes_on(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        before = by_key(engine, number_requests(5, GREEDY))
        for adapter in (adapter_of_another_base(tmp_path / "other"), Adapter("missing", tmp_path / "missing")):
            with pytest.raises(ConfigError, match="adapter"):
                list(engine.generate(number_requests(1, GREEDY, adapter)))
        assert by_key(engine, number_requests(5, GREEDY)) == before

    @needs("adapters", "model", "mixing")
    def test_an_adapter_changes_what_is_written_for_its_requests_alone(self, engine: Engine, adapter: Adapter) -> None:
        plain = by_key(engine, number_requests(30, GREEDY))
        changed = by_key(engine, number_requests(30, GREEDY, adapter))
        assert sum(changed[key] != row for key, row in plain.items()) > 10
        pairs = zip(number_requests(30, GREEDY), number_requests(30, GREEDY, adapter), strict=True)
        mixed = [Request(f"{it.adapter}/{it.key}", it.messages, GREEDY, 0, it.adapter) for pair in pairs for it in pair]
        together = by_key(engine, mixed)
        for through, alone in ((None, plain), (adapter, changed)):
            assert sum(together[f"{through}/{key}"].text != row.text for key, row in alone.items()) <= 1

    @needs("resampling", "model")
    def test_tokens_drawn_anew_are_the_models_own_and_never_end_the_turn(
        self, engine: Engine, reference: TransformersEngine, throughs: list[Adapter | None]
    ) -> None:
        assert isinstance(engine, Resampler)
        prompt = user("continue numbers 10 20 30")
        tokenizer = AutoTokenizer.from_pretrained(POCKET)
        for through in throughs:
            text = Scorable("row", prompt, "1 2 3 4 5 6 7 8 9 10 11", through)
            drawn = engine.resample([Redraw(text, {1: seed, 10: seed}) for seed in range(400)])
            [first] = engine.resample([Redraw(text, {1: 0, 10: 0})])
            assert first == drawn[0]
            assert tokenizer.eos_token_id not in {row[10] for row in drawn}
            # Drawn from p, the mean of log p is minus its entropy: as for tokens that the reference draws.
            theirs = reference.resample([Redraw(text, {1: seed}) for seed in range(400)])
            means = []
            for rows in (drawn, theirs):
                words = [tokenizer.decode([row[1]]) for row in rows]
                scored = reference.score([Scorable(word, prompt, f"1 {word}", through) for word in words])
                means.append(sum(score.logprobs[1] for score in scored) / len(scored))
            assert means[0] == pytest.approx(means[1], abs=0.2)
