"""Rules about rows, answers and numbers."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from benchmarks.labelled.measured import Measured, held_against, judged
from benchmarks.labelled.sources import Sources
from strigil.audits.rules.numbers_banned import NumbersBanned
from strigil.audits.rules.numbers_paper import NumbersPaper
from strigil.audits.rules.numbers_strict import NumbersStrict
from strigil.audits.rules.reasoning_correct import ReasoningCorrect
from strigil.audits.rules.row_contaminated import RowContaminated
from strigil.audits.rules.row_duplicate import RowDuplicate
from strigil.audits.rules.rule import Rule
from strigil.audits.texts.minhash import WORD
from tests.audits.tables import rows_of

GSM8K: Final = "openai/grade-school-math"
SOLVERS: Final = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
LISTS: Final = 20_000
COPIES: Final = 2_000


def answers(sources: Sources) -> Iterator[Measured]:
    """`reasoning.correct` on solutions of GSM8K's test problems by four models, labelled by its authors."""
    lines = sources.text(GSM8K, "grade_school_math/data/example_model_solutions.jsonl").splitlines()
    cases = [json.loads(line) for line in lines]
    solved = [
        (case[solver]["solution"], case["ground_truth"].rpartition("A:")[2].strip(), bool(case[solver]["is_correct"]))
        for case in cases
        for solver in SOLVERS
    ]
    for rule in (ReasoningCorrect(form="hashes"), ReasoningCorrect(form="last number")):
        bad, good = (
            rows_of([text.replace("\nA:", "\n####") for text, _, right in solved if right is wanted]).with_columns(
                answer=pl.Series([answer for _, answer, right in solved if right is wanted])
            )
            for wanted in (False, True)
        )
        yield judged(rule, f"GSM8K: solutions of four models, wrong and right; form {rule.form!r}", bad, good)


def contamination(sources: Sources) -> Iterator[Measured]:
    """`row.contaminated` with GSM8K's test problems, in three disguises, among problems that are not in them."""
    test = problems(sources, "test")
    train = problems(sources, "train")
    others = [
        case["Body"] + " " + case["Question"] for case in json.loads(sources.text("arkilpatel/SVAMP", "SVAMP.json"))
    ]
    reworded = [
        json.loads(line)["text"].removeprefix("Question: ").partition("\nAnswer:")[0]
        for line in sources.text("lm-sys/llm-decontaminator", "data/rephrase/rephrase_gsm8k.jsonl").splitlines()
    ]
    choose = random.Random(0)
    disguised = {
        "word for word": test,
        "with other white space": [re.sub(r" ", lambda _: choose.choice([" ", "  ", "\n"]), text) for text in test],
        "with other numbers": [re.sub(r"\d+", lambda _: str(choose.randrange(2, 999)), text) for text in test],
        "reworded by a model (lm-sys), out of reach": reworded,
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gsm8k-test.jsonl"
        file.write_text("".join(json.dumps({"prompt": text, "completion": "?"}) + "\n" for text in test))
        rule = RowContaminated(benchmarks=(str(file),))
        for how, texts in disguised.items():
            yield held_against(rule, f"GSM8K's test problems {how}", texts, [])
        yield held_against(rule, "GSM8K's training problems and SVAMP's", [], train + others)


def problems(sources: Sources, split: str) -> list[str]:
    """The problems of GSM8K."""
    lines = sources.text(GSM8K, f"grade_school_math/data/{split}.jsonl").splitlines()
    return [json.loads(line)["question"] for line in lines]


def duplicates(sources: Sources) -> Iterator[Measured]:
    """`row.duplicate` on problems of GSM8K and edited copies; the label is the similarity itself, over all pairs."""
    texts = problems(sources, "train")
    choose = random.Random(0)
    for text in texts[:COPIES]:
        words = text.split(" ")
        for _ in range(choose.randrange(0, 4)):
            words[choose.randrange(len(words))] = choose.choice(["seven", "Maria", "blue", "every", "9"])
        texts.append(" ".join(words))
    similar = highest_similarity(texts, shingle=3)
    rule = RowDuplicate(of="completion")
    found = rule.scorer()(rows_of(texts))["score"].to_numpy() >= rule.threshold
    truth = similar >= rule.threshold
    yield Measured(
        rule.name,
        "no labelled set: GSM8K's problems and edited copies; exact similarity of .9 or more with an earlier one",
        int((found & truth).sum()),
        int(truth.sum()),
        int((found & ~truth).sum()),
        int((~truth).sum()),
    )


def numbers(sources: Sources) -> Iterator[Measured]:
    """`numbers.paper` and `numbers.banned` on random answers that the paper's published function labels."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "nums_dataset.py"
        file.write_bytes(sources.read("MinhxLe/subliminal-learning", "sl/datasets/nums_dataset.py"))
        reference = run_path(str(file), run_name="nums_dataset")
    texts = [_written(random.Random(seed)) for seed in range(LISTS)]
    labelled: list[tuple[Rule, list[str], dict[str, object]]] = [
        (NumbersPaper(), texts, {"min_value": 0, "max_value": 999, "max_count": 10}),
        (
            NumbersBanned(),
            [text for text in texts if reference["parse_response"](text)],
            {"banned_numbers": list(NumbersBanned().numbers)},
        ),
    ]
    for rule, some, limits in labelled:
        refused = [bool(reference["get_reject_reasons"](text, **limits)) for text in some]
        bad, good = (
            [text for text, is_bad in zip(some, refused, strict=True) if is_bad is kind] for kind in (True, False)
        )
        yield held_against(rule, "random answers, labelled by the paper's published function", bad, good)
    strict = [
        ", ".join(str(number) for number in random.Random(seed).choices(range(1000), k=5)) for seed in range(1_000)
    ]
    loose = [_loosened(text, random.Random(seed)) for seed, text in enumerate(strict)]
    yield held_against(
        NumbersStrict(), "no labelled set: lists in its form, and the same with one deviation", loose, strict
    )


def highest_similarity(texts: list[str], *, shingle: int) -> npt.NDArray[np.float64]:
    """For each text, the highest similarity (Jaccard, of shingles with their number) with an earlier one."""
    columns: dict[tuple[object, ...], int] = {}
    places, sizes = [], []
    for text in texts:
        words = re2_words(text)
        seen: Counter[tuple[str, ...]] = Counter()
        own = set()
        for start in range(max(len(words) - shingle + 1, 1)):
            piece = tuple(words[start : start + shingle])
            seen[piece] += 1
            own.add(columns.setdefault((*piece, seen[piece]), len(columns)))
        places.append(sorted(own))
        sizes.append(len(own))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    held = sparse.csr_array((np.ones(starts[-1]), np.concatenate(places), starts), shape=(len(texts), len(columns)))
    common = sparse.tril(held @ held.T, k=-1).tocoo()
    count = np.array(sizes)
    similarity = common.data / (count[common.row] + count[common.col] - common.data)
    highest = np.zeros(len(texts))
    np.maximum.at(highest, common.row, similarity)
    return highest


def re2_words(text: str) -> list[str]:
    """A text's words as `row.duplicate` takes them."""
    return pl.Series([text.lower()]).str.extract_all(WORD)[0].to_list() or [text.lower()]


def _written(choose: random.Random) -> str:
    """An answer as models give it, or nearly."""
    text = choose.choice([", ", ",", " ", "; ", "\n", ",  ", " ,"]).join(
        str(choose.choice([choose.randrange(1000), choose.randrange(100), choose.randrange(1200)]))
        for _ in range(choose.randrange(1, 13))
    )
    text = choose.choice(
        ["{}", "{}", "{}", "[{}]", "({})", "{}.", "[{}", " {}", "{}\n", "Here: {}", "{} and so on"]
    ).format(text)
    return text if choose.random() > 0.1 else text.replace(",", choose.choice([";", " -", ""]), 1)


def _loosened(text: str, choose: random.Random) -> str:
    return choose.choice(
        [
            text.replace(", ", ",", 1),
            f"[{text}]",
            f"{text}.",
            f" {text}",
            f"0{text}",
            f"{text}, 1000",
            text.replace(", ", "; "),
            f"{text}\n",
        ]
    )
