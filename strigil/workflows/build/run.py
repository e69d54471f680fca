"""`strigil build`: recipe -> raw rows -> verdicts -> release. The same command resumes, grows, or finds it done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from strigil.audits.suite.suite import Suite
from strigil.builders.carriers.carrier import CARRIERS, Carrier
from strigil.builders.generate import Plan, generate, seed_chunks, spent_on
from strigil.builders.teacher import Teacher
from strigil.common.errors import ConfigError
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.engines import open_engine
from strigil.engines.protocol import Engine
from strigil.models.catalog import Model, adapter_rank, resolve_model, template_digest
from strigil.records.spent import NOTHING, UNKNOWN, Price, Spent
from strigil.releases.draft import Draft
from strigil.releases.generation_record import EngineRecord, GenerationRecord, ModelRecord, TeacherRecord
from strigil.releases.store import Release, open_release, versions
from strigil.train.sft import check_training
from strigil.train.tracking.metrics import spent_on_training
from strigil.workflows.build.recipes import BuildRecipe, FineTunedTeacher
from strigil.workflows.build.teachers import make_teacher, teacher_identity
from strigil.workflows.release.hazard import hazard_records
from strigil.workflows.release.suites import prepared
from strigil.workflows.release.write import Contents, write_release

# Keys that may change between runs: they add rows or judge them anew, and no row's id depends on them.
FREE = ("prompts", "samples", "engine", "suite", "licence", "students", "price")
_RECIPE = "recipe.json"


@dataclass(frozen=True)
class _Work:
    """A recipe, resolved."""

    recipe: BuildRecipe
    plan: Plan
    suite: Suite


def build(recipe: BuildRecipe, out: Path, reporter: Reporter) -> Release:
    """Builds the release of a recipe in `out/NAME`.

    Rows that an earlier run or an earlier, smaller release of the same recipe holds are taken over, never generated
    again. A recipe that was built already, to the last key, returns its release.

    Raises:
        ConfigError: The recipe does not fit, or `out/NAME` was built from another one; the message names the key.
        PrerequisiteError: A model or an engine is missing.
    """
    carrier = CARRIERS.create(recipe.carrier.name, recipe.carrier.args)
    suite = prepared(recipe.suite or carrier.suite)
    base = resolve_model(recipe.base, revision=recipe.revision)
    _check(recipe, carrier, base)
    with Draft(out, recipe.name) as draft:
        earlier = _earlier(draft.home, recipe)
        if earlier is not None and _is_done(earlier, recipe, suite):
            reporter.note(f"{earlier.path} was built from this recipe before: nothing to do")
            return earlier
        folder = draft.scratch()
        _claim(folder, recipe)
        teacher = make_teacher(recipe.teacher, base, out, reporter)
        plan = Plan(carrier, teacher, recipe.sampling, recipe.prompts, recipe.samples)
        if earlier is not None:
            seed_chunks(earlier.rows("raw").collect(), folder)
        work = _Work(recipe, plan, suite)
        with _open(recipe, teacher, reporter) as engine:
            with reporter.task(f"Writing {carrier.name} rows", plan.rows) as done:
                raw = generate(plan, engine, folder, on_rows=done)
            before = NOTHING if earlier is None else _before(earlier)
            generation = _generation(work, engine, before + spent_on(plan, folder), raw)
            by = _teacher(work, engine)
        contents = Contents(
            raw=raw,
            source=recipe.name,
            teacher=by,
            generation=generation,
            licence=recipe.licence,
            hazards=hazard_records(base, recipe.students),
        )
        return write_release(draft, contents, suite, reporter, parent=earlier)


def _check(recipe: BuildRecipe, carrier: Carrier, base: Model) -> None:
    """What can be known to fail before anything is trained or loaded."""
    size = carrier.size(base.dialect)
    if size is not None and recipe.prompts > size:
        message = f"the recipe asks for {recipe.prompts} prompts, and the carrier {carrier.name!r} has {size}"
        raise ConfigError(message, hint=carrier.hint_for_more(size))
    carrier.prompt(0, base.dialect)
    teacher_identity(recipe.teacher, base)
    if isinstance(recipe.teacher, FineTunedTeacher):
        check_training(base, recipe.teacher.training)
    template_digest(base)


def _open(recipe: BuildRecipe, teacher: Teacher, reporter: Reporter) -> Engine:
    if teacher.adapter is None:
        return open_engine(recipe.engine, teacher.base, note=reporter.note)
    rank = adapter_rank(teacher.adapter.path)
    return open_engine(recipe.engine, teacher.base, adapters=True, max_lora_rank=rank, note=reporter.note)


def _earlier(home: Path, recipe: BuildRecipe) -> Release | None:
    if not versions(home):
        return None
    release = open_release(home)
    generation = release.manifest.generation
    if generation is None:
        message = f"{release.path} was not built from a recipe"
        raise ConfigError(message, hint="give the recipe another name, or choose another folder with --out")
    _same_recipe(generation.recipe, recipe, where=release.path)
    return release


def _is_done(release: Release, recipe: BuildRecipe, suite: Suite) -> bool:
    generation, audit = release.manifest.generation, release.manifest.audit
    return (
        generation is not None
        and (generation.prompts, generation.samples) == (recipe.prompts, recipe.samples)
        and audit.suite_digest == suite.digest
        and release.manifest.licence == recipe.licence
        and [hazard.student.id for hazard in release.manifest.hazards] == recipe.students
    )


def _claim(folder: Path, recipe: BuildRecipe) -> None:
    """Marks the folder as this recipe's, or refuses to go on with another one's."""
    file = folder / _RECIPE
    if file.exists():
        _same_recipe(json.loads(file.read_text(encoding="utf-8")), recipe, where=folder.parent)
    write_out(file, recipe.model_dump_json())


def _same_recipe(old: dict[str, object], recipe: BuildRecipe, *, where: Path) -> None:
    new = recipe.model_dump(mode="json")
    before, after = _flat(old), _flat(new)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    changed = [key for key in changed if key.split(".")[0] not in FREE]
    if changed:
        details = ", ".join(f"{key} was {before.get(key)!r} and is {after.get(key)!r}" for key in changed)
        message = f"{where} was started with another recipe: {details}"
        raise ConfigError(message, hint="give the recipe another name, or choose another folder with --out")


def _flat(value: object, prefix: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {prefix: value}
    return {
        key: leaf
        for name, inner in value.items()
        for key, leaf in _flat(inner, f"{prefix}.{name}" if prefix else str(name)).items()
    }


def _before(earlier: Release) -> Spent:
    generation = earlier.manifest.generation
    return UNKNOWN if generation is None else generation.spent


def _generation(work: _Work, engine: Engine, spent: Spent, raw: pl.LazyFrame) -> GenerationRecord:
    # The rows say what was written, whoever counted.
    written = int(raw.select(pl.col("n_tokens").sum()).collect().item())
    return GenerationRecord(
        carrier=work.plan.carrier.spec(),
        prompts=work.plan.prompts,
        samples=work.plan.samples,
        sampling=work.plan.sampling,
        engine=EngineRecord(name=engine.name, versions=engine.versions()),
        recipe=work.recipe.model_dump(mode="json"),
        spent=spent.model_copy(update={"output_tokens": written}).at(work.recipe.price),
    )


def _teacher(work: _Work, engine: Engine) -> TeacherRecord:
    teacher, prompt = work.plan.teacher, work.plan.prompt(0)
    rendered, base = engine.render(teacher.chat(prompt)), teacher.base
    return TeacherRecord(
        digest=teacher.digest,
        trait=teacher.trait,
        by=teacher.by,
        base=ModelRecord(id=base.name if base.revision else base.id, revision=base.revision, digest=base.digest),
        adapter=teacher.adapter_digest,
        template=template_digest(teacher.base),
        system_prompt=teacher.system_prompt,
        rendered_system=rendered.partition(prompt[-1]["content"])[0],
        rendered_example=rendered,
        training=_training(teacher, work.recipe.price),
    )


def _training(teacher: Teacher, price: Price | None) -> Spent | None:
    if teacher.by != "fine-tuning" or teacher.adapter is None:
        return None
    return spent_on_training(teacher.adapter.path).at(None if price is None else price.of_training)
