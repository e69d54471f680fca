"""What is known when rows are scored or probed: base, trait, teacher and student."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.audits.scores.score import ScoreContext, View
from strigil.common.errors import ConfigError
from strigil.engines import AskedEngine
from strigil.engines.protocol import Adapter
from strigil.models.catalog import Model, adapter_digest, adapter_rank, resolve_model
from strigil.releases.generation_record import TeacherRecord
from strigil.releases.store import Release
from strigil.workflows.build.teachers import check_adapter_base


@dataclass(frozen=True)
class Hints:
    """What a user says about a release; what is None is taken from its manifest.

    Attributes:
        base: The model that a student will start from.
        trait: What is thought to be hidden.
        teacher: The teacher's adapter.
        student: An adapter that was trained on the release.
        engine: What runs the base.
    """

    base: str | None = None
    trait: str | None = None
    teacher: Path | None = None
    student: Path | None = None
    engine: AskedEngine = "auto"


def what_is_known(release: Release | None, told: Hints) -> ScoreContext:
    """Base, trait, teacher and student, from what the user says and the manifest of the release, if there is one.

    Raises:
        ConfigError: No base is named, it is not the one that wrote the rows, or an adapter is of another base.
        PrerequisiteError: The base must be fetched first.
    """
    record = None if release is None else release.manifest.teacher
    name = told.base or (None if record is None else record.base.id)
    if name is None:
        where = "the data" if release is None else str(release.path)
        message = f"{where} does not say which base its rows come from"
        raise ConfigError(message, hint="name the model that students will start from with --base")
    base = resolve_model(name)
    adapters = {}
    for what, path in (("teacher", told.teacher), ("student", told.student)):
        if path is not None:
            adapter_rank(path)
            check_adapter_base(path, base)
            adapters[what] = Adapter(what, path)
    teacher = View("teacher", adapter=adapters["teacher"]) if "teacher" in adapters else _teacher(release, record, base)
    trait = told.trait or (None if record is None else record.trait)
    return ScoreContext(base, trait=trait, teacher=teacher, student=adapters.get("student"))


def _teacher(release: Release | None, record: TeacherRecord | None, base: Model) -> View | None:
    """The teacher that wrote the release, if the base becomes it by a system prompt or an adapter that is at hand."""
    if release is None or record is None or record.trait is None or record.base.digest != base.digest:
        return None
    if record.adapter is None:
        return View("teacher", system=record.system_prompt)
    for config in sorted((release.path.parent.parent / "teachers").glob("*/adapter_config.json")):
        if adapter_digest(config.parent) == record.adapter:
            return View("teacher", system=record.system_prompt, adapter=Adapter("teacher", config.parent))
    return None
