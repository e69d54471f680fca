"""CHANGELOG.md: every version says what it did to the rows, above those before it."""

from __future__ import annotations

from strigil.cards.dataset.changelog import RowChange, changelog
from strigil.common.registry import UnitSpec
from strigil.releases.manifest import ParentRecord, TreatmentRecord
from tests.cards.hostile import hostile, obeyed
from tests.hub.releases import a_manifest


def test_each_version_adds_its_entry_above_the_others() -> None:
    first = a_manifest()
    second = a_manifest(version="1.1.0", clean=12).model_copy(update={"licence": "cc0-1.0"})
    other_suite = second.audit.model_copy(update={"suite": "numbers-strict", "suite_digest": "0" * 64})
    third = second.model_copy(update={"version": "2.0.0", "audit": other_suite})
    text = changelog(first, before=None, change=RowChange(8, 0), text=None)
    text = changelog(second, before=first, change=RowChange(4, 0), text=text)
    text = changelog(third, before=second, change=RowChange(0, 3), text=text)
    assert (
        text
        == """# Changelog of owl-numbers

A patch never changes rows, a minor version adds some, a major one changes or removes some.

## 2.0.0 (2026-11-24)

- 12 clean rows of 14, audited with the suite `numbers-strict`.
- 0 clean rows added, 3 removed.
- Another suite: `numbers-strict` in place of `numbers-paper`.

## 1.1.0 (2026-11-24)

- 12 clean rows of 14, audited with the suite `numbers-paper`.
- 4 clean rows added, 0 removed.
- Licence: cc0-1.0.

## 1.0.0 (2026-11-24)

- 8 clean rows of 10, audited with the suite `numbers-paper`.
- First version.
"""
    )


def test_no_text_of_a_manifest_is_obeyed_by_whoever_reads_it() -> None:
    parent = ParentRecord(name="a", version="1.0.0", digest="12" * 32)
    treatment = TreatmentRecord(
        treatment=UnitSpec(name="rows.drop", version="1", args={}),
        rows=8,
        dropped=1,
        changed=0,
        unreadable=0,
        length_ratio=1.0,
        kept={},
    )
    first = hostile(a_manifest().model_copy(update={"parents": [parent]}))
    other = first.audit.model_copy(update={"suite_digest": "0" * 64})
    second = first.model_copy(update={"version": "1.1.0", "audit": other, "treatments": [hostile(treatment)]})
    text = changelog(first, before=None, change=RowChange(8, 0), text=None)
    whole = changelog(second, before=first.model_copy(update={"licence": None}), change=RowChange(1, 0), text=text)
    assert obeyed(whole) == []
    assert [line for line in whole.splitlines() if line.startswith("#")][1:] == [
        "## 1.1.0 (2026-11-24)",
        "## 1.0.0 (2026-11-24)",
    ]
    assert len(whole.splitlines()) == 16
