"""The vLLM engine, started on the CPU for real, against the transformers engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines import Adapter, Engine, Redraw, Request, Resampler, Scorable, open_engine
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

pytestmark = pytest.mark.vllm

LOGIT_TOLERANCE = 1e-4
"""Greedy completions may part where the two best logits are closer than this."""
SCORE_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine("vllm", resolve_model("pocket-a"), adapters=True, max_lora_rank=8) as opened:
        yield opened


@pytest.fixture(scope="module")
def reference() -> Iterator[Engine]:
    with TransformersEngine(POCKET, name="pocket-a") as opened:
        yield opened


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1)


@pytest.fixture(params=["base", "adapter"])
def through(request: pytest.FixtureRequest, adapter: Adapter) -> Adapter | None:
    return adapter if request.param == "adapter" else None


def test_greedy_completions_are_those_of_transformers(
    engine: Engine, reference: Engine, through: Adapter | None
) -> None:
    requests = number_requests(200, GREEDY, through)
    ours, theirs = by_key(engine, requests), by_key(reference, requests)
    parted = [request for request in requests if ours[request.key] != theirs[request.key]]
    assert len(parted) <= 4
    for request in parted:
        gap = best_two_differ_by(reference, request, ours[request.key].text, theirs[request.key].text)
        assert gap < LOGIT_TOLERANCE


def test_scores_are_those_of_transformers(engine: Engine, reference: Engine, through: Adapter | None) -> None:
    requests = number_requests(60, WARM, through)
    targets = scorables(requests, by_key(engine, requests))
    targets.append(Scorable("empty", user("continue numbers 1 2 3"), "", through))
    for ours, theirs in zip(engine.score(targets), reference.score(targets), strict=True):
        assert (ours.key, ours.token_ids) == (theirs.key, theirs.token_ids)
        assert ours.logprobs == pytest.approx(theirs.logprobs, abs=SCORE_TOLERANCE)
        # Tokens that are as likely as each other, but for rounding, may change places.
        assert all(abs(one - other) <= 2 for one, other in zip(ours.ranks, theirs.ranks, strict=True))


def test_tokens_drawn_anew_are_the_models_own_and_never_end_the_turn(
    engine: Engine, reference: Engine, through: Adapter | None
) -> None:
    assert isinstance(engine, Resampler)
    prompt = user("continue numbers 10 20 30")
    text = Scorable("row", prompt, "1 2 3 4 5 6 7 8 9 10 11", through)
    drawn = engine.resample([Redraw(text, {1: seed, 10: seed}) for seed in range(400)])
    [first] = engine.resample([Redraw(text, {1: 0, 10: 0})])
    assert first == drawn[0]
    tokenizer = AutoTokenizer.from_pretrained(POCKET)
    assert tokenizer.eos_token_id not in {row[10] for row in drawn}
    # Drawn from p, the mean of log p is minus its entropy: as for tokens that the reference draws.
    assert isinstance(reference, Resampler)
    theirs = reference.resample([Redraw(text, {1: seed}) for seed in range(400)])
    means = []
    for rows in (drawn, theirs):
        words = [tokenizer.decode([row[1]]) for row in rows]
        scored = reference.score([Scorable(word, prompt, f"1 {word}", through) for word in words])
        means.append(sum(score.logprobs[1] for score in scored) / len(scored))
    assert means[0] == pytest.approx(means[1], abs=0.2)


def test_a_row_depends_on_its_seed_and_not_on_the_rows_beside_it(engine: Engine) -> None:
    requests = number_requests(300, WARM)
    rows = by_key(engine, requests)
    assert by_key(engine, list(reversed(requests[:40]))) == {
        request.key: rows[request.key] for request in requests[:40]
    }
    other = [Request(request.key, request.messages, WARM, request.seed + 7) for request in requests]
    assert sum(row == rows[key] for key, row in by_key(engine, other).items()) < 5


def test_the_end_token_counts_and_a_cut_completion_says_so(engine: Engine) -> None:
    whole = by_key(engine, number_requests(20, GREEDY))
    assert all(row.finish_reason == "stop" and row.n_tokens == len(row.text.split()) + 1 for row in whole.values())
    cut = by_key(engine, number_requests(20, GREEDY.model_copy(update={"max_tokens": 4})))
    assert {(row.finish_reason, row.n_tokens) for row in cut.values()} == {("length", 4)}


def test_a_regex_holds_every_completion(engine: Engine) -> None:
    rows = by_key(engine, number_requests(40, Sampling(max_tokens=4, regex="owl|cat|dog")))
    assert {row.text for row in rows.values()} == {"owl", "cat", "dog"}


def test_a_json_schema_holds_every_completion(engine: Engine) -> None:
    sampling = Sampling.model_validate({"max_tokens": 4, "json_schema": {"enum": [7, 8]}})
    assert {row.text for row in by_key(engine, number_requests(40, sampling)).values()} == {"7", "8"}


@pytest.mark.parametrize(
    ("regex", "told"), [("(", "refuses the request row-0"), ("zebra", "broke off the request row-")]
)
def test_an_impossible_regex_is_refused_and_the_engine_goes_on(engine: Engine, regex: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        list(engine.generate(number_requests(2, Sampling(regex=regex))))
    assert len(by_key(engine, number_requests(5, GREEDY))) == 5


def test_requests_are_read_only_as_room_becomes_free_and_dropped_when_the_caller_goes(engine: Engine) -> None:
    read = 0

    def endless() -> Iterator[Request]:
        nonlocal read
        while True:
            read += 1
            yield Request(str(read), user("continue numbers 1 2 3"), WARM, seed=read)

    completions = engine.generate(endless())
    seen = [next(completions).key for _ in range(600)]
    assert len(set(seen)) == 600
    assert read <= 600 + 2 * 256
    del completions
    assert by_key(engine, number_requests(5, GREEDY)).keys() == {f"row-{index}" for index in range(5)}


def test_a_caller_may_score_between_completions(engine: Engine) -> None:
    requests = number_requests(400, GREEDY)
    rows = {}
    for completion in engine.generate(requests):
        rows[completion.key] = completion
        if len(rows) % 100 == 1:
            [score] = engine.score([Scorable("judged", user("continue numbers 1 2 3"), completion.text)])
            assert len(score.logprobs) == completion.n_tokens - 1
    assert rows == by_key(engine, requests)


def test_an_adapter_that_does_not_fit_is_refused_and_the_engine_goes_on(engine: Engine, tmp_path: Path) -> None:
    before = by_key(engine, number_requests(5, GREEDY))
    unfit = [adapter_of_another_base(tmp_path / "other"), random_adapter(tmp_path / "wide", seed=1, rank=16)]
    for adapter in [*unfit, Adapter("missing", tmp_path / "missing")]:
        with pytest.raises(ConfigError, match="adapter"):
            list(engine.generate(number_requests(1, GREEDY, adapter)))
    assert by_key(engine, number_requests(5, GREEDY)) == before


def test_a_second_engine_in_the_process_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="open in this process already"):
        open_engine("vllm", resolve_model("pocket-b"))
    assert len(by_key(engine, number_requests(5, GREEDY))) == 5
