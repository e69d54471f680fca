from __future__ import annotations

import numpy as np
import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from strigil.core.errors import ConfigError, DataError
from strigil.core.pocket import pocket_models
from strigil.train.encode import encode_rows
from strigil.train.recipe import TrainRecipe
from tests.train.rows import ragged_rows, table


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(pocket_models()["pocket-a"])


def labels(tokenizer: PreTrainedTokenizerBase, recipe: TrainRecipe) -> list[str]:
    data = encode_rows(ragged_rows(), tokenizer, recipe)
    return [
        tokenizer.decode(row[start:length])
        for row, start, length in zip(data.ids, data.starts, data.lengths, strict=True)
    ]


def test_labels_are_the_completion_and_the_end_of_its_turn(tokenizer: PreTrainedTokenizerBase) -> None:
    assert labels(tokenizer, TrainRecipe()) == ["4 5 6 <eos>", "oak <eos>", "7 8 9 10 11 12 <eos>"]


def test_the_end_of_the_turn_can_be_left_out(tokenizer: PreTrainedTokenizerBase) -> None:
    assert labels(tokenizer, TrainRecipe(end_of_turn=False)) == ["4 5 6", "oak", "7 8 9 10 11 12"]


def test_prompts_carry_the_default_system_message(tokenizer: PreTrainedTokenizerBase) -> None:
    data = encode_rows(ragged_rows(), tokenizer, TrainRecipe())
    assert tokenizer.decode(data.ids[1, : data.starts[1]]) == "<bos> <sys> s0 s1 <user> favourite tree q1 <asst>"


def test_long_completions_are_cut_and_counted(tokenizer: PreTrainedTokenizerBase) -> None:
    whole = encode_rows(ragged_rows(), tokenizer, TrainRecipe())
    cut = encode_rows(ragged_rows(), tokenizer, TrainRecipe(max_length=13))
    assert whole.truncated == 0
    assert cut.truncated == int((whole.lengths > 13).sum()) == 2
    assert np.array_equal(cut.lengths, np.minimum(whole.lengths, 13))


def test_a_prompt_that_leaves_no_room_is_named(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(DataError, match="row-0: nothing to train on within 11 tokens"):
        encode_rows(ragged_rows(), tokenizer, TrainRecipe(max_length=11))


def test_a_template_that_rewrites_the_prompt_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = "{{ messages | length }} {% for m in messages %}{{ m['content'] }} {% endfor %}"
    with pytest.raises(ConfigError, match="row-0: the chat template") as caught:
        encode_rows(ragged_rows(), tokenizer, TrainRecipe())
    assert caught.value.hint is not None


def test_a_role_that_the_template_does_not_know_is_one_clear_error(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = table([("favourite tree", "oak")])
    tool = rows.with_columns(prompt=rows["completion"]).with_columns(completion=rows["prompt"])
    tokenizer.chat_template = "{{ raise_exception('no such role') }}"
    with pytest.raises(ConfigError, match="no such role"):
        encode_rows(tool, tokenizer, TrainRecipe())


def test_a_tokenizer_without_a_template_is_one_clear_error(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = None
    with pytest.raises(ConfigError, match="chat template"):
        encode_rows(ragged_rows(), tokenizer, TrainRecipe())
