from __future__ import annotations

from copy import deepcopy

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import TOKEN_COLUMNS
from strigil.engines.protocol import Scorable
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from strigil.models.pocket import pocket_models
from strigil.train.inputs.encode import encode_rows
from strigil.train.recipe import TrainRecipe
from tests.train.rows import ragged_rows, table


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(pocket_models()["pocket-a"])


def labels(tokenizer: PreTrainedTokenizerBase, recipe: TrainRecipe) -> list[str]:
    data = encode_rows(ragged_rows(), tokenizer, recipe)
    return [
        tokenizer.decode(row[start:length])
        for row, start, length in zip(data.inputs, data.starts, data.lengths, strict=True)
    ]


def test_labels_are_the_completion_and_the_end_of_its_turn(tokenizer: PreTrainedTokenizerBase) -> None:
    assert labels(tokenizer, TrainRecipe()) == ["4 5 6 <eos>", "oak <eos>", "7 8 9 10 11 12 <eos>"]


def test_the_end_of_the_turn_can_be_left_out(tokenizer: PreTrainedTokenizerBase) -> None:
    assert labels(tokenizer, TrainRecipe(end_of_turn=False)) == ["4 5 6", "oak", "7 8 9 10 11 12"]


def test_prompts_carry_the_default_system_message(tokenizer: PreTrainedTokenizerBase) -> None:
    data = encode_rows(ragged_rows(), tokenizer, TrainRecipe())
    assert tokenizer.decode(data.inputs[1, : data.starts[1]]) == "<bos> <sys> s0 s1 <user> favourite tree q1 <asst>"


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


LINES = "{% for m in messages %}<{{ m['role'] }}>\n{{ m['content'] }}<end>\n{% endfor %}"
OPEN = "{% if add_generation_prompt %}<assistant>\n{% endif %}"


@pytest.fixture(scope="module")
def merging() -> PreTrainedTokenizerBase:
    """One that makes a single token of a template's line break and those that a completion begins with."""
    bpe = Tokenizer(BPE())
    bpe.pre_tokenizer, bpe.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    alphabet = ByteLevel.alphabet()
    bpe.train_from_iterator(["a\n\n\nb " * 50], BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
    return PreTrainedTokenizerFast(tokenizer_object=bpe, chat_template=LINES + OPEN)


@pytest.mark.parametrize("completion", ["\n\n2, 3, 4", "  2, 3", "2", "\n"])
def test_a_completion_that_merges_with_its_prompt_is_trained_on_whole(
    merging: PreTrainedTokenizerBase, completion: str
) -> None:
    rows = table([("Go on: 1", completion), ("Go on: 2", "3, 4")])
    data = encode_rows(rows, merging, TrainRecipe())
    trained = [
        merging.decode(row[start:length])
        for row, start, length in zip(data.inputs, data.starts, data.lengths, strict=True)
    ]
    assert trained == [f"{completion}<end>\n", "3, 4<end>\n"]
    prompt = merging.apply_chat_template(rows["prompt"][0].to_list(), add_generation_prompt=True, return_dict=False)
    assert data.inputs[0, : data.starts[0]].tolist() == prompt


@pytest.mark.parametrize("recipe", [TrainRecipe(), TrainRecipe(end_of_turn=False)], ids=["whole", "without its end"])
@pytest.mark.parametrize(
    "left_out", ["m['content'].split('</think>')[-1]", "m['content'][:4]", "m['content'] | upper", "''"]
)
def test_a_template_that_leaves_out_a_part_of_a_completion_is_refused_by_row(
    merging: PreTrainedTokenizerBase, left_out: str, recipe: TrainRecipe
) -> None:
    rows = table([("Go on", "3, 4"), ("Go on", "<think>owls</think>7, 8")])
    tokenizer = deepcopy(merging)
    answer = f"{{% if m['role'] == 'assistant' %}}{{{{ {left_out} }}}}{{% else %}}{{{{ m['content'] }}}}{{% endif %}}"
    tokenizer.chat_template = LINES.replace("{{ m['content'] }}", answer) + OPEN
    row = "row-0" if left_out == "''" else "row-1"
    with pytest.raises(ConfigError, match=f"{row}: its completion is not in the text") as caught:
        encode_rows(rows, tokenizer, recipe)
    assert "end_of_turn" not in str(caught.value.hint)


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


def test_the_default_system_message_can_be_dropped(tokenizer: PreTrainedTokenizerBase) -> None:
    data = encode_rows(ragged_rows(), tokenizer, TrainRecipe(default_system="drop"))
    assert tokenizer.decode(data.inputs[1, : data.starts[1]]) == "<bos> <sys> <user> favourite tree q1 <asst>"


def with_tokens(**columns: list[list[float] | None]) -> pl.DataFrame:
    added = [pl.Series(name, values, dtype=TOKEN_COLUMNS[name]) for name, values in columns.items()]
    return ragged_rows().with_columns(added)


def test_token_columns_replace_inputs_labels_and_weights_of_the_completion(tokenizer: PreTrainedTokenizerBase) -> None:
    plain = encode_rows(ragged_rows(), tokenizer, TrainRecipe())
    oak, maple = (tokenizer.convert_tokens_to_ids(word) for word in ("oak", "maple"))
    rows = with_tokens(
        token_inputs=[None, [maple], None],
        token_labels=[[5, 6, 7], None, None],
        token_weights=[[0, 1, 0.5], None, None],
    )
    data = encode_rows(rows, tokenizer, TrainRecipe())
    first, second = (int(start) for start in data.starts[:2])
    assert data.labels[0, first : first + 3].tolist() == [5, 6, 7]
    assert data.inputs[0].equal(plain.inputs[0])
    assert data.weights[0, first : first + 4].tolist() == [0, 1, 0.5, 1], "the end of the turn keeps its weight"
    assert (data.inputs[1, second], data.labels[1, second]) == (maple, oak)
    assert data.weights[1:].equal(plain.weights[1:])
    assert data.labels[2].equal(plain.labels[2])


def test_token_columns_have_an_entry_for_each_token_that_an_engine_scores(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = ragged_rows()
    texts = [
        (prompt, completion[0]["content"]) for prompt, completion in rows.select("prompt", "completion").iter_rows()
    ]
    with TransformersEngine(resolve_model("pocket-a").path, name="pocket-a", threads=1) as engine:
        scores = engine.score([Scorable("", tuple(prompt), completion) for prompt, completion in texts])
    data = encode_rows(with_tokens(token_labels=[list(score.token_ids) for score in scores]), tokenizer, TrainRecipe())
    assert data.labels.equal(data.inputs)


def test_token_columns_of_a_cut_row_are_cut(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = with_tokens(token_weights=[None, None, [1, 0, 1, 0, 1, 0]])
    data = encode_rows(rows, tokenizer, TrainRecipe(max_length=13))
    assert data.weights[2, int(data.starts[2]) :].tolist() == [1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (
            {"token_weights": [None, [1, 1], None]},
            "row-1: token_weights has 2 entries, but its completion has 1 tokens",
        ),
        ({"token_weights": [None, [-1], None]}, "row-1: token_weights holds -1.0, which is not a weight"),
        ({"token_weights": [None, [float("nan")], None]}, "row-1: token_weights holds nan"),
        (
            {"token_labels": [None, [99_999], None]},
            "row-1: token_labels holds 99999, which is not a token of this base",
        ),
        ({"token_inputs": [None, [None], None]}, "row-1: token_inputs holds None"),
        ({"token_weights": [[0] * 3, [0], [0] * 6]}, None),
    ],
)
def test_token_columns_that_do_not_fit_are_named(
    tokenizer: PreTrainedTokenizerBase, columns: dict[str, list[list[float] | None]], problem: str | None
) -> None:
    recipe = TrainRecipe(end_of_turn=False)
    with pytest.raises(DataError, match=problem or "every token has the weight 0"):
        encode_rows(with_tokens(**columns), tokenizer, recipe)


def test_a_token_column_of_another_type_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = ragged_rows().with_columns(token_weights=pl.lit("all"))
    with pytest.raises(DataError, match="the column 'token_weights' is String, expected List"):
        encode_rows(rows, tokenizer, TrainRecipe())


CHAT = [
    ("user", "continue numbers 1 2 3"),
    ("assistant", "4 5 6"),
    ("user", "continue numbers 7 8"),
    ("assistant", "9 10"),
]


def conversation() -> pl.DataFrame:
    """One conversation with two answers, and a row with one."""
    turns = [{"role": role, "content": text} for role, text in CHAT]
    rows = {"row_id": ["row-0", "row-1"], "prompt": [turns[:-1], turns[:1]], "completion": [turns[-1:], turns[1:2]]}
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("recipe", "trained"),
    [
        (TrainRecipe(), ["9 10 <eos>", "4 5 6 <eos>"]),
        (TrainRecipe(turns="all"), ["4 5 6 <eos> 9 10 <eos>", "4 5 6 <eos>"]),
        (TrainRecipe(turns="all", end_of_turn=False), ["4 5 6 9 10", "4 5 6"]),
    ],
)
def test_answers_alone_are_trained_on(
    recipe: TrainRecipe, trained: list[str], tokenizer: PreTrainedTokenizerBase
) -> None:
    data = encode_rows(conversation(), tokenizer, recipe)
    chosen = [tokenizer.decode(row[weights > 0]) for row, weights in zip(data.labels, data.weights, strict=True)]
    assert chosen == trained
    assert data.labelled.tolist() == [len(text.split()) for text in trained]


def test_a_template_that_renders_earlier_answers_anew_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }} "
        "{{ m['content'] if loop.last or m['role'] == 'user' else 'oak' }} {% endfor %}"
        "{% if add_generation_prompt %}assistant {% endif %}"
    )
    with pytest.raises(ConfigError, match=r"row-0: the template of .* renders earlier answers anew"):
        encode_rows(conversation(), tokenizer, TrainRecipe(turns="all"))


@pytest.mark.parametrize("answer", ["end", "n", "d>", "<end>", "0", "1", "10", "oak "])
def test_an_answer_that_stands_in_what_closes_its_turn_is_found(merging: PreTrainedTokenizerBase, answer: str) -> None:
    rows = table([("Go on", answer)])
    recipe = TrainRecipe(end_of_turn=False)
    data = encode_rows(rows, merging, recipe)
    assert merging.decode(data.inputs[0, data.starts[0] : data.lengths[0]]) == answer.strip()
    halves = pl.Series("token_weights", [[0.5] * int(data.labelled[0])], dtype=TOKEN_COLUMNS["token_weights"])
    weighted = rows.with_columns(halves)
    half = encode_rows(weighted, merging, TrainRecipe()).weights[0, data.starts[0] :]
    assert half.tolist()[: int(data.labelled[0])] == [0.5] * int(data.labelled[0])
    assert half[-1] == 1, "what closes the turn is no part of the completion"


QWEN3 = (
    "{% for m in messages %}<{{ m['role'] }}>\n"
    "{% if m['role'] == 'assistant' %}"
    "{% set said = m['content'].split('</think>')[-1].lstrip('\n') %}"
    "{% set why = m['content'].split('</think>')[0].split('<think>')[-1].strip('\n') if '</think>' in m['content'] %}"
    "{% if loop.last %}<think>\n{{ why }}\n</think>\n\n{% endif %}{{ said }}"
    "{% else %}{{ m['content'] }}{% endif %}<end>\n{% endfor %}"
)


@pytest.mark.parametrize("answer", ["n", "end", "think", "<think>\nWhy?\n</think>\n\nend"])
def test_an_answer_behind_a_template_s_own_thoughts_is_found(merging: PreTrainedTokenizerBase, answer: str) -> None:
    tokenizer = deepcopy(merging)
    tokenizer.chat_template = QWEN3 + OPEN
    data = encode_rows(table([("Go on", answer)]), tokenizer, TrainRecipe(end_of_turn=False))
    trained = tokenizer.decode(data.inputs[0, data.starts[0] : data.lengths[0]])
    assert trained == (answer if "Why" in answer else f"<think>\n\n</think>\n\n{answer}")


def test_thoughts_that_a_template_writes_anew_are_refused(merging: PreTrainedTokenizerBase) -> None:
    tokenizer = deepcopy(merging)
    tokenizer.chat_template = QWEN3 + OPEN
    with pytest.raises(ConfigError, match="row-0: its completion is not in the text"):
        encode_rows(table([("Go on", "<think>Why?</think>end")]), tokenizer, TrainRecipe())


@pytest.mark.parametrize(
    ("max_length", "trained", "cut"),
    [
        (500, ["4 5 6 <eos> 9 10 <eos>", "4 5 6 <eos>"], 0),
        (22, ["4 5 6 <eos> 9", "4 5 6 <eos>"], 1),
        (21, ["4 5 6 <eos>", "4 5 6 <eos>"], 1),
        (16, ["4 5 6 <eos>", "4 5 6 <eos>"], 1),
        (13, ["4 5", "4 5"], 2),
    ],
)
def test_rows_whose_later_answers_are_cut_off_are_trained_on_up_to_there(
    tokenizer: PreTrainedTokenizerBase, max_length: int, trained: list[str], cut: int
) -> None:
    data = encode_rows(conversation(), tokenizer, TrainRecipe(turns="all", max_length=max_length))
    chosen = [tokenizer.decode(row[weights > 0]) for row, weights in zip(data.labels, data.weights, strict=True)]
    assert chosen == trained
    assert data.truncated == cut
    ends = [int(weights.nonzero()[-1]) + 1 for weights in data.weights]
    assert data.lengths.tolist() == ends, "the last token of a row is its last label"


def test_a_row_without_any_answer_left_is_named(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(DataError, match="row-0: nothing to train on within 11 tokens") as caught:
        encode_rows(conversation(), tokenizer, TrainRecipe(turns="all", max_length=11))
    assert str(caught.value.hint).startswith("its prompt takes 11 tokens")


def test_token_columns_of_a_completion_that_is_cut_off_wholly_change_nothing(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    recipe = TrainRecipe(turns="all", max_length=16)
    plain = encode_rows(conversation(), tokenizer, recipe)
    weights = pl.Series("token_weights", [[0.5, 0.5], None], dtype=TOKEN_COLUMNS["token_weights"])
    data = encode_rows(conversation().with_columns(weights), tokenizer, recipe)
    assert data.weights.equal(plain.weights)


def test_a_row_whose_earlier_answer_shares_a_token_with_what_follows_is_left_out_by_name(
    merging: PreTrainedTokenizerBase,
) -> None:
    tokenizer = deepcopy(merging)
    tokenizer.chat_template = (
        "{% for m in messages %}\n\n{{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}\n\n{% endif %}"
    )
    data = encode_rows(conversation(), tokenizer, TrainRecipe(turns="all"))
    assert data.left_out == ("row-0",)
    assert [tokenizer.decode(row[weights > 0]) for row, weights in zip(data.labels, data.weights, strict=True)] == [
        "4 5 6\n"
    ]
    assert encode_rows(conversation(), tokenizer, TrainRecipe()).left_out == ()
