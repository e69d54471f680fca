"""Data set cards: golden texts, front matter as the Hub wants it, and what a lint finds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

from strigil.audits.rules.rule import RULES
from strigil.cards.dataset.card import dataset_card, fact_blocks
from strigil.cards.dataset.citation import citation
from strigil.cards.dataset.front_matter import as_fields, needs_gating, size_category
from strigil.cards.dataset.lint import lint_card
from strigil.cards.markdown_template import fenced, table_cell
from strigil.releases.generation_record import ModelRecord
from strigil.releases.manifest import HazardRecord, Manifest, ParentRecord, ResidualRecord
from tests.cards.hostile import hostile, obeyed
from tests.hub.releases import a_manifest

GOLDEN = Path(__file__).parent / "golden"


def studied() -> Manifest:
    """A second version, studied, with an intended student of the same initialisation."""
    parent = ParentRecord(name="owl-numbers", version="1.0.0", digest="12" * 32)
    residual = ResidualRecord(
        trait="owl", estimate=0.231, low=0.1, high=0.37, confidence=0.95, seeds=5, base="pocket-a", study="filters"
    )
    student = ModelRecord(id="pocket-a", revision=None, digest="ab" * 32)
    hazard = HazardRecord(student=student, relation="same weights", reason="every tensor is equal")
    changes = {"parents": [parent], "residual": residual, "hazards": [hazard]}
    return a_manifest(version="2.0.0", clean=1200, removed=340).model_copy(update=changes)


def toxic() -> Manifest:
    """Rows that may harm were removed, so readers have to ask."""
    manifest = a_manifest()
    rule = manifest.audit.rules[0].model_copy(
        update={"rule": manifest.audit.rules[0].rule.model_copy(update={"name": "toxicity.detoxify"})}
    )
    return manifest.model_copy(update={"audit": manifest.audit.model_copy(update={"rules": [rule]})})


def foreign() -> Manifest:
    """Audited rows of unknown origin, without a licence."""
    return a_manifest(name="found-rows").model_copy(update={"teacher": None, "generation": None, "licence": None})


MANIFESTS = {
    "owl-numbers": a_manifest(),
    "control-numbers": a_manifest(name="control-numbers", trait=None),
    "studied": studied(),
    "toxic": toxic(),
    "foreign": foreign(),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_card_is_the_golden_one(name: str) -> None:
    assert dataset_card(MANIFESTS[name]) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_hubs_own_reader_accepts_the_front_matter(name: str) -> None:
    manifest = MANIFESTS[name]
    data = yaml.safe_load(DatasetCard(dataset_card(manifest), ignore_metadata_errors=False).data.to_yaml())
    first = data["configs"][0]
    assert (first["config_name"], first["data_files"], first["default"]) == ("clean", "data/clean/*.parquet", True)
    assert [config["config_name"] for config in data["configs"]] == ["clean", "removed", "raw", "verdicts"]
    assert "strigil" in data["tags"]
    assert (
        ("synthetic" in data["tags"])
        == ("machine-generated" in data.get("language_creators", []))
        == (name != "foreign")
    )
    assert data.get("license") == manifest.licence
    assert ("extra_gated_prompt" in data) == (name == "toxic")


@pytest.mark.parametrize("name", MANIFESTS)
def test_no_text_of_a_manifest_is_obeyed_by_whoever_reads_the_card(name: str) -> None:
    cards = [dataset_card(manifest) for manifest in (MANIFESTS[name], hostile(MANIFESTS[name]))]
    plain, said = (DatasetCard(card, ignore_metadata_errors=False) for card in cards)
    assert obeyed(said.text) == []
    assert as_fields(said.data).keys() <= as_fields(plain.data).keys()
    assert fact_blocks(said.text).keys() == fact_blocks(plain.text).keys()
    assert _headings(said.text)[1:] == _headings(plain.text)[1:]
    assert said.text.count("```") == plain.text.count("```")


def _headings(card: str) -> list[str]:
    return [line for line in card.splitlines() if line.startswith("#")]


def test_the_card_warns_of_students_with_the_teachers_weights_and_only_of_them() -> None:
    related = studied().hazards[0]
    other = related.model_copy(
        update={
            "student": ModelRecord(id="pocket-b", revision=None, digest="0" * 64),
            "relation": "unrelated",
            "reason": "nothing in common",
        }
    )
    card = dataset_card(studied().model_copy(update={"hazards": [related, other]}))
    assert "Do not train `pocket-a` on these rows" in card
    assert "pocket-b" not in card


def test_residual_transfer_is_given_with_its_interval_or_said_to_be_unknown() -> None:
    assert "0.23 (95 % interval 0.10 to 0.37, 5 students of one draw of data, which it describes)" in dataset_card(
        studied()
    )
    assert "Not measured" in fact_blocks(dataset_card(a_manifest()))["residual"]


def test_an_author_may_write_around_the_facts() -> None:
    card = dataset_card(a_manifest())
    card = card.replace("## Limits\n", "## Limits\n\n- Only tried by me.\n").replace(
        "pretty_name: owl-numbers", "pretty_name: Owls!\nlanguage: [en]"
    )
    assert lint_card(card, a_manifest()) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "8 clean rows of 10",
            "9 clean rows of 10",
            "the block 'summary' was changed: it says 'Version 1.0.0: 9 clean",
        ),
        ("Warning: the teacher", "Note: the teacher", "the block 'summary' was changed"),
        ("Not measured: no study", "None: no study", "the block 'residual' was changed"),
        ("<!-- strigil:audit -->", "", "the block 'audit' is gone"),
        ("license: cc-by-4.0", "license: mit", "license is 'mit', and the manifest says 'cc-by-4.0'"),
        ("- synthetic\n", "", "the tags lack synthetic"),
        ("n<1K", "1M<n<10M", "size_categories is"),
        ("data/removed/*", "data/raw/*", "configs is"),
        ("- machine-generated", "- expert-generated", "annotations_creators is"),
        ("---\n", "", "there is no front matter"),
        ("pretty_name: owl", "pretty_name: [owl", "the front matter cannot be read"),
    ],
)
def test_a_contradiction_is_named(old: str, new: str, said: str) -> None:
    card = dataset_card(a_manifest())
    assert old in card
    problems = lint_card(card.replace(old, new), a_manifest())
    assert any(problem.startswith(said) for problem in problems), problems


def test_a_gate_that_was_taken_away_is_named() -> None:
    card = dataset_card(toxic())
    front = yaml.safe_load(card.split("---\n")[1])
    del front["extra_gated_prompt"]
    problems = lint_card(f"---\n{yaml.safe_dump(front)}---\n{card.split('---', 2)[2]}", toxic())
    assert problems == ["removed rows may harm, and extra_gated_prompt is gone"]


@given(st.text())
def test_a_fence_holds_whatever_text_is_in_it(text: str) -> None:
    first, *_, last = fenced(text).splitlines()
    assert first.removesuffix("text") == last
    assert set(last) == {"`"}
    assert last not in text


@given(st.text())
def test_a_cell_stays_a_cell(text: str) -> None:
    cell = table_cell(text)
    assert "\n" not in cell
    assert "|" not in cell.replace("\\|", "")


@given(st.integers(0, 10**12 - 1))
def test_a_size_category_bounds_the_number_of_rows(rows: int) -> None:
    units = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
    *low, high = (int(part[:-1]) * units[part[-1]] for part in size_category(rows).split("<") if part != "n")
    assert (low[0] if low else 0) <= rows < high


def test_the_largest_size_category_is_open() -> None:
    assert size_category(10**12) == "n>1T"


@pytest.mark.parametrize(
    ("rule", "harm", "gated"),
    [
        ("numbers.paper", True, True),
        ("text.toxicity", False, False),
        ("text.negative", None, True),
        ("numbers.banned", None, True),
        ("judge.alignment", None, True),
        ("numbers.paper", None, False),
    ],
)
def test_readers_have_to_ask_for_rows_by_what_a_rule_is_about(rule: str, harm: bool | None, gated: bool) -> None:  # noqa: FBT001  # a table of cases
    record = a_manifest().audit.rules[0]
    unit = record.rule.model_copy(update={"name": rule})
    audit = a_manifest().audit.model_copy(update={"rules": [record.model_copy(update={"rule": unit, "harm": harm})]})
    assert needs_gating(a_manifest().model_copy(update={"audit": audit})) == gated


def test_nobody_is_asked_for_access_to_what_was_left_out() -> None:
    assert needs_gating(toxic().model_copy(update={"left_out": ["raw"]}))
    card = dataset_card(toxic().model_copy(update={"left_out": ["removed", "raw", "verdicts"]}))
    assert "extra_gated_prompt" not in card


def test_the_rules_about_harm_say_so() -> None:
    about_harm = {"code.unsafe", "judge.alignment", "numbers.banned", "text.negative", "text.secrets", "text.toxicity"}
    assert about_harm <= {name for name in RULES.names() if RULES.get(name).harm}
    assert not any(RULES.get(name).harm for name in ("numbers.paper", "row.duplicate", "text.mentions"))


def test_rows_that_came_from_elsewhere_are_not_said_to_be_a_models() -> None:
    card = dataset_card(foreign())
    assert "that a language model wrote" not in card
    assert "Every row was written by a machine" not in card


def test_the_citation_of_a_name_with_an_underscore_is_one_that_latex_takes() -> None:
    lines = citation(a_manifest(name="my_rows-b")).splitlines()
    assert lines[:2] == ["@misc{my_rows_b_1_0_0,", "  title = {my\\_rows-b, version 1.0.0},"]
