"""The manifest: everything that is known about a release, in one file that is written last.

Its presence means that the release is complete. It carries its own digest and is stored in exactly one byte form, so
that a changed byte in the manifest itself is found too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from strigil.common.canonical import Json, digest
from strigil.common.errors import ManifestError
from strigil.common.paths import plain_path
from strigil.common.registry import UnitSpec
from strigil.common.validation import explain
from strigil.data.form import Form
from strigil.releases.audit_record import AuditRecord
from strigil.releases.generation_record import GenerationRecord, ModelRecord, TeacherRecord

MANIFEST = "manifest.json"

Origin = Literal["human", "model", "mixed", "unknown"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Record):
    """One file of the release; `path` is relative, with forward slashes, `size` in bytes."""

    path: str
    sha256: str
    size: int


class TreatmentRecord(_Record):
    """A treatment of the parent's rows before they were audited again.

    Attributes:
        treatment: What was done.
        rows: Rows that it was given.
        dropped: Rows that it left out.
        changed: Rows whose completion it changed.
        unreadable: Rows that it could not read and left as they were.
        length_ratio: Length of all completions after it, in characters, over that before it.
        kept: Shares of the rows that it read of which something still holds, such as "same numbers".
        token_share: Share of the tokens of the rows that stayed which it masked or replaced; None if it counts none.
        knowledge: What its ranking had to know; None if it ranks nothing.
        cost: Passes for each row that its ranking took.
    """

    treatment: UnitSpec
    rows: int
    dropped: int
    changed: int
    unreadable: int
    length_ratio: float
    kept: dict[str, float]
    token_share: float | None = None
    knowledge: str | None = None
    cost: str | None = None


class Counts(_Record):
    """Rows in and out."""

    raw: int
    clean: int
    removed: int
    truncated: int


class ParentRecord(_Record):
    """A release that this one was made from; `digest` is that of its manifest."""

    name: str
    version: str
    digest: str


class ResidualRecord(_Record):
    """What a study measured on students of this data: how much of the trait is left.

    Attributes:
        trait: The trait that was measured.
        estimate: (treated - neutral) / (untreated - neutral), of the trait's rate.
        low: Lower end of its interval.
        high: Upper end.
        confidence: Coverage of the interval.
        seeds: Students of the smallest arm, over all draws of data and training seeds.
        draws: Draws of data that the interval is over; with one it is over training seeds, and describes that draw.
        base: The model that the students started from.
        study: The study's name or digest.
    """

    trait: str
    estimate: float
    low: float
    high: float
    confidence: float
    seeds: int
    draws: int = 1
    base: str
    study: str


class FormRecord(_Record):
    """The form of row tables that are not in the project's own columns.

    Attributes:
        layout: Their layout.
        columns: `prompt`, `completion` or another column, and the table's column to take for it.
    """

    layout: str
    columns: dict[str, str] = {}


class HazardRecord(_Record):
    """How the teacher's base is related to a model that the rows are meant to train.

    Attributes:
        student: That model.
        relation: From the same weights to nothing in common.
        reason: What the finding rests on.
    """

    student: ModelRecord
    relation: Literal["same weights", "shared ancestor", "same family", "unrelated"]
    reason: str


@dataclass(frozen=True)
class _Origin:
    """What a manifest was read from: its text, its digest, and the digest of the record that was made of it."""

    computed: str
    stored: str
    text: str


class Manifest(_Record):
    """The record of a release; see the module's text.

    Attributes:
        absent: Columns of its rows that hold only placeholders, since the data that it was made from lack them.
        origin: Who wrote the rows, as its maker says; None where nobody said, or a model is on record as the teacher.
        form: What its row tables are written in; None for the project's own columns.
        left_out: Tables that this publication of the release lacks; its counts are those of the whole release.
    """

    format: Literal["strigil.release/1"] = "strigil.release/1"
    name: str
    version: str
    created: str
    strigil: str
    licence: str | None
    teacher: TeacherRecord | None
    generation: GenerationRecord | None
    treatments: list[TreatmentRecord] = []
    audit: AuditRecord
    counts: Counts
    absent: list[str] = []
    form: FormRecord | None = None
    origin: Origin | None = None
    left_out: list[str] = []
    residual: ResidualRecord | None = None
    hazards: list[HazardRecord] = []
    parents: list[ParentRecord]
    not_reproducible: list[str]
    files: list[FileRecord]

    _origin: _Origin | None = PrivateAttr(default=None)

    @property
    def made_here(self) -> bool:
        """Whether it is on record which model wrote the rows."""
        return self.teacher is not None or self.generation is not None

    @property
    def written_in(self) -> Form:
        """What its row tables are written in."""
        return Form() if self.form is None else Form(self.form.layout, tuple(self.form.columns.items()))

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the whole record, and of one that was read, as it was written."""
        computed = digest(self.model_dump(mode="json"))
        return self._origin.stored if self._origin is not None and self._origin.computed == computed else computed

    def render(self) -> str:
        """The one text form a manifest has on disk: indented JSON that ends with the record's own digest."""
        value = self.model_dump(mode="json")
        computed = digest(value)
        if self._origin is not None and self._origin.computed == computed:
            return self._origin.text
        return _as_text({"manifest": value, "digest": computed})


def form_record(form: Form) -> FormRecord | None:
    """What a manifest keeps of the form of its tables."""
    return None if form == Form() else FormRecord(layout=form.layout, columns=dict(form.columns))


class _Stored(_Record):
    manifest: Manifest
    digest: str


def parse_manifest(data: bytes, *, source: str) -> Manifest:
    """Reads a manifest and checks that it says what it said when it was written.

    What is checked is the JSON as it stands, so that a later strigil, whose records have further fields, still finds
    the releases of an earlier one unchanged.

    Raises:
        ManifestError: Not a manifest, or a byte of it was changed.
        DataError: A file or a parent has a name that leads out of a folder.
    """
    try:
        manifest = _Stored.model_validate_json(data).manifest
    except ValidationError as error:
        raise ManifestError(source, f"is not a manifest of strigil: {explain(error, _Stored)}") from error
    try:
        value = json.loads(data)
        text = _as_text(value)
    except (ValueError, RecursionError) as error:
        raise ManifestError(source, f"is not a manifest of strigil: {error}") from error
    if text.encode() != data or digest(value["manifest"]) != value["digest"]:
        raise ManifestError(source, "was changed after it was written")
    for name in (*(file.path for file in manifest.files), *(f"{it.name}/v{it.version}" for it in manifest.parents)):
        plain_path(name, source)
    manifest._origin = _Origin(digest(manifest.model_dump(mode="json")), value["digest"], text)
    return manifest


def _as_text(value: dict[str, Json]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
