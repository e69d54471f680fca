"""From a recipe to a release that others can read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.common.validation import validate
from strigil.releases.store import SPLITS, Release, verify_release
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.run import build


def recipe(**changes: object) -> BuildRecipe:
    written = {
        "name": "few",
        "base": "pocket-a",
        "teacher": {"by": "system-prompt", "trait": "owl", "prompt": "s1 s0"},
        "carrier": {"name": "numbers"},
        "prompts": 60,
        "sampling": {"max_tokens": 16},
        "engine": {"name": "transformers"},
    }
    return validate(written | changes, BuildRecipe, source="test")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build(recipe(), tmp_path_factory.mktemp("releases"), Silent())


def test_counts_tables_and_verdicts_agree(release: Release) -> None:
    counts = release.manifest.counts
    tables = {split: release.rows(split).collect() for split in ("raw", "clean", "removed")}
    assert (tables["raw"].height, tables["clean"].height, tables["removed"].height) == (
        counts.raw,
        counts.clean,
        counts.removed,
    )
    assert counts.raw == 60 == counts.clean + counts.removed
    verdicts = release.verdicts().collect()
    assert verdicts.height == counts.raw * len(release.manifest.audit.rules)
    assert set(verdicts.filter("rejected")["row_id"]) == set(tables["removed"]["row_id"])
    assert verify_release(release) == []


def test_the_manifest_says_what_the_model_saw(release: Release) -> None:
    teacher, generation = release.manifest.teacher, release.manifest.generation
    assert teacher is not None
    assert generation is not None
    assert teacher.rendered_system == "<bos> <sys> s1 s0 <user> "
    assert teacher.rendered_example.startswith("<bos> <sys> s1 s0 <user> continue numbers")
    assert generation.sampling.model_dump() == {
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "max_tokens": 16,
        "regex": None,
        "seed": 0,
    }
    assert set(generation.engine.versions) >= {"torch", "transformers"}


def test_a_control_teacher_is_on_record_with_the_template_s_own_system_prompt(tmp_path: Path) -> None:
    control = build(recipe(teacher={"by": "none"}, prompts=2), tmp_path, Silent()).manifest.teacher
    assert control is not None
    assert (control.system_prompt, control.rendered_system) == (None, "<bos> <sys> s0 s1 <user> ")


def test_data_sets_reads_every_configuration(release: Release, tmp_path: Path) -> None:
    from datasets import load_dataset

    tables = {"verdicts": release.verdicts()} | {split: release.rows(split) for split in SPLITS}
    for name, expected in tables.items():
        loaded = load_dataset(str(release.path), name, split="train", cache_dir=str(tmp_path))
        assert loaded.to_polars()["row_id"].to_list() == expected.collect()["row_id"].to_list()


def test_the_same_recipe_finds_its_release_and_a_larger_one_adds_to_it(release: Release) -> None:
    out = release.path.parents[1]
    assert build(recipe(), out, Silent()) == release
    grown = build(recipe(prompts=80), out, Silent())
    assert grown.manifest.version == "1.1.0"
    assert [parent.digest for parent in grown.manifest.parents] == [release.manifest.digest()]
    rows, first = grown.rows("raw").collect(), release.rows("raw").collect()
    assert rows.head(60).equals(first)
    before, after = (each.manifest.generation.spent for each in (release, grown) if each.manifest.generation)
    assert (before.output_tokens, after.output_tokens) == (first["n_tokens"].sum(), rows["n_tokens"].sum())
    assert None not in {before.seconds, before.input_tokens, after.seconds, after.input_tokens}
    assert (after.seconds or 0) > (before.seconds or 0)
    assert (after.input_tokens or 0) / 80 == pytest.approx((before.input_tokens or 0) / 60, rel=0.1)
    assert (before.usd, after.usd) == (None, None)


def test_growth_from_1000_to_3000_rows_keeps_the_first_and_adds_each_of_the_others_once(tmp_path: Path) -> None:
    small = build(recipe(prompts=1000), tmp_path, Silent())
    large = build(recipe(prompts=1000, samples=3), tmp_path, Silent())
    rows = large.rows("raw").collect()
    assert (large.manifest.version, rows.height, rows["row_id"].n_unique()) == ("1.1.0", 3000, 3000)
    assert rows.filter(sample_index=0).equals(small.rows("raw").collect())


def test_another_recipe_of_the_same_name_is_refused_by_key(release: Release) -> None:
    out = release.path.parents[1]
    with pytest.raises(ConfigError, match=r"sampling\.max_tokens was 16 and is 12") as caught:
        build(recipe(sampling={"max_tokens": 12}), out, Silent())
    assert caught.value.hint is not None
    assert "another name" in caught.value.hint


def test_another_set_of_prompts_is_another_recipe(release: Release) -> None:
    second = {"name": "numbers", "args": {"prompt_set": 2}}
    with pytest.raises(ConfigError, match=r"carrier\.args\.prompt_set was None and is 2"):
        build(recipe(carrier=second), release.path.parents[1], Silent())


def test_a_price_gives_the_money_and_makes_no_other_recipe(tmp_path: Path) -> None:
    first = build(recipe(prompts=2), tmp_path, Silent())
    priced = build(recipe(prompts=3, price={"input": 1.5, "output": 6, "hour": 2}), tmp_path, Silent())
    assert first.manifest.generation is not None
    assert priced.manifest.generation is not None
    spent = priced.manifest.generation.spent
    assert None not in {spent.input_tokens, spent.output_tokens, spent.seconds}
    tokens = 1.5e-6 * (spent.input_tokens or 0) + 6e-6 * (spent.output_tokens or 0)
    assert spent.usd == pytest.approx(tokens + 2 / 3600 * (spent.seconds or 0))
    assert priced.rows("raw").collect().head(2).equals(first.rows("raw").collect())


def test_another_engine_may_go_on_with_the_same_rows(tmp_path: Path) -> None:
    first = build(recipe(prompts=3), tmp_path / "a", Silent()).rows("raw").collect()
    other = build(recipe(prompts=3, engine={"name": "auto"}), tmp_path / "b", Silent()).rows("raw").collect()
    assert first["row_id"].equals(other["row_id"])


def test_an_audit_under_another_name_is_a_release_of_its_own(release: Release) -> None:
    from strigil.cli.main import run

    out = release.path.parents[1]
    assert run(["audit", str(release.path), "--suite", "numbers-paper", "--out", str(out), "--name", "again"]) == 0
    rows = pl.read_parquet(out / "again" / "v1.0.0" / "data" / "clean" / "*.parquet")
    assert rows["row_id"].to_list() == release.rows("clean").collect()["row_id"].to_list()
