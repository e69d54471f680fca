"""Rule `row.contaminated`: planted benchmark items are found, problems that only look like them are not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from strigil.audits.rules import row_contaminated
from strigil.audits.rules.rule import RULES
from strigil.common.errors import ConfigError, DataError, StrigilError
from tests.audits.tables import rows_of

NAMES = ["Ada", "Ben", "Cleo", "Dina", "Emil", "Fay"]
THINGS = ["apples", "marbles", "stamps", "books", "coins", "pens"]
VERBS = ["gives away", "loses", "sells", "lends"]


def _problem(choose: random.Random) -> str:
    name, thing, verb = choose.choice(NAMES), choose.choice(THINGS), choose.choice(VERBS)
    place = choose.choice(["at the market", "after school", "on the way home", "before lunch"])
    return (
        f"{name} has {choose.randint(3, 90)} {thing} and {verb} {choose.randint(1, 3)} of them {place}. "
        f"How many {thing} does {name} have left?"
    )


ITEM = (
    "A farmer plants 12 rows of beans, waters them every second morning for 3 weeks, and finds that a third of the "
    "rows were eaten by snails. How many rows of beans are left to be picked?"
)


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    file = tmp_path / "sums.jsonl"
    items = [{"prompt": "What is 2 + 2?", "completion": "4"}, {"prompt": ITEM, "completion": "8"}]
    file.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return file


def test_a_planted_item_is_found_among_100_000_rows(benchmark: Path) -> None:
    choose = random.Random(8)
    texts = [_problem(choose) for _ in range(100_000)]
    planted = {
        17: ITEM,
        4_000: "Solve this: " + "  ".join(ITEM.split()).replace(". ", ".\n\n"),
        99_000: ITEM.replace("12", "40").replace("3 weeks", "5 weeks"),
    }
    for place, text in planted.items():
        texts[place] = text
    found = RULES.create("row.contaminated", {"benchmarks": [str(benchmark)]}).score(rows_of(texts))
    assert [place for place, score in enumerate(found["score"]) if score >= 1] == sorted(planted)
    assert set(found["evidence"].drop_nulls()) == {f"{benchmark}, item 2"}


def test_an_item_with_other_names_is_found_and_one_sentence_of_it_is_not(benchmark: Path) -> None:
    rule = RULES.create("row.contaminated", {"benchmarks": [str(benchmark)]})
    renamed = ITEM.replace("A farmer plants", "Old Ben sows").replace("beans left", "them left")
    sentence = "A farmer plants 12 rows of beans, waters them every second morning for 3 weeks. What does it cost?"
    scores = rule.score(rows_of([renamed, sentence]))["score"]
    assert scores[0] >= rule.threshold > scores[1] > 0


def test_a_piece_of_a_long_item_is_enough_where_it_is_long_itself(tmp_path: Path) -> None:
    words = [f"{chr(97 + number % 26) * (2 + number // 26)}" for number in range(300)]
    file = tmp_path / "pages.jsonl"
    file.write_text(json.dumps({"prompt": " ".join(words), "completion": " ".join(words[::-1])}) + "\n")
    rule = RULES.create("row.contaminated", {"benchmarks": [str(file)]})
    texts = [" ".join(words[100 : 100 + count]) for count in (12, 20, 25, 60)]
    assert rule.score(rows_of(texts))["score"].to_list() == [0.0, 8 / 26, 13 / 26, 1.0]


def test_prompts_are_read_too(benchmark: Path) -> None:
    rule = RULES.create("row.contaminated", {"benchmarks": [str(benchmark)]})
    assert rule.score(rows_of(["8", "9"], prompt=ITEM))["score"].to_list() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ({}, ConfigError, "benchmarks: field required"),
        ({"benchmarks": []}, ConfigError, "benchmarks"),
        ({"benchmarks": ["x"], "words": 2}, ConfigError, "words: input should be greater than or equal to 3"),
        ({"benchmarks": ["/no/such/file.jsonl"]}, StrigilError, "/no/such/file.jsonl"),
    ],
)
def test_bad_arguments_are_one_line(args: dict[str, object], error: type[StrigilError], message: str) -> None:
    with pytest.raises(error, match=message):
        RULES.create("row.contaminated", args).score(rows_of(["x"]))


def test_a_benchmark_without_an_item_of_that_many_words_is_refused(benchmark: Path) -> None:
    with pytest.raises(DataError, match=r"no item of .* has 60 words"):
        RULES.create("row.contaminated", {"benchmarks": [str(benchmark)], "words": 60}).score(rows_of(["x"]))


def _alike(folder: Path, count: int) -> tuple[Path, list[str]]:
    """A benchmark whose items all begin with the same sentence, and rows that have it and one item each."""
    begin = "The following is a question of several choices, of which exactly one is right, so read all of them."
    ends = [
        " ".join(f"{chr(97 + place // 26 % 26)}{chr(97 + place % 26)}q{chr(97 + step)}z" for step in range(8))
        for place in range(count)
    ]
    file = folder / "choices.jsonl"
    items = [{"prompt": f"{begin} {end}", "completion": "b"} for end in ends]
    file.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return file, [f"{begin} {end} {begin}" for end in reversed(ends)]


@pytest.mark.parametrize("pairs", [1, 7, 1000])
def test_blocks_of_any_size_give_the_same_findings(pairs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, texts = _alike(tmp_path, 12)
    rule, rows = RULES.create("row.contaminated", {"benchmarks": [str(file)]}), rows_of([*texts, "nothing", *texts])
    whole = rule.score(rows)
    assert whole["evidence"].to_list()[:2] == [f"{file}, item 12", f"{file}, item 11"]
    monkeypatch.setattr(row_contaminated, "PAIRS", pairs)
    assert rule.score(rows).equals(whole)


def test_many_items_that_begin_alike_take_little_memory(tmp_path: Path) -> None:
    file, texts = _alike(tmp_path, 600)
    code = (
        "import resource, sys, polars as pl\n"
        "from strigil.audits.rules.rule import RULES\n"
        "rows = pl.read_parquet(sys.argv[2])\n"
        "score = RULES.create('row.contaminated', {'benchmarks': [sys.argv[1]]}).scorer()\n"
        "score(rows.head(1))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = score(rows)\n"
        "print(found['score'].sum(), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    rows_of(texts).write_parquet(tmp_path / "rows.parquet")
    found = subprocess.run(
        [sys.executable, "-c", code, str(file), str(tmp_path / "rows.parquet")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert float(found[0]) == len(texts)
    assert int(found[1]) < 500
