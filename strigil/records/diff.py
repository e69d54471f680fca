"""How two data sets differ: the one record that every form of `strigil diff` is written from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Leaf = str | bool | int | float | None
Pairing = Literal["row id", "text"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Side(_Record):
    """One of the two.

    Attributes:
        data: As it was named.
        name: The release and its version, if it is one.
        rows: How many rows were compared.
        place: What a moving name stood for: the commit.
    """

    data: str
    name: str | None
    rows: int
    place: str | None = None


class RowChange(_Record):
    """A row that is on one side only, or on both with other texts; texts only where they were asked for.

    Attributes:
        before: Its id in the first; None where it is not there.
        after: Its id in the second; None where it is not there.
        file: The file that it is in, of the second side if it is there.
        row: Its place in that file, from 1.
        text_before: The completion.
        text_after: The completion.
    """

    before: str | None
    after: str | None
    file: str
    row: int
    text_before: str | None = None
    text_after: str | None = None


class Changes(_Record):
    """Rows of one sort: how many, and the first of them."""

    rows: int
    first: list[RowChange]


class RuleDifference(_Record):
    """A rule on both sides; None where a suite does not have it.

    Attributes:
        changed: Whether its version, arguments or threshold are others, so that the counts cannot be compared.
    """

    rule: str
    before: int | None
    after: int | None
    changed: bool


class ProvenanceDifference(_Record):
    """A key of the manifests that differs; None where a manifest does not have it."""

    key: str
    before: Leaf
    after: Leaf


class Difference(_Record):
    """What differs from the first to the second.

    Attributes:
        split: The part of releases that was compared.
        paired_by: What makes a row the same row: its id, or its texts where a side has no ids.
        same: Rows that are on both sides with the same texts.
        columns_added: Columns that only the second has.
        columns_removed: Columns that only the first has.
        columns_changed: Columns that hold another type.
        rules: Of releases: rules with their counts.
        provenance: Of releases: what else differs in their manifests.
    """

    format: Literal["strigil.diff/1"] = "strigil.diff/1"
    before: Side
    after: Side
    split: str | None
    paired_by: Pairing
    same: int
    added: Changes
    removed: Changes
    changed: Changes
    columns_added: list[str]
    columns_removed: list[str]
    columns_changed: list[str]
    rules: list[RuleDifference]
    provenance: list[ProvenanceDifference]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        rows = self.added.rows + self.removed.rows + self.changed.rows
        columns = self.columns_added or self.columns_removed or self.columns_changed
        rules = any(rule.before != rule.after or rule.changed for rule in self.rules)
        return not (rows or columns or rules or self.provenance)
