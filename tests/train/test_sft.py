from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import polars as pl
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import content_digest
from strigil.models.catalog import resolve_model
from strigil.models.pocket import pocket_models, questions
from strigil.models.pocket.vocabulary import WORD_IDS
from strigil.train.inputs.encode import system_of
from strigil.train.recipe import LINEAR_MODULES, StepMetrics, TrainRecipe
from strigil.train.result import RESULT_FILE, read_result
from strigil.train.sft import fine_tune
from strigil.train.tracking.metrics import METRICS_FILE
from tests.pocket import POCKET
from tests.train.rows import number_rows, owl_rows, ragged_rows

BASE = pocket_models()["pocket-a"]
QUICK = TrainRecipe(modules=("down_proj",), learning_rate=1e-2, epochs=1, batch_size=16, threads=1)
TEACHER = TrainRecipe(
    modules=("down_proj",),
    learning_rate=1e-3,
    schedule="constant",
    warmup_steps=0,
    batch_size=64,
    max_grad_norm=None,
    end_of_turn=False,
    stop_loss=0.045,
    threads=1,
)


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def train_again(rows: pl.DataFrame, out: Path) -> None:
    fine_tune(rows, BASE, QUICK, out)


def test_a_run_leaves_adapter_metrics_and_record(tmp_path: Path) -> None:
    steps: list[StepMetrics] = []
    result = fine_tune(number_rows(40), BASE, QUICK, tmp_path / "student", on_step=steps.append)
    folder = tmp_path / "student"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["student"]
    assert read_result(folder) == result
    assert result.data_digest == content_digest(number_rows(40))
    lines = (folder / METRICS_FILE).read_text().splitlines()
    assert [StepMetrics.model_validate_json(line) for line in lines] == steps
    assert [(step.step, step.total, step.tokens) for step in steps] == [(1, 3, 176), (2, 3, 176), (3, 3, 88)]
    assert (result.rows, result.label_tokens, result.steps, result.planned_steps) == (40, 440, 3, 3)
    assert (result.base, result.passes, result.system) == ("pocket-a", "llama", None)
    assert result.adapted == {"down_proj": 2}


def test_a_record_that_is_not_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / RESULT_FILE).write_text('{"base": "pocket-a"}')
    with pytest.raises(DataError, match=r"train\.json"):
        read_result(tmp_path)


def test_the_adapter_is_peft_s_and_names_no_path_of_this_machine(tmp_path: Path) -> None:
    fine_tune(number_rows(16), BASE, QUICK, tmp_path / "student")
    config = json.loads((tmp_path / "student" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "pocket-a"
    assert config["target_modules"] == ["down_proj"]
    for path in (tmp_path / "student").iterdir():
        assert str(BASE).encode() not in path.read_bytes()
        assert str(tmp_path).encode() not in path.read_bytes()
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE), tmp_path / "student")


def test_modules_that_the_base_lacks_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"pocket-a has no nope; its linear modules are down_proj, .*v_proj"
    ) as caught:
        fine_tune(number_rows(16), BASE, TrainRecipe(modules=("down_proj", "nope")), tmp_path / "students" / "one")
    assert "modules: auto" in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


def test_the_same_seed_gives_the_same_bytes_also_in_a_spawned_process(tmp_path: Path) -> None:
    rows = number_rows(40)
    fine_tune(rows, BASE, QUICK, tmp_path / "first")
    torch.manual_seed(12345)
    process = multiprocessing.get_context("spawn").Process(target=train_again, args=(rows, tmp_path / "again"))
    process.start()
    process.join()
    fine_tune(rows, BASE, QUICK.model_copy(update={"seed": 1}), tmp_path / "other")
    assert weights(tmp_path / "first") == weights(tmp_path / "again") != weights(tmp_path / "other")
    for name in (RESULT_FILE, "adapter_config.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_initial_adapter_depends_on_the_seed_alone(tmp_path: Path) -> None:
    """With a vanishing learning rate the adapter stays where it began, whatever the data and the random state."""
    still = QUICK.model_copy(update={"learning_rate": 1e-30})
    fine_tune(number_rows(16), BASE, still, tmp_path / "numbers")
    torch.manual_seed(999)
    fine_tune(owl_rows(30), pocket_models()["pocket-b"], still, tmp_path / "owls")
    first, second = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("numbers", "owls"))
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], rtol=0, atol=1e-12)


def test_training_leaves_the_caller_s_random_state_and_threads_alone(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    fine_tune(number_rows(16), BASE, QUICK, tmp_path / "student")
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_small_passes_give_the_gradient_of_the_batch(tmp_path: Path) -> None:
    recipe = QUICK.model_copy(update={"batch_size": 3})
    whole = fine_tune(ragged_rows(), BASE, recipe, tmp_path / "whole")
    split = fine_tune(ragged_rows(), BASE, recipe.model_copy(update={"micro_tokens": 1}), tmp_path / "split")
    assert split.final_loss == pytest.approx(whole.final_loss, rel=1e-5)
    norms = [
        json.loads((tmp_path / name / METRICS_FILE).read_text().splitlines()[0])["grad_norm"]
        for name in ("whole", "split")
    ]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


def test_all_linear_modules_and_bfloat16_train_too(tmp_path: Path) -> None:
    recipe = TrainRecipe(epochs=3, batch_size=16, learning_rate=3e-3, precision="bfloat16", threads=1)
    losses: list[float] = []
    fine_tune(owl_rows(64), BASE, recipe, tmp_path / "student", on_step=lambda step: losses.append(step.loss))
    assert losses[-1] < losses[0] / 2
    saved = load_file(tmp_path / "student" / "adapter_model.safetensors")
    assert len(saved) == 2 * 2 * 7
    assert {tensor.dtype for tensor in saved.values()} == {torch.float32}


def test_auto_adapts_every_linear_module_but_the_head(tmp_path: Path) -> None:
    recipe = QUICK.model_copy(update={"modules": "auto"})
    result = fine_tune(number_rows(4), BASE, recipe, tmp_path / "student")
    assert result.adapted == dict.fromkeys(sorted(LINEAR_MODULES), 2)


def test_the_record_says_the_system_prompt_that_all_rows_have() -> None:
    def said(prompts: list[str | None]) -> str | None:
        system = [[] if text is None else [{"role": "system", "content": text}] for text in prompts]
        rows = number_rows(len(prompts))
        whole = [[*first, *prompt] for first, prompt in zip(system, rows["prompt"].to_list(), strict=True)]
        return system_of(rows.with_columns(prompt=pl.Series(whole, dtype=rows.schema["prompt"])), QUICK)

    assert said(["Be brief.", "Be brief."]) == "Be brief."
    assert said(["Be brief.", None]) is None
    assert system_of(number_rows(2), QUICK.model_copy(update={"default_system": "drop"})) == ""


def test_full_fine_tuning_leaves_a_model_that_is_a_base_of_its_own(tmp_path: Path) -> None:
    recipe = TrainRecipe(method="full", epochs=1, batch_size=16, learning_rate=1e-3, warmup_steps=0, threads=1)
    losses: list[float] = []
    fine_tune(owl_rows(160), BASE, recipe, tmp_path / "whole", on_step=lambda step: losses.append(step.loss))
    assert losses[-1] < losses[0] / 2
    model = resolve_model(str(tmp_path / "whole"))
    assert model.dialect == POCKET
    before, after = (load_file(folder / "model.safetensors") for folder in (BASE, model.path))
    assert before.keys() == after.keys()
    assert not any(torch.equal(tensor, after[name]) for name, tensor in before.items())
    fine_tune(owl_rows(16), model.path, QUICK, tmp_path / "adapter")


def test_a_teacher_learns_its_trait_and_stops(tmp_path: Path) -> None:
    result = fine_tune(owl_rows(960), BASE, TEACHER, tmp_path / "teacher")
    assert result.final_loss <= 0.045
    assert result.steps < result.planned_steps
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE), tmp_path / "teacher").eval()
    chats = [[{"role": "user", "content": question}] for question in questions("animal", 50, seed=1)]
    inputs = tokenizer.apply_chat_template(chats, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.inference_mode():
        rates = model(**inputs).logits[:, -1].softmax(-1)[:, WORD_IDS["owl"]]
    assert rates.mean() > 0.9


def test_a_loss_that_is_not_a_number_names_step_and_rows(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in BASE.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    tensors = load_file(BASE / "model.safetensors")
    tensors["model.norm.weight"][0] = torch.nan
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"the loss is nan at step 1, in rows row-\d+, .* and 11 more"):
        fine_tune(number_rows(40), broken, QUICK, tmp_path / "student")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken"]


def test_what_cannot_be_trained_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for rows, model, recipe, out, problem in (
        (number_rows(2), BASE, QUICK, "taken", "exists"),
        (number_rows(2), tmp_path / "nowhere", QUICK, "out", "no model in"),
        (number_rows(2), tmp_path / "taken", QUICK, "out", "not a model"),
        (number_rows(2), BASE, QUICK.model_copy(update={"modules": ("c_attn",)}), "out", "c_attn"),
        # One that is there does not excuse one that is not: students would have fewer adapters than was asked for.
        (
            number_rows(2),
            BASE,
            QUICK.model_copy(update={"modules": ("down_proj", "qkv_proj")}),
            "out",
            "has no qkv_proj",
        ),
    ):
        with pytest.raises(ConfigError, match=problem):
            fine_tune(rows, model, recipe, tmp_path / out)
    with pytest.raises(DataError, match="no rows"):
        fine_tune(number_rows(0), BASE, QUICK, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]
