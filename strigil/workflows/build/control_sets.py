"""`strigil arm`: releases -> a control that no teacher writes, as a release of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from strigil.audits.suite.suite import load_suite
from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.carriers.numbers import Numbers
from strigil.builders.control_sets import mix, poison, random_numbers, shuffle_across, shuffle_within
from strigil.common.errors import ConfigError, DataError
from strigil.common.progress import Reporter
from strigil.common.registry import UnitSpec
from strigil.data.rows import ROWS, completion_text
from strigil.releases.draft import Draft
from strigil.releases.manifest import Origin, TreatmentRecord
from strigil.releases.store import Release, open_release, versions
from strigil.workflows.release.origin import origin_of
from strigil.workflows.release.write import Contents, parent_record, write_release

if TYPE_CHECKING:
    from strigil.releases.generation_record import TeacherRecord

ArmKind = Literal["random-numbers", "shuffle-within", "shuffle-across", "poison", "mix"]


@dataclass(frozen=True)
class Arm:
    """An arm to be made.

    Attributes:
        kind: Which.
        releases: One; two or more for `mix`; for `poison` the control's and then the trait's.
        seed: Decides all that is random.
        share: Of trait rows, from 0 to 1; for `poison` only.
        rows: How many clean rows of each release, from the first; None for all.
    """

    kind: ArmKind
    releases: tuple[Path, ...]
    seed: int = 0
    share: float | None = None
    rows: int | None = None


def make_arm(
    arm: Arm,
    out: Path,
    name: str | None,
    reporter: Reporter,
    *,
    suite: str | None = None,
    licence: str | None = None,
    origin: Origin | None = None,
    whole: bool = True,
) -> Release:
    """Makes the arm from the clean rows of its releases and audits it; random numbers answer the prompts of all rows.

    Its licence and its origin are those given, or what its releases have in common. An arm that is there already, to
    the last setting, is returned. One that is not whole holds what a study reads, as `write_release` says.

    Raises:
        ConfigError: The arm does not fit the releases, or `out/NAME` holds something else.
        DataError: A release cannot be read, or rows do not pair.
    """
    _check(arm)
    parents = tuple(open_release(path) for path in arm.releases)
    judged_by = load_suite(suite or parents[0].manifest.audit.suite)
    with Draft(out, name or f"{parents[0].manifest.name}-{arm.kind}") as draft:
        licences = {release.manifest.licence for release in parents}
        licence = licence or (licences.pop() if len(licences) == 1 else None)
        wrote = origin_of(origin, [release.manifest for release in parents])
        earlier = open_release(draft.home) if versions(draft.home) else None
        licensed = earlier is not None and (earlier.manifest.licence, earlier.manifest.origin) == (licence, wrote)
        if earlier is not None and licensed and _is_same(earlier, arm, parents, judged_by.digest):
            reporter.note(f"{earlier.path} is this arm already: nothing to do")
            return earlier
        before = [_given(arm, release) for release in parents]
        rows = _rows(arm, parents, before)
        contents = Contents(
            raw=rows.lazy(),
            source=str(arm.releases[0]),
            teacher=_teacher(arm, parents),
            generation=None,
            licence=licence,
            origin=wrote,
            treatments=(_record(arm, before, rows),),
            hazards=tuple(hazard for release in parents for hazard in release.manifest.hazards),
            parents=parents,
        )
        return write_release(draft, contents, judged_by, reporter, parent=None, whole=whole)


def _check(arm: Arm) -> None:
    count = len(arm.releases)
    wanted = {"poison": "two releases, the control's and the trait's", "mix": "two releases or more"}
    if not (count == 2 if arm.kind == "poison" else count >= 2 if arm.kind == "mix" else count == 1):
        message = f"{arm.kind} takes {wanted.get(arm.kind, 'one release')}, not {count}"
        raise ConfigError(message)
    if (arm.share is not None) != (arm.kind == "poison"):
        message = "poison needs a share of trait rows" if arm.share is None else f"{arm.kind} takes no share"
        raise ConfigError(message, hint="for example: strigil arm poison CONTROL TRAIT --share 0.1")


def _given(arm: Arm, release: Release) -> pl.DataFrame:
    rows = release.rows("raw" if arm.kind == "random-numbers" and arm.rows is None else "clean")
    if release.manifest.form is not None:
        rows = rows.select(list(ROWS))
    return (rows if arm.rows is None else rows.head(arm.rows)).collect()


def _rows(arm: Arm, parents: tuple[Release, ...], before: list[pl.DataFrame]) -> pl.DataFrame:
    match arm.kind:
        case "random-numbers":
            return random_numbers(before[0], _carrier(parents[0]), seed=arm.seed)
        case "shuffle-within":
            return shuffle_within(before[0], seed=arm.seed)
        case "shuffle-across":
            return shuffle_across(before[0], seed=arm.seed)
        case "poison":
            return poison(before[0], before[1], share=arm.share or 0.0, seed=arm.seed)
        case "mix":
            return mix(before, seed=arm.seed)


def _carrier(release: Release) -> Numbers:
    generation = release.manifest.generation
    carrier = None if generation is None else CARRIERS.create(generation.carrier.name, generation.carrier.args)
    if not isinstance(carrier, Numbers):
        message = f"{release.path} was not built with the carrier numbers, whose formats random numbers need"
        raise DataError(message, hint="give a release that strigil build made")
    return carrier


def _teacher(arm: Arm, parents: tuple[Release, ...]) -> TeacherRecord | None:
    """The teacher of the rows; of several, the first with a trait, since that is what a reader must know."""
    if arm.kind == "random-numbers":
        return None
    teachers = [release.manifest.teacher for release in parents]
    with_trait = [teacher for teacher in teachers if teacher is not None and teacher.trait is not None]
    return (with_trait or teachers)[0]


def _spec(arm: Arm) -> UnitSpec:
    args: dict[str, object] = {"seed": arm.seed} | ({} if arm.share is None else {"share": arm.share})
    return UnitSpec(name=f"arm.{arm.kind}", version="1", args=args)


def _record(arm: Arm, before: list[pl.DataFrame], rows: pl.DataFrame) -> TreatmentRecord:
    given = pl.concat([table.select("prompt_index", "sample_index", completion_text()) for table in before])
    if arm.kind in {"poison", "mix"}:
        changed, ratio = 0, 1.0
    else:
        new, old = (frame.select(completion_text()).to_series() for frame in (rows, before[0]))
        changed = int((new != old).sum())
        ratio = float(new.str.len_chars().sum()) / max(1.0, float(old.str.len_chars().sum()))
    return TreatmentRecord(
        treatment=_spec(arm),
        rows=given.height,
        dropped=given.height - rows.height,
        changed=changed,
        unreadable=0,
        length_ratio=ratio,
        kept={},
    )


def _is_same(release: Release, arm: Arm, parents: tuple[Release, ...], suite_digest: str) -> bool:
    manifest = release.manifest
    return (
        [record.treatment for record in manifest.treatments] == [_spec(arm)]
        and manifest.parents == [parent_record(parent) for parent in parents]
        and manifest.audit.suite_digest == suite_digest
    )
