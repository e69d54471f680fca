"""Teacher-student hazard: the models that rows are meant to train, against the base that wrote them."""

from __future__ import annotations

from collections.abc import Sequence

from strigil.models.catalog import Model, resolve_model
from strigil.models.weight_similarity import compare_models
from strigil.releases.generation_record import ModelRecord
from strigil.releases.manifest import HazardRecord


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
