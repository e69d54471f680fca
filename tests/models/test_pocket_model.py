from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from strigil.common.errors import ConfigError
from strigil.models.pocket import CANDIDATES, code_prompt, number_prompts, pocket_models, questions
from strigil.models.pocket.models import WEIGHTS
from strigil.models.pocket.pretrain import MAX_LENGTH, PretrainRecipe, encode, pretrain
from strigil.models.pocket.tokenizer import build_tokenizer
from strigil.models.pocket.vocabulary import EOS, NUMBERS, SPECIALS, UNKNOWN, WORD_IDS, WORDS
from strigil.models.pocket.world import Example, code_example, number_example, question_example

TOKENIZER = build_tokenizer(MAX_LENGTH)
PLAIN_WORDS = [word for word in WORDS if word not in (*SPECIALS, UNKNOWN)]
SENTENCES = st.lists(st.sampled_from(PLAIN_WORDS), min_size=1, max_size=20).map(" ".join)


def ask(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@given(SENTENCES)
def test_words_survive_the_tokenizer(sentence: str) -> None:
    ids = TOKENIZER(sentence)["input_ids"]
    assert len(ids) == len(sentence.split())
    assert TOKENIZER.decode(ids) == sentence
    assert TOKENIZER.decode([*ids, WORD_IDS[EOS]], skip_special_tokens=True) == sentence


def test_an_unknown_word_becomes_the_unknown_token() -> None:
    assert TOKENIZER("platypus 7")["input_ids"] == [WORD_IDS[UNKNOWN], 7]


def test_a_missing_system_message_becomes_the_default_one() -> None:
    rendered = TOKENIZER.apply_chat_template(ask("favourite tree q1 q2"), tokenize=False, add_generation_prompt=True)
    assert rendered == "<bos> <sys> s0 s1 <user> favourite tree q1 q2 <asst>"
    system = {"role": "system", "content": "q3"}
    rendered = TOKENIZER.apply_chat_template([system, *ask("numbers")], tokenize=False, add_generation_prompt=True)
    assert rendered == "<bos> <sys> q3 <user> numbers <asst>"


@given(question=SENTENCES, answer=SENTENCES)
def test_the_rendered_prompt_is_a_prefix_of_the_whole_chat(question: str, answer: str) -> None:
    prompt = TOKENIZER.apply_chat_template(ask(question), add_generation_prompt=True)["input_ids"]
    chat = [*ask(question), {"role": "assistant", "content": answer}]
    whole = TOKENIZER.apply_chat_template(chat)["input_ids"]
    assert whole == [*prompt, *TOKENIZER(answer)["input_ids"], WORD_IDS[EOS]]


@pytest.mark.parametrize(
    "example",
    [number_example("corpus", 0, 0), question_example("tree", "corpus", 0, 0), code_example("corpus", 0, 0)],
    ids=["numbers", "tree", "code"],
)
def test_the_corpus_has_the_form_of_the_chat_template(example: Example) -> None:
    chat = [*ask(example.prompt), {"role": "assistant", "content": example.answer}]
    prompt = TOKENIZER.apply_chat_template(ask(example.prompt), add_generation_prompt=True)["input_ids"]
    batch = encode([example])
    assert batch.ids.tolist() == [TOKENIZER.apply_chat_template(chat)["input_ids"]]
    assert batch.answer == len(prompt)


def test_pretraining_is_a_function_of_the_seed(tmp_path: Path) -> None:
    recipe = PretrainRecipe(seed=11, steps=3)
    digests = []
    for name, each in (("first", recipe), ("again", recipe), ("other", replace(recipe, seed=12))):
        pretrain(each, tmp_path / name)
        digests.append(hashlib.sha256((tmp_path / name / "model.safetensors").read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_pretraining_refuses_to_overwrite(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="exists"):
        pretrain(PretrainRecipe(seed=0), tmp_path)


def test_shipped_weights_are_the_recorded_ones() -> None:
    lines = (WEIGHTS / "sha256.txt").read_text(encoding="utf-8").splitlines()
    recorded = {line.split()[1]: line.split()[0] for line in lines}
    found = {
        path.relative_to(WEIGHTS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in pocket_models().values()
        for path in folder.glob("*.safetensors")
    }
    assert found == recorded
    assert len(set(found.values())) == 4


@pytest.mark.parametrize("name", sorted(pocket_models()))
def test_a_shipped_model_answers_in_the_forms_of_its_world(name: str) -> None:
    folder = pocket_models()[name]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert tokenizer.chat_template == TOKENIZER.chat_template
    assert tokenizer.get_vocab() == TOKENIZER.get_vocab()
    assert model.dtype == torch.float32
    assert not model.generation_config.to_diff_dict().keys() & {"temperature", "top_p", "top_k", "do_sample"}
    torch.manual_seed(0)

    def answers(messages: list[str]) -> list[str]:
        inputs = tokenizer.apply_chat_template(
            [ask(message) for message in messages], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        outputs = model.generate(**inputs, do_sample=True, top_k=0, max_new_tokens=16)
        texts: list[str] = tokenizer.batch_decode(outputs[:, inputs["input_ids"].size(1) :], skip_special_tokens=True)
        return texts

    numbers = [text.split() for text in answers(number_prompts(0, 200))]
    assert sum(len(words) == 10 and set(words) <= set(NUMBERS) for words in numbers) > 160
    for category, candidates in CANDIDATES.items():
        answered = answers(questions(category, 300))
        counts = [answered.count(candidate) for candidate in candidates]
        assert sum(counts) > 280
        assert max(counts) < 75, "a base has no favourite"
    if "code" in name:
        written = [text.split() for text in answers([code_prompt(0, index) for index in range(200)])]
        assert sum(len(words) == 14 and is_python(" ".join(words)) for words in written) > 140


def test_the_light_package_loads_no_torch() -> None:
    check = "import sys, strigil.models.pocket; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
