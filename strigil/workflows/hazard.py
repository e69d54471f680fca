"""Teacher-student hazard: the models that rows are meant to train, against the base that wrote them."""

from __future__ import annotations

from collections.abc import Sequence

from strigil.core.kinship import compare_models
from strigil.core.manifest import HazardRecord, ModelRecord
from strigil.core.models import Model, resolve_model


def hazard_records(base: Model, students: Sequence[str]) -> tuple[HazardRecord, ...]:
    """How each intended student is related to the teacher's base.

    Raises:
        ConfigError: There is no such model.
        PrerequisiteError: A model must be fetched first.
    """
    return tuple(_record(base, resolve_model(student)) for student in students)


def _record(base: Model, student: Model) -> HazardRecord:
    found = compare_models(base.path, student.path)
    record = ModelRecord(id=student.id, revision=student.revision, digest=student.digest)
    return HazardRecord(student=record, relation=found.relation, reason=found.reason)
