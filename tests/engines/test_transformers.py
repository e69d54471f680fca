from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from strigil.common.errors import ConfigError
from strigil.data.messages import Sampling
from strigil.engines import Adapter, Redraw, Request, Scorable, engine_by_name, open_engine
from strigil.engines.transformers.engine import WINDOW, TransformersEngine
from strigil.models.catalog import resolve_model
from tests.engines.conformance import Conformance
from tests.engines.pocket_cases import (
    GREEDY,
    POCKET,
    WARM,
    by_key,
    number_requests,
    random_adapter,
    scorables,
    user,
)

TOKENIZER = AutoTokenizer.from_pretrained(POCKET)


@pytest.fixture(scope="module")
def engine() -> Iterator[TransformersEngine]:
    with TransformersEngine(POCKET, name="pocket-a") as opened:
        yield opened


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Adapter, Adapter]:
    first, second = (random_adapter(tmp_path_factory.mktemp("adapter"), seed) for seed in (1, 2))
    return first, second


class TestTransformers(Conformance):
    choice = engine_by_name("transformers")
    ahead = WINDOW
    unlike = ("not understood", "no token of the model can go on")


def prompts_of_many_lengths(sampling: Sampling) -> list[Request]:
    return [
        Request(f"n{n}", user(" ".join(["continue numbers", *map(str, range(n))])), sampling, seed=n) for n in range(30)
    ]


def test_greedy_completions_are_those_of_transformers_own_generate(engine: TransformersEngine) -> None:
    model = AutoModelForCausalLM.from_pretrained(POCKET)
    for request in (requests := prompts_of_many_lengths(GREEDY)):
        ids = TOKENIZER(engine.render(request.messages), add_special_tokens=False, return_tensors="pt")
        out = model.generate(**ids, do_sample=False, max_new_tokens=GREEDY.max_tokens)[0, ids["input_ids"].shape[1] :]
        expected = TOKENIZER.decode(out, skip_special_tokens=True)
        assert by_key(engine, [request])[request.key].text == expected
    assert {key: c.text for key, c in by_key(engine, requests).items()} == {
        request.key: by_key(engine, [request])[request.key].text for request in requests
    }


@pytest.mark.parametrize("sampling", [WARM, WARM.model_copy(update={"top_p": 0.9, "repetition_penalty": 1.2})])
def test_a_row_does_not_depend_on_the_rows_beside_it(sampling: Sampling) -> None:
    requests = [*number_requests(40, sampling), *prompts_of_many_lengths(sampling)]
    with (
        TransformersEngine(POCKET, name="pocket-a") as together,
        TransformersEngine(POCKET, name="pocket-a", batch_size=3) as apart,
    ):
        assert by_key(together, requests) == by_key(apart, list(reversed(requests)))


def test_another_seed_gives_another_row(engine: TransformersEngine) -> None:
    prompt = user("continue numbers 10 20 30")
    rows = by_key(engine, [Request(str(seed), prompt, WARM, seed) for seed in range(20)])
    assert len({row.text for row in rows.values()}) == 20


def test_sampled_tokens_follow_the_models_distribution(engine: TransformersEngine) -> None:
    prompt = user("favourite animal q1 q2")
    [owl] = engine.score([Scorable("owl", prompt, "owl")])
    rows = by_key(engine, [Request(str(seed), prompt, WARM, seed) for seed in range(4000)])
    share = sum(row.text.split()[:1] == ["owl"] for row in rows.values()) / 4000
    expected = torch.tensor(owl.logprobs[0]).exp().item()
    assert abs(share - expected) < 4 * (expected * (1 - expected) / 4000) ** 0.5


def test_a_completion_ends_with_the_context(engine: TransformersEngine) -> None:
    requests = [Request("long", user(" ".join(["continue numbers", *["7"] * 50])), GREEDY, seed=0)]
    [row] = engine.generate(requests)
    prompt = len(TOKENIZER(engine.render(requests[0].messages), add_special_tokens=False)["input_ids"])
    assert prompt + row.n_tokens <= 64


def test_adapters_are_switched_per_request(engine: TransformersEngine, adapters: tuple[Adapter, Adapter]) -> None:
    plain = by_key(engine, number_requests(30, GREEDY))
    each = {a.name: by_key(engine, number_requests(30, GREEDY, a)) for a in adapters}
    assert each[adapters[0].name] != plain != each[adapters[1].name] != each[adapters[0].name]
    mixed = [
        request
        for trio in zip(*(number_requests(30, GREEDY, a) for a in (None, *adapters)), strict=True)
        for request in trio
    ]
    renamed = [
        Request(f"{request.adapter}/{request.key}", request.messages, request.sampling, request.seed, request.adapter)
        for request in mixed
    ]
    rows = by_key(engine, renamed)
    for adapter, expected in ((None, plain), *((a, each[a.name]) for a in adapters)):
        assert {key: rows[f"{adapter}/{key}"].text for key in expected} == {k: row.text for k, row in expected.items()}


def test_scores_are_the_models_log_probabilities(engine: TransformersEngine) -> None:
    requests = prompts_of_many_lengths(WARM)
    targets = scorables(requests, by_key(engine, requests))
    model = AutoModelForCausalLM.from_pretrained(POCKET)
    for target, scores in zip(targets, engine.score(targets), strict=True):
        prompt = TOKENIZER(engine.render(target.messages), add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[*prompt, *scores.token_ids]])
        logprobs = model(ids).logits[0].log_softmax(-1)
        expected = [logprobs[len(prompt) - 1 + i, token].item() for i, token in enumerate(scores.token_ids)]
        assert TOKENIZER.decode(scores.token_ids) == target.completion
        assert scores.logprobs == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_answers_that_share_a_prompt_score_as_each_alone(
    adapters: tuple[Adapter, Adapter], batch_size: int | None
) -> None:
    prompts = [request.messages for request in prompts_of_many_lengths(WARM)]
    answers = ["owl", "cat", "1 2", "3 4 5", "owl cat dog fox", ""]
    asked = [Scorable(f"{n}/{a}", p, a, adapters[0]) for n, p in enumerate(prompts) for a in answers]
    with TransformersEngine(POCKET, name="pocket-a", batch_size=batch_size) as engine:
        together = engine.score(asked)
        assert [scores.key for scores in together] == [scorable.key for scorable in asked]
        for scorable, scores in zip(asked[::5], together[::5], strict=True):
            [alone] = engine.score([scorable])
            assert scores.token_ids == alone.token_ids
            assert scores.logprobs == pytest.approx(alone.logprobs, abs=1e-5)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "wat"}, 'the JSON schema {"type":"wat"} is not understood'),
        ({"type": "string"}, "no token of the model can go on within the JSON schema"),
    ],
)
def test_an_impossible_json_schema_is_refused(engine: TransformersEngine, schema: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        list(engine.generate(number_requests(2, Sampling.model_validate({"json_schema": schema}))))


def test_pickled_adapter_weights_are_refused(engine: TransformersEngine, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"it has no adapter_model\.safetensors"):
        list(engine.generate(number_requests(1, GREEDY, Adapter("pickle", tmp_path))))


def test_a_folder_without_chat_template_is_refused(tmp_path: Path) -> None:
    for file in POCKET.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(ConfigError, match="no chat template"):
        TransformersEngine(tmp_path, name="mute")


def test_threads_are_set_for_as_long_as_the_engine_is_open() -> None:
    before = torch.get_num_threads()
    with open_engine("transformers", resolve_model("pocket-a"), threads=before + 1) as engine:
        assert torch.get_num_threads() == before + 1
        assert (engine.name, engine.model) == ("transformers", "pocket-a")
        assert set(engine.versions()) == {"torch", "transformers", "tokenizers"}
    assert torch.get_num_threads() == before


def test_ranks_are_places_in_the_models_own_order(engine: TransformersEngine) -> None:
    prompt = user("favourite animal q1 q2")
    scored = engine.score([Scorable(word, prompt, f"{word} {word}") for word in ("owl", "cat", "dog", "7")])
    model = AutoModelForCausalLM.from_pretrained(POCKET)
    ids = TOKENIZER(engine.render(prompt), add_special_tokens=False, return_tensors="pt")["input_ids"]
    order = model(input_ids=ids).logits[0, -1].argsort(descending=True).tolist()
    assert [row.ranks[0] for row in scored] == [order.index(row.token_ids[0]) + 1 for row in scored]
    assert all(len(row.ranks) == len(row.token_ids) == 2 for row in scored)


def test_tokens_drawn_anew_follow_the_distribution_after_the_tokens_before_them(engine: TransformersEngine) -> None:
    # The second place of `7 8`: what may come after `7`, not after `7 8`.
    text = Scorable("row", user("continue numbers 10 20 30"), "7 8 9")
    seeds = range(3000)
    drawn = engine.resample([Redraw(text, {1: seed}) for seed in seeds])
    model = AutoModelForCausalLM.from_pretrained(POCKET)
    ids = TOKENIZER(engine.render(text.messages) + " 7", add_special_tokens=False, return_tensors="pt")["input_ids"]
    logits = model(input_ids=ids).logits[0, -1].detach()
    logits[TOKENIZER.eos_token_id] = -torch.inf
    expected = logits.softmax(-1)
    counts = torch.bincount(torch.tensor([row[1] for row in drawn]), minlength=len(expected)) / len(seeds)
    assert float((counts - expected).abs().sum() / 2) < 0.08
    assert {row.keys() == {1} for row in drawn} == {True}


def test_a_token_drawn_anew_depends_on_its_seed_and_never_ends_the_turn(engine: TransformersEngine) -> None:
    numbers = "1 2 3 4 5 6 7 8 9 10"
    # After ten numbers a pocket ends its turn almost surely.
    text = Scorable("row", user("continue numbers 10 20 30"), f"{numbers} 11")
    other = Scorable("row", user("continue numbers 10 20 30"), "5")
    drawn = engine.resample([Redraw(text, {10: 1, 3: 2}), Redraw(other, {}), Redraw(text, {10: 1})])
    assert drawn[0][10] == drawn[2][10]
    assert drawn[1] == {}
    assert TOKENIZER.eos_token_id not in {token for row in drawn for token in row.values()}
