"""`strigil diff`: what changed from one data set to another, in rows, rules and provenance."""

from __future__ import annotations

from typing import Final

from strigil.common.canonical import Json
from strigil.common.scratch import scratch_folder
from strigil.data.layouts.layout import Reading
from strigil.records.diff import Difference, Leaf, ProvenanceDifference, RuleDifference, Side
from strigil.releases.audit_record import RuleRecord
from strigil.releases.manifest import Manifest
from strigil.releases.store import Split
from strigil.sources.open_rows import RowSource, open_rows
from strigil.workflows.audit.diff.rows import Rows, compare_rows, digest_rows

# Files follow from the rest; rules and counts have places of their own; when it was made says nothing about the data.
_ELSEWHERE: Final = frozenset({"files", "counts", "created"})


def diff(
    before: str, after: str, *, split: Split = "clean", reading: Reading | None = None, show_text: bool = False
) -> Difference:
    """Compares two releases or files of rows, here, in a bucket or on the Hub.

    Args:
        before: The first, as for `strigil gate`.
        after: The second.
        split: The part of releases that is compared.
        reading: What the columns of data mean that are no release; if not given, they decide themselves.
        show_text: Puts texts of rows into the outcome; they may be harmful.

    Raises:
        CheckFailedError: A release is not what its manifest says.
        ConfigError: One is not there.
        DataError: One cannot be read.
        PrerequisiteError: One cannot be reached.
    """
    with (
        scratch_folder() as folder,
        open_rows(before, split, reading=reading) as old,
        open_rows(after, split, reading=reading) as new,
    ):
        sources = (old, new)
        rows = [digest_rows(source, folder / f"keys-{place}.parquet") for place, source in enumerate(sources)]
        found = compare_rows(rows[0], rows[1], show_text=show_text)
    manifests = [source.release.manifest for source in sources if source.release is not None]
    first, second = old.columns, new.columns
    return Difference(
        before=_side(old, rows[0]),
        after=_side(new, rows[1]),
        split=split if manifests else None,
        paired_by=found.paired_by,
        same=found.same,
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        columns_added=[name for name in second if name not in first],
        columns_removed=[name for name in first if name not in second],
        columns_changed=[name for name in first if name in second and first[name] != second[name]],
        rules=_rules(*manifests) if len(manifests) == 2 else [],
        provenance=_provenance(*manifests) if len(manifests) == 2 else [],
    )


def _side(source: RowSource, rows: Rows) -> Side:
    manifest = None if source.release is None else source.release.manifest
    name = None if manifest is None else f"{manifest.name} {manifest.version}"
    return Side(data=source.address, name=name, rows=rows.rows, place=source.place)


def _rules(before: Manifest, after: Manifest) -> list[RuleDifference]:
    old, new = ({record.rule.name: record for record in side.audit.rules} for side in (before, after))
    return [_rule(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]


def _rule(name: str, before: RuleRecord | None, after: RuleRecord | None) -> RuleDifference:
    if before is None or after is None:
        counts = [None if record is None else record.rejected for record in (before, after)]
        return RuleDifference(rule=name, before=counts[0], after=counts[1], changed=False)
    changed = (before.rule, before.threshold) != (after.rule, after.threshold)
    return RuleDifference(rule=name, before=before.rejected, after=after.rejected, changed=changed)


def _provenance(before: Manifest, after: Manifest) -> list[ProvenanceDifference]:
    old, new = (_flat(_told(side)) for side in (before, after))
    return [
        ProvenanceDifference(key=key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _told(manifest: Manifest) -> dict[str, Json]:
    value: dict[str, Json] = manifest.model_dump(mode="json", exclude=set(_ELSEWHERE))
    audit = manifest.audit
    expectations: list[Json] = [record.model_dump(mode="json", exclude={"row_ids"}) for record in audit.expectations]
    return value | {"audit": {"suite": audit.suite, "suite_digest": audit.suite_digest, "expectations": expectations}}


def _flat(value: Json, key: str = "") -> dict[str, Leaf]:
    """Leaves by their path, with dots."""
    if not isinstance(value, dict | list | tuple):
        return {key: value}
    inner = value.items() if isinstance(value, dict) else ((str(place), item) for place, item in enumerate(value))
    found: dict[str, Leaf] = {}
    for name, item in inner:
        found |= _flat(item, f"{key}.{name}" if key else name)
    return found
