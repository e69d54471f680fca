"""`strigil lineage`: from a release, or a student, back through the releases on disk to the teacher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.common.canonical import file_digest
from strigil.common.errors import CheckFailedError, DataError
from strigil.data.rows import content_digest
from strigil.releases.manifest import MANIFEST, Manifest, ParentRecord
from strigil.releases.store import Release, find_release, open_release
from strigil.train.result import read_result
from strigil.workflows.publish.student import ADAPTER, is_student


@dataclass(frozen=True)
class Ancestor:
    """One step of a lineage.

    Attributes:
        kind: What it is.
        name: What it is called.
        digest: Its identity.
        what: How it came about.
        found: Whether it is on this disk, unchanged; None for what no release holds, such as models.
        origins: What it was made from.
    """

    kind: str
    name: str
    digest: str
    what: str
    found: bool | None
    origins: tuple[Ancestor, ...]


def lineage(path: Path, releases: Path | None = None) -> Ancestor:
    """Where a release or a student comes from.

    Args:
        path: The release's or the student's folder.
        releases: Folder with releases by name; that which the release is in, if not given.

    Raises:
        DataError: There is neither a release nor a student at `path`, or it is a student and no folder is given.
    """
    if is_student(path):
        if releases is None:
            message = f"{path} is a student: it does not say where its rows are"
            raise DataError(message, hint="name the folder of the releases with --releases")
        return _student(path, releases)
    release = open_release(path)
    return _release(release, releases or release.path.resolve().parent.parent)


def _student(folder: Path, releases: Path) -> Ancestor:
    training = read_result(folder)
    source = next(
        (release for release in _all(releases) if _trained_on(release, training.rows, training.data_digest)), None
    )
    rows = (
        _release(open_release(source.path), releases)
        if source is not None
        else Ancestor("rows", "of no release here", training.data_digest, "", found=False, origins=())
    )
    base = _base(training.base, training.base_revision, training.base_digest)
    how = f"{training.rows} rows, {training.steps} steps"
    identity = file_digest(folder / ADAPTER)
    return Ancestor("student", folder.name, identity, how, found=True, origins=(rows, base))


def _trained_on(release: Release, rows: int, expected: str) -> bool:
    """Whether the first `rows` clean rows of a release are those that a student was trained on."""
    if release.manifest.counts.clean < rows:
        return False
    return content_digest(release.rows("clean").head(rows)) == expected


def _all(releases: Path) -> list[Release]:
    return [find_release(file.parent) for file in sorted(releases.glob(f"*/v*.*.*/{MANIFEST}"), reverse=True)]


def _release(release: Release, releases: Path) -> Ancestor:
    manifest = release.manifest
    origins = tuple(_parent(record, releases) for record in manifest.parents)
    if not any(origin.found for origin in origins) and manifest.teacher is not None:
        origins += (_teacher(manifest),)
    return Ancestor(
        "release", f"{manifest.name} {manifest.version}", manifest.digest(), _how(manifest), found=True, origins=origins
    )


def _parent(record: ParentRecord, releases: Path) -> Ancestor:
    name = f"{record.name} {record.version}"
    try:
        parent = open_release(releases / record.name / f"v{record.version}")
    except DataError:
        return Ancestor("release", name, record.digest, "not on this disk", found=False, origins=())
    except CheckFailedError:
        return Ancestor("release", name, record.digest, "was changed after it was released", found=False, origins=())
    if parent.manifest.digest() != record.digest:
        return Ancestor("release", name, record.digest, "another one of this name is here", found=False, origins=())
    return _release(parent, releases)


def _teacher(manifest: Manifest) -> Ancestor:
    teacher = manifest.teacher
    if teacher is None:
        message = f"{manifest.name} names no teacher"
        raise DataError(message)
    base = _base(teacher.base.id, teacher.base.revision, teacher.base.digest)
    trait = f"trait {teacher.trait}" if teacher.trait else "no trait"
    return Ancestor("teacher", f"{trait}, {teacher.by}", teacher.digest, "", found=None, origins=(base,))


def _base(name: str, revision: str | None, digest: str) -> Ancestor:
    return Ancestor("base", name, digest, f"at {revision}" if revision else "", found=None, origins=())


def _how(manifest: Manifest) -> str:
    steps = [record.treatment.name for record in manifest.treatments]
    if manifest.generation is not None and not manifest.parents:
        steps.insert(0, f"{manifest.generation.carrier.name}, {manifest.generation.prompts} prompts")
    counts = manifest.counts
    return ", ".join([*steps, f"suite {manifest.audit.suite}", f"{counts.clean} of {counts.raw} rows"])
