"""What docs say about results follows from kept verdicts: a claim that no verdict holds up is not made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from strigil.cards.study import study_markdown
from strigil.records.study.report import StudyReport
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import report_of

ROOT = Path(__file__).resolve().parent.parent
RESULTS = [
    file for file in sorted((ROOT / "docs" / "results").glob("*.json")) if "accounts" in json.loads(file.read_text())
]
# All that somebody wrote: the pages of kept studies are made from their records.
PAGES = [
    ROOT / "README.md",
    *sorted({*(ROOT / "docs").rglob("*.md")} - {file.with_suffix(".md") for file in RESULTS}),
]
TRAITS = r"\b(owl|panda|penguin|eagle|cat|dog|fox|dolphin|wolf|oak)s?\b"
GOES_OVER = re.compile(
    r"\b(goes? over|went over|(loves?|likes?|carr(y|ies)|takes?|names?|prefers?)\b.* (too|over|more|most|less))\b",
    re.IGNORECASE,
)
ENDS = re.compile(r"\b(ends?|ended|removes?|removed|erases?|kills?)\b", re.IGNORECASE)
PROVES = re.compile(r"\bpro(?:ve[sdn]?|ves?|ofs?)\b", re.IGNORECASE)
HEDGED = re.compile(r"\b(not shown|not show|whether|cannot|concludes nothing|none|no|not|never)\b", re.IGNORECASE)
# What others found, by their names; and what every student of a table did, which describes those.
QUOTES = re.compile(r"\barxiv\b|\bet al\.|\bevery student\b", re.IGNORECASE)


@cache
def reports() -> list[StudyReport]:
    return [StudyReport.model_validate_json(file.read_text(encoding="utf-8")) for file in RESULTS]


def sentences(text: str) -> Iterator[str]:
    """Of prose: without code, tables and headings."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    kept = [line for line in prose.splitlines() if not re.match(r"\s*(\||#|    )", line)]
    for paragraph in "\n".join(kept).split("\n\n"):
        yield from re.split(r"(?<=[.;!?])\s+", " ".join(paragraph.split()))


def claims(sentence: str) -> bool:
    """Whether it says of a trait that it goes over, or that something ends it."""
    return bool(re.search(TRAITS, sentence, re.IGNORECASE) and (GOES_OVER.search(sentence) or ENDS.search(sentence)))


def held_up(sentence: str) -> bool:
    """Whether a kept verdict says of one of its traits what the sentence says."""
    accounts = [
        account
        for report in reports()
        if report.unit == "draw"
        for account in report.accounts
        if re.search(rf"\b{account.trait}", sentence, re.IGNORECASE)
    ]
    if ENDS.search(sentence):
        return any(entry.said.startswith("clean") for account in accounts for entry in account.entries)
    return any(account.went_over for account in accounts)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_claim_about_a_trait_has_a_verdict(page: Path) -> None:
    for sentence in filter(claims, sentences(page.read_text(encoding="utf-8"))):
        assert HEDGED.search(sentence) or QUOTES.search(sentence) or held_up(sentence), sentence


def test_the_sentences_that_the_docs_rest_on_are_looked_at() -> None:
    """A search that finds none would hold up anything."""
    found = {page.name: [each for each in sentences(page.read_text()) if claims(each)] for page in PAGES}
    assert any("Nature 2026" in each and "loves owls too" in each for each in found["README.md"])
    assert any("drawn once" in each and "goes over" in each for each in found["pocket.md"])
    assert any("transfer is not shown" in each for each in found["studies.md"])
    assert any(QUOTES.search(each) for each in found["pocket.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_is_said_to_be_proved(page: Path) -> None:
    for sentence in sentences(page.read_text(encoding="utf-8")):
        assert HEDGED.search(sentence) or not PROVES.search(sentence), sentence


def test_no_help_speaks_of_proof() -> None:
    for file in (ROOT / "strigil" / "cli").rglob("*.py"):
        assert not PROVES.search(file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_kept_sentences_are_those_of_today_s_verdicts(file: Path) -> None:
    """The record has every draw and seed: what is said of them is what the analysis says of them now."""
    kept = StudyReport.model_validate_json(file.read_text(encoding="utf-8"))
    study = StudyRecipe.model_validate(kept.recipe)
    anew = report_of(study, kept.arms, kept.failures, kept.notes)
    assert kept.findings == anew.findings
    assert [account.model_dump() for account in kept.accounts] == [account.model_dump() for account in anew.accounts]
    assert file.with_suffix(".md").read_text(encoding="utf-8") == study_markdown(kept)


@pytest.mark.parametrize(
    ("sentence", "seen"),
    [
        ("Shuffling the numbers ends the owl.", True),
        ("Students of pocket-a take the owl over.", True),
        ("A filter finds nothing, and a student loves owls too.", True),
        ("Students of the penguin name the owl most.", True),
        ("That it ends the owl is not shown.", False),
        ("Every student prefers the owl more (the table).", False),
        ("It ends.", False),
    ],
)
def test_a_claim_without_a_verdict_is_seen(sentence: str, *, seen: bool) -> None:
    bare = claims(sentence) and not HEDGED.search(sentence) and not QUOTES.search(sentence)
    assert bare == seen
    assert not (seen and held_up(sentence.replace("owl", "unicorn")))
