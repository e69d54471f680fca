"""`strigil audit`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from strigil.cli.options import PATH, licence_option, origin_option, output_option, reading_options

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output
    from strigil.data.layouts.layout import Reading, UnfitRows
    from strigil.releases.manifest import Origin
    from strigil.releases.store import Release

# Of a digest, which strigil gives rows that have no id, so much tells a row from others and can be typed.
_DIGEST: Final = 64
_SHORT: Final = 12


@click.command()
@click.argument("data")
@click.option("--suite", help="A suite's name or YAML file; a release's own suite if not given.")
@click.option("--out", type=PATH, help="Write the audited data as a release below this folder.")
@click.option("--name", help="Name of the release that --out writes; the data's own name if not given.")
@licence_option
@origin_option
@click.option("--data-docs", type=PATH, help="Write the Data Docs of the suite's expectations into this folder.")
@click.option("--report", type=PATH, help="Write the report into this HTML file; a release that --out writes has one.")
@click.option("--write", type=PATH, help="Write the clean rows into this file (.jsonl, .parquet, …), as they came.")
@click.option(
    "--ray", type=click.IntRange(min=1), metavar="ACTORS", help="Score with this many actors of a Ray cluster."
)
@click.option(
    "--unfit",
    type=click.Choice(["refuse", "drop"]),
    default="refuse",
    show_default=True,
    help="Rows that nobody can judge, chats without an answer or with pictures: refuse the data, or leave them out.",
)
@reading_options
@output_option
def command(
    data: str,
    suite: str | None,
    out: Path | None,
    name: str | None,
    licence: str | None,
    origin: Origin | None,
    data_docs: Path | None,
    report: Path | None,
    write: Path | None,
    ray: int | None,
    unfit: UnfitRows,
    reading: Reading,
    output: Output,
) -> None:
    """Scores every row with every rule of a suite, and tells what would be removed and why.

    DATA is what strigil gate reads: a release folder, a file of rows of any size, a folder or a quoted glob of such
    files, OWNER/NAME@REVISION:CONFIG/SPLIT on the Hub, or s3://BUCKET/KEY.
    Of a release all raw rows are read. Nothing is changed; with --out the split into clean and removed rows becomes a
    new release whose parent is the old one.

    \b
    Examples:
      strigil audit releases/owl-numbers
      strigil audit rows.parquet --suite numbers-paper --format json
      strigil audit 'data/*.jsonl.gz' --suite numbers-paper --report report.html
      strigil audit chats.jsonl --suite text --write clean.jsonl
      strigil audit releases/owl-numbers --suite my-suite.yaml --out releases
    """
    from strigil.audits.suite.executors import OnRay, score_here
    from strigil.cli.show import show_audit, show_release
    from strigil.parallel.ray_cluster import Ray
    from strigil.sources.open_rows import open_rows
    from strigil.workflows.audit.run import Wanted, audit
    from strigil.workflows.release.suites import reading_for

    wanted = Wanted(suite, out, name, licence, origin, report, write, data_docs)
    wanted.check([data])
    executor = score_here if ray is None else OnRay(Ray(actors=ray), output.note)
    with open_rows(data, "raw", reading=replace(reading_for(suite, reading), unfit=unfit)) as rows:
        if rows.note is not None:
            output.note(rows.note)
        found = audit(rows, wanted, output, executor=executor)
    if found.release is not None:
        show_release(output, found.release)
        for row_id in _first_rejected(found.release):
            output.hint(f"next: strigil explain {found.release.path} {shlex.quote(row_id)}")
        return
    show_audit(output, found.counts, found.audit)
    for path in wanted.files:
        output.path(str(path))
    output.hint("next: the same command with --out releases makes a release of it: rows, verdicts, report and card")


def _first_rejected(release: Release) -> list[str]:
    """What `explain` takes as the first rejected row, or as the first one where none was; empty without rows."""
    first = release.verdicts().select("row_id", "rejected").sort("rejected", descending=True, maintain_order=True)
    ids = first.head(1).collect()["row_id"]
    return [row_id[:_SHORT] if len(row_id) == _DIGEST else row_id for row_id in ids]
