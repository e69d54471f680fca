"""`strigil diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, output_option, reading_options

if TYPE_CHECKING:
    from strigil.cli.console import Output
    from strigil.data.layouts.layout import Reading
    from strigil.records.diff import Changes, Difference, Leaf, Side
    from strigil.releases.store import Split

_LONGEST = 100
_LONGEST_TEXT = 400


@click.command()
@click.argument("before")
@click.argument("after")
@click.option(
    "--split",
    type=click.Choice(["clean", "removed", "raw"]),
    default="clean",
    show_default=True,
    help="Which rows of a release.",
)
@click.option("--html", type=PATH, help="Write a page too: one file that works offline.")
@click.option("--show-text", is_flag=True, help="Show texts of rows, before and after; they may be harmful.")
@reading_options
@output_option
def command(
    before: str,
    after: str,
    split: Split,
    html: Path | None,
    show_text: bool,  # noqa: FBT001  # click passes flags so
    reading: Reading,
    output: Output,
) -> None:
    """Says what changed from one data set to another: rows, rules and provenance.

    BEFORE and AFTER are releases or files of rows, as for strigil gate. Rows are the same by their id, and by their
    texts where a side has no ids; a row that is gone and one that is new are one changed row if they have the prompt's
    and the sample's number in common. A column that changed its type, a rule that counts otherwise and a key of the
    manifests that differs are named. Exit status 0 whatever was found.

    \b
    Examples:
      strigil diff releases/owl-numbers/v1.0.0 releases/owl-numbers/v1.1.0
      strigil diff me/owl-numbers@v1.0.0 releases/owl-numbers --html diff.html
      strigil diff before.jsonl after.jsonl --show-text --format json
    """
    from strigil.common.files import check_apart, write_out
    from strigil.releases.kept import check_kept
    from strigil.workflows.audit.diff.run import diff

    written = [html] if html else []
    check_apart(written, [before, after])
    check_kept(written, [before, after])
    found = diff(before, after, split=split, reading=reading, show_text=show_text)
    if html is not None:
        from strigil.cards.diff.page import difference_page

        write_out(html, difference_page(found))
    output.json(found.model_dump(mode="json"))
    _show(found, output)
    if html is not None:
        output.hint(f"next: open {html}")


def _show(found: Difference, output: Output) -> None:
    output.text(f"{_name(found.before)} -> {_name(found.after)}")
    changes = {"added": found.added, "removed": found.removed, "changed": found.changed}
    counts = [["same", str(found.same)], *([what, str(change.rows)] for what, change in changes.items())]
    output.table(f"Rows, by {found.paired_by}", ("what", "rows"), counts)
    for what, change in changes.items():
        _show_rows(what, change, output)
    columns = {"added": found.columns_added, "removed": found.columns_removed, "of another type": found.columns_changed}
    if named := [[what, ", ".join(names)] for what, names in columns.items() if names]:
        output.table("Columns", ("what", "columns"), named)
    if found.rules:
        rules = [
            [rule.rule, _count(rule.before), _count(rule.after), "another rule by now" if rule.changed else ""]
            for rule in found.rules
        ]
        output.table("Rows that each rule rejected", ("rule", "before", "after", ""), rules)
    if found.provenance:
        keys = [[item.key, _short(item.before), _short(item.after)] for item in found.provenance]
        output.table("Provenance", ("key", "before", "after"), keys)
    output.path("same" if found.empty else "different")


def _show_rows(what: str, changes: Changes, output: Output) -> None:
    if changes.first:
        rows = [[change.file, str(change.row), change.after or change.before or ""] for change in changes.first]
        output.table(f"First rows {what}", ("file", "row", "row id"), rows)
    for change in changes.first:
        for sign, text in (("-", change.text_before), ("+", change.text_after)):
            if text is not None:
                output.text(f"{sign} {_glimpse(text)}")


def _glimpse(text: str) -> str:
    """A text of a row, cut; the page and JSON have more of it."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text):,} characters)"


def _name(side: Side) -> str:
    return side.name or side.data


def _count(rows: int | None) -> str:
    return "not in the suite" if rows is None else str(rows)


def _short(value: Leaf) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
