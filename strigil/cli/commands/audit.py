"""`strigil audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strigil.cli.options import PATH, licence_option, origin_option, output_option, reading_options

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.cli.console import Output
    from strigil.data.layouts.layout import Reading
    from strigil.releases.manifest import Origin


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
    from strigil.common.files import check_apart
    from strigil.data.formats.writing import check_writable, write_table
    from strigil.parallel.ray_cluster import Ray
    from strigil.sources.open_rows import open_rows
    from strigil.workflows.audit.run import audit, release_audit
    from strigil.workflows.release.suites import suite_for

    if report is not None and out is not None:
        message = "a release that --out writes holds its report as audit/report.html; leave --report out"
        raise click.UsageError(message)
    if (licence is not None or origin is not None) and out is None:
        message = (
            f"--{'origin' if licence is None else 'licence'} is that of the release that --out writes; give --out too"
        )
        raise click.UsageError(message)
    written = [path for path in (report, write) if path is not None]
    check_apart(written, [data, *([suite] if suite else [])])
    if write is not None:
        check_writable(write)
    executor = score_here if ray is None else OnRay(Ray(actors=ray), output.note)
    with open_rows(data, "raw", reading=reading) as rows:
        chosen = suite_for(rows, suite)
        if data_docs is not None and not chosen.expectations:
            message = f"suite {chosen.name!r} has no expectations, so there is nothing for --data-docs"
            raise click.UsageError(message)
        if rows.note is not None:
            output.note(rows.note)
        if out is not None:
            release = release_audit(
                rows, chosen, out, name, output, licence=licence, origin=origin, data_docs=data_docs, executor=executor
            )
            if write is not None:
                write_table(rows.as_came(release.table("clean")), write)
            show_release(output, release)
            output.hint(f"next: strigil explain {release.path} ROW_ID")
            return
        found = audit(rows, chosen, output, data_docs=data_docs, report=report, write=write, executor=executor)
    show_audit(output, found.counts, found.audit)
    for path in written:
        output.path(str(path))
