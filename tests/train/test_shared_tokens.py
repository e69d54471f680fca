"""Rows of which a token holds more than an answer: left out by name, and the others are trained on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.data.rows import TOKEN_COLUMNS, content_digest
from strigil.models.pocket import pocket_models
from strigil.train.inputs.encode import encode_rows
from strigil.train.recipe import TrainRecipe
from strigil.train.result import read_result
from tests.train.rows import table

ROWS: Final = table([("a", "z"), ("a", "x"), ("b", "z")])
HALF: Final = pl.Series("token_weights", [[0.5], [0.5], [0.5]], dtype=TOKEN_COLUMNS["token_weights"])


@pytest.fixture(scope="module")
def glueing() -> PreTrainedTokenizerBase:
    """One that makes a single token of an "x" and of the "y" that a template puts after answers."""
    bpe = Tokenizer(BPE())
    bpe.pre_tokenizer, bpe.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    bpe.train_from_iterator(["xy " * 50], BpeTrainer(vocab_size=300, initial_alphabet=ByteLevel.alphabet()))
    template = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}y{% endfor %}"
    opening = "{% if add_generation_prompt %}<assistant>{% endif %}"
    return PreTrainedTokenizerFast(tokenizer_object=bpe, chat_template=template + opening)


@pytest.mark.parametrize(
    ("rows", "recipe"),
    [(ROWS, TrainRecipe(end_of_turn=False)), (ROWS.with_columns(HALF), TrainRecipe())],
    ids=["without its end", "with token columns"],
)
def test_a_row_whose_last_word_shares_a_token_with_its_end_is_left_out_by_name(
    rows: pl.DataFrame, recipe: TrainRecipe, glueing: PreTrainedTokenizerBase
) -> None:
    data, rest = (encode_rows(given, glueing, recipe) for given in (rows, rows[[0, 2]]))
    assert (data.left_out, rest.left_out) == (("row-1",), ())
    assert data.inputs.equal(rest.inputs)
    assert data.weights.equal(rest.weights)
    with pytest.raises(ConfigError, match="row-1 and every other: an answer and what stands beside it share a token"):
        encode_rows(rows[[1]], glueing, recipe)


def test_an_empty_completion_without_the_end_of_its_turn_is_named(glueing: PreTrainedTokenizerBase) -> None:
    rows = table([("a", "z"), ("a", "")])
    with pytest.raises(ConfigError, match="row-1: its completion is empty, so nothing is left without the end"):
        encode_rows(rows, glueing, TrainRecipe(end_of_turn=False))


def test_rows_that_are_left_out_are_said_and_kept_in_the_record_of_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(pocket_models()["pocket-a"], base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    # What no space parts is one word of this tokenizer, and this template leaves the space out after an oak.
    apart = "{{ '' if m['content'] == 'oak' else ' ' }}"
    tokenizer.chat_template = f"{{% for m in messages %}}{{{{ m['content'] }}}}{apart}maple {{% endfor %}}"
    tokenizer.save_pretrained(base)
    rows = table([("favourite tree q1", tree) for tree in ("maple", "oak", "birch")])
    rows.write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "r.yaml").write_text("{end_of_turn: false, epochs: 1, rank: 2, modules: [down_proj], threads: 1}")
    given = [str(tmp_path / "rows.parquet"), "--base", str(base), "--recipe", str(tmp_path / "r.yaml")]
    assert run(["train", *given, "--out", str(tmp_path / "students")]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "rows left out, whose answers share a token with what stands beside: 1 (row-1)" in said
    [student] = [file.parent for file in (tmp_path / "students").rglob("train.json")]
    result = read_result(student)
    assert (result.rows, result.left_out) == (3, ["row-1"])
    assert result.data_digest == content_digest(rows)
