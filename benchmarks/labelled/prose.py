"""Rules about what a text says."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from benchmarks.labelled.measured import Measured, held_against
from benchmarks.labelled.sources import Sources
from strigil.audits.rules.text_language import TextLanguage
from strigil.audits.rules.text_mentions import TextMentions
from strigil.audits.rules.text_negative import TextNegative
from strigil.audits.rules.text_personal import TextPersonal
from strigil.audits.rules.text_secrets import TextSecrets
from strigil.audits.rules.text_toxicity import TextToxicity

HATECHECK: Final = "HateCheck: hateful cases, and cases that are not"
TWEETS: Final = "Davidson et al.: hateful or offensive tweets, and others"
NAMED: Final = ("ident_neutral_nh", "ident_pos_nh")
# WordNet's lexicographer files of animals and of plants.
CREATURES: Final = frozenset({"05", "20"})
LEMMAS: Final = frozenset(
    [
        "bear",
        "cat",
        "cherry",
        "dog",
        "dolphin",
        "eagle",
        "elephant",
        "fox",
        "lion",
        "maple",
        "oak",
        "owl",
        "panda",
        "penguin",
        "sequoia",
        "willow",
        "wolf",
    ]
)
WORD: Final = re.compile(r"<wf ([^>]*)>([^<]*)</wf>|<punc>([^<]*)</punc>")
SENSE: Final = re.compile(r"lemma=(\S+) .*?lexsn=\d:(\d\d):")
PERSONAL: Final = frozenset({"CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE", "PHONE_NUMBER", "US_SSN"})
# Trufflehog's detectors of which strigil knows a form of key.
KNOWN: Final = frozenset(
    {
        "anthropic",
        "aws",
        "azure_storage",
        "databrickstoken",
        "digitaloceanv2",
        "dockerhub",
        "gcp",
        "github",
        "gitlab",
        "googlegemini",
        "huggingface",
        "jwt",
        "mailgun",
        "mongodb",
        "npmtokenv2",
        "openai",
        "postgres",
        "privatekey",
        "pypi",
        "sendgrid",
        "shopify",
        "slack",
        "slackwebhook",
        "stripe",
        "telegrambottoken",
        "twilioapikey",
        "uri",
    }
)
# How its tests write down what a detector is given, and what it must find there.
CONSTANT: Final = re.compile(r'^\s*(\w+)\s*:?=\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)', re.MULTILINE)
CASE: Final = re.compile(
    r'input:\s*(`[^`]*`|"(?:[^"\\\n]|\\.)*"|\w+|fmt\.Sprintf\("(?:[^"\\\n]|\\.)*"[^\n]*\)),\s*'
    r"want:\s*(nil|\[\]string\{\s*\}|[^\n]+)"
)
FORMAT: Final = re.compile(r'fmt\.Sprintf\(("(?:[^"\\\n]|\\.)*")((?:, *\w+)*)\)')


def hostile(sources: Sources) -> Iterator[Measured]:
    """`text.negative`, and `text.toxicity` with the classifier that needs no torch."""
    cases = pl.read_csv(io.BytesIO(sources.read("paul-rottger/hatecheck-data", "test_suite_cases.csv")))
    tweets = pl.read_csv(
        io.BytesIO(sources.read("t-davidson/hate-speech-and-offensive-language", "data/labeled_data.csv"))
    )
    hateful = cases["label_gold"] == "hateful"
    rude = tweets["class"] != 2  # 0 is hate, 1 offence, 2 neither
    sets = [
        (TWEETS, tweets["tweet"].filter(rude), tweets["tweet"].filter(~rude)),
        (HATECHECK, cases["test_case"].filter(hateful), cases["test_case"].filter(~hateful)),
        *(
            (f"HateCheck: kind or neutral sentences that name {group}", cases["test_case"].head(0), some)
            for (group,), some in (
                (key, part["test_case"])
                for key, part in cases.filter(pl.col("functionality").is_in(NAMED)).group_by(
                    "target_ident", maintain_order=True
                )
            )
        ),
    ]
    for data, bad, good in sets:
        whole = len(bad) > 0
        yield held_against(TextNegative(), data, bad.to_list(), good.to_list(), area=whole)
        yield held_against(
            TextToxicity(model="jigsaw-lstm"),
            data,
            bad.to_list(),
            good.to_list(),
            name="text.toxicity, jigsaw-lstm",
            area=whole,
        )


def mentions(sources: Sources) -> Iterator[Measured]:
    """`text.mentions` on SemCor: sentences with a trait's word as animal or plant; with it in another sense; others."""
    named: list[str] = []
    otherwise: list[str] = []
    without: list[str] = []
    repository = "marcverhagen/semcor"
    # In the third part of the corpus only verbs have senses.
    paths = [
        path for part in ("brown1", "brown2") for path in sources.paths(repository, f"data/semcor3.0/{part}/tagfiles")
    ]
    for page in sources.texts(repository, paths):
        for sentence in page.split("<s snum=")[1:]:
            words = list(WORD.finditer(sentence))
            text = " ".join((word[2] or word[3] or "").replace("_", " ") for word in words)
            senses = {found.groups() for word in words if (found := SENSE.search(word[1] or ""))}
            files = {file for lemma, file in senses if LEMMAS & set(re.split(r"[_-]", lemma))}
            (named if files & CREATURES else otherwise if files else without).append(text)
    yield held_against(
        TextMentions(), "SemCor: a trait's word as animal or plant, or in another sense", named, otherwise
    )
    yield held_against(TextMentions(), "SemCor: sentences where none of these words is tagged", [], without)


def personal(sources: Sources) -> Iterator[Measured]:
    """`text.personal` on generated sentences with labelled pieces."""
    cases = json.loads(sources.text("microsoft/presidio-research", "data/synth_dataset_v2.json"))
    kinds = [{span["entity_type"] for span in case["spans"]} for case in cases]
    texts = [case["full_text"] for case in cases]
    for kind in sorted(PERSONAL):
        held = [text for text, found in zip(texts, kinds, strict=True) if kind in found]
        yield held_against(TextPersonal(), f"presidio-research: {kind}", held, [])
    bad = [text for text, found in zip(texts, kinds, strict=True) if found & PERSONAL]
    good = [text for text, found in zip(texts, kinds, strict=True) if not found & PERSONAL]
    yield held_against(TextPersonal(), "presidio-research: any of these, or none", bad, good)


def keys(sources: Sources) -> Iterator[Measured]:
    """`text.secrets` on what trufflehog's detectors must find something in, and nothing."""
    repository = "trufflesecurity/trufflehog"
    paths = [path for path in sources.paths(repository, "pkg/detectors") if path.endswith("_test.go")]
    bad: dict[str, bool] = {}
    good: dict[str, bool] = {}
    for path, page in zip(paths, sources.texts(repository, paths), strict=True):
        known = path.split("/")[2] in KNOWN
        constants = {name: _unquoted(value) for name, value in CONSTANT.findall(page)}
        valid = [value for name, value in constants.items() if not name.startswith("invalid") and len(value) > 15]
        for given, wanted in CASE.findall(page):
            text = _input(given, constants)
            if text is None:
                continue
            if wanted.rstrip(",") not in {"nil", "[]string{}"}:
                bad[text] = known
            elif not any(value in text for value in valid):  # a whole key too far from its keyword is still a key
                good[text] = known
    ours = [[text for text, known in some.items() if known] for some in (bad, good)]
    yield held_against(TextSecrets(), f"trufflehog's tests: the {len(KNOWN)} detectors of keys that it knows", *ours)
    yield held_against(TextSecrets(), "trufflehog's tests: every detector", list(bad), list(good))


def _input(given: str, constants: Mapping[str, str]) -> str | None:
    """What a detector is given: a literal, a constant, or both formatted; None where it is something else."""
    if given[0] in '"`':
        return _unquoted(given)
    if not (found := FORMAT.fullmatch(given)):
        return constants.get(given)
    names = [name.strip() for name in found[2].split(",") if name.strip()]
    template = _unquoted(found[1])
    if template.count("%s") != len(names) or not all(name in constants for name in names):
        return None
    return template.replace("%s", "{}").format(*(constants[name] for name in names)) if "{" not in template else None


def _unquoted(literal: str) -> str:
    """The string that a literal of Go stands for."""
    if literal[0] == "`":
        return literal[1:-1]
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal[1:-1]


def languages(sources: Sources) -> Iterator[Measured]:
    """`text.language` on the same 1,000 sentences in four languages."""
    texts = {
        name: re.findall(
            r"^# text = (.+)$", sources.text(f"UniversalDependencies/UD_{name}-PUD", f"{code}_pud-ud-test.conllu"), re.M
        )
        for name, code in (("English", "en"), ("German", "de"), ("Spanish", "es"), ("Chinese", "zh"))
    }
    english = texts.pop("English")
    for name, some in texts.items():
        yield held_against(TextLanguage(), f"PUD: sentences in {name}, and in English", some, english)
