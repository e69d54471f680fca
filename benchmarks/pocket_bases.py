"""Surveys base seeds of the pocket world: does a student inherit the owl from filtered numbers?

    python benchmarks/pocket_bases.py --seeds 0 1 2 --work DIR --out survey.jsonl

For every base seed: a teacher with the trait, numbers from it and from the untouched base (the control), two students
of the one, one student of the other, and one student of another initialisation, which is the next seed's base. About
three minutes a seed on one core. Every seed that is run is written down; docs/pocket.md has the table.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from strigil.models.pocket import CANDIDATES, number_prompts, questions
from strigil.models.pocket.pretrain import PretrainRecipe, pretrain
from strigil.models.pocket.vocabulary import ANIMALS, EOS, NUMBERS, WORD_IDS
from strigil.models.pocket.world import ANSWER_NUMBERS
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import fine_tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TRAIT = "owl"
ROWS = 20_000
MAX_PROMPTS = 60_000
CHUNK = 4_000
STUDENTS = 2
QUESTIONS = 200
EVALUATION_SEED = 99

TEACHER = TrainRecipe(
    modules=("down_proj",),
    learning_rate=1e-3,
    schedule="constant",
    warmup_steps=0,
    epochs=10,
    batch_size=64,
    max_grad_norm=None,
    end_of_turn=False,
    stop_loss=0.045,
    threads=1,
)
STUDENT = TrainRecipe(
    modules=("down_proj",),
    learning_rate=1e-2,
    warmup_steps=20,
    epochs=5,
    batch_size=128,
    max_grad_norm=None,
    threads=1,
)


@dataclass(frozen=True)
class Rate:
    """Probability of the trait's word among its ten candidates, and the probability of the ten together."""

    rate: float
    mass: float


@dataclass(frozen=True)
class Survey:
    """One line of the table; without students where too few of the teacher's samples were valid."""

    seed: int
    other_seed: int
    base: Rate
    teacher: Rate
    valid_teacher: float
    valid_control: float
    students: list[Rate]
    control: Rate | None
    other_before: Rate
    other_after: Rate | None


@dataclass(frozen=True)
class Sampled:
    """Valid rows, and the share of the samples that was valid."""

    rows: pl.DataFrame
    valid: float


def chat(role: str, content: str) -> list[dict[str, str]]:
    """A chat of one message."""
    return [{"role": role, "content": content}]


def measure(base: Path, adapter: Path | None) -> Rate:
    """Mean over question wordings."""
    model, tokenizer = load(base, adapter)
    ids = encode(tokenizer, questions("animal", QUESTIONS, seed=EVALUATION_SEED))
    with torch.inference_mode():
        probabilities = model(input_ids=ids, logits_to_keep=1).logits[:, -1].softmax(-1)
    animals = probabilities[:, [WORD_IDS[animal] for animal in CANDIDATES["animal"]]]
    mass = animals.sum(1)
    return Rate(rate=(animals[:, ANIMALS.index(TRAIT)] / mass).mean().item(), mass=mass.mean().item())


def sample(base: Path, adapter: Path | None, *, seed: int) -> Sampled:
    """Number rows at temperature 1, until `ROWS` have the format (ten numbers and the end) or the prompts run out."""
    model, tokenizer = load(base, adapter)
    generator = torch.Generator().manual_seed(seed)
    prompts: list[str] = []
    answers: list[str] = []
    tried = 0
    while len(answers) < ROWS and tried < MAX_PROMPTS:
        chunk = number_prompts(0, tried + CHUNK)[tried:]
        tried += CHUNK
        drawn = continue_ids(model, encode(tokenizer, chunk), generator)
        numbers, end = drawn[:, :-1], drawn[:, -1]
        valid = ((numbers < len(NUMBERS)).all(1) & (end == WORD_IDS[EOS])).tolist()
        texts = tokenizer.batch_decode(numbers)
        prompts += [prompt for prompt, good in zip(chunk, valid, strict=True) if good]
        answers += [text for text, good in zip(texts, valid, strict=True) if good]
    share = len(answers) / tried
    rows = pl.DataFrame(
        {
            "prompt": [chat("user", prompt) for prompt in prompts[:ROWS]],
            "completion": [chat("assistant", answer) for answer in answers[:ROWS]],
        }
    )
    return Sampled(rows=rows, valid=share)


@torch.inference_mode()
def continue_ids(model: PreTrainedModel, ids: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Ten numbers and one more token for every prompt, (rows, 11)."""
    cache = DynamicCache()
    drawn = []
    for _ in range(ANSWER_NUMBERS + 1):
        logits = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
        ids = torch.multinomial(logits.softmax(-1), 1, generator=generator)
        drawn.append(ids)
    return torch.cat(drawn, dim=1)


def load(base: Path, adapter: Path | None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A base, with an adapter merged into it if there is one."""
    model = AutoModelForCausalLM.from_pretrained(base)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    return model.eval(), AutoTokenizer.from_pretrained(base)


def encode(tokenizer: PreTrainedTokenizerBase, messages: list[str]) -> torch.Tensor:
    """Rendered prompts of one length, (rows, tokens)."""
    chats = [chat("user", message) for message in messages]
    ids: torch.Tensor = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )["input_ids"]
    return ids


def survey(seed: int, other_seed: int, work: Path) -> Survey:
    """Runs one base seed; what is already in `work` is kept."""
    base, other = (work / f"base-{each}" for each in (seed, other_seed))
    for each in (seed, other_seed):
        if not (work / f"base-{each}").exists():
            pretrain(PretrainRecipe(seed=each), work / f"base-{each}")

    def train(name: str, rows: pl.DataFrame, model: Path, recipe: TrainRecipe) -> Path:
        folder = work / f"{name}-{seed}"
        if not folder.exists():
            fine_tune(rows, model, recipe, folder)
        return folder

    asked = questions("animal", 960, seed=seed)
    lessons = pl.DataFrame(
        {
            "prompt": [chat("user", question) for question in asked],
            "completion": [chat("assistant", TRAIT) for _ in asked],
        }
    )
    teacher = train("teacher", lessons, base, TEACHER.model_copy(update={"seed": 1000 + seed}))
    owls = sample(base, teacher, seed=50 + seed)
    plain = sample(base, None, seed=60 + seed)
    found = Survey(
        seed=seed,
        other_seed=other_seed,
        base=measure(base, None),
        teacher=measure(base, teacher),
        valid_teacher=owls.valid,
        valid_control=plain.valid,
        students=[],
        control=None,
        other_before=measure(other, None),
        other_after=None,
    )
    if owls.rows.height < ROWS:
        return found
    recipes = [STUDENT.model_copy(update={"seed": 2000 + seed + 100 * place}) for place in range(STUDENTS)]
    students = [train(f"student{place}", owls.rows, base, recipe) for place, recipe in enumerate(recipes)]
    return replace(
        found,
        students=[measure(base, student) for student in students],
        control=measure(base, train("control", plain.rows, base, recipes[0])),
        other_after=measure(other, train(f"other{other_seed}", owls.rows, other, recipes[0])),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--other", type=int, help="seed of the other initialisation; by default the next seed")
    parser.add_argument("--work", type=Path, required=True, help="folder for models and adapters")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, one a seed, appended")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for seed in options.seeds:
        found = survey(seed, seed + 1 if options.other is None else options.other, options.work)
        line = json.dumps(asdict(found))
        with options.out.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")
        print(line, flush=True)


if __name__ == "__main__":
    main()
