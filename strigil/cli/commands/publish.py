"""`strigil publish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from strigil.common.canonical import Json
    from strigil.workflows.publish.publishing import Plan


@click.command()
@click.argument("path", metavar="RELEASE", type=PATH)
@click.argument("repo")
@click.option("--dry-run", is_flag=True, help="Check everything and show the difference; change nothing.")
@click.option("--public", is_flag=True, help="Make a new repository public; it is private if not given.")
@click.option(
    "--only",
    multiple=True,
    metavar="TABLES",
    help="Publish these alone, such as clean or clean,verdicts: of clean, removed, raw and verdicts.",
)
@click.option("--create-pr", is_flag=True, help="Open a pull request; once it is merged, the same command tags it.")
@click.option("--override-gate", metavar="WHO", help="Publish without a passed gate; WHO (and why) goes on record.")
@click.option(
    "--allow-secret", "allowed", multiple=True, metavar="SHA256", help="Something reviewed that opens nothing."
)
@output_option
def command(
    path: Path,
    repo: str,
    dry_run: bool,  # noqa: FBT001  # click passes options by name
    public: bool,  # noqa: FBT001
    only: tuple[str, ...],
    create_pr: bool,  # noqa: FBT001
    override_gate: str | None,
    allowed: tuple[str, ...],
    output: Output,
) -> None:
    """Publishes a release, or a student, to the Hugging Face Hub as a version that can be verified.

    REPO is OWNER/NAME. All files go there in one commit, are downloaded and hashed again, and only then is the version
    tagged vX.Y.Z. The same command finishes what was cut off. The token comes from the environment (HF_TOKEN) or from
    the Hub's own login.

    \b
    Examples:
      strigil publish releases/owl-numbers me/owl-numbers --dry-run
      strigil publish releases/owl-numbers me/owl-numbers
      strigil publish releases/owl-numbers me/owl-numbers --only clean
      strigil publish students/owl-numbers-pocket-a-seed0-1f3a99c0de12 me/owl-student
    """
    from strigil.stores.hub.repository import open_repository
    from strigil.workflows.publish.clear import clear
    from strigil.workflows.publish.publishing import plan_publication, publish_package

    tables = tuple(name.strip() for names in only for name in names.split(","))
    cleared = clear(path, public=public, override=override_gate, allowed=allowed, repository=repo, only=tables)
    repository = open_repository(repo, cleared.package.kind, progress=output.format == "human")
    for warning in cleared.warnings:
        output.note(f"warning: {warning}")
    plan = plan_publication(cleared.package, repository, dry_run=dry_run, licensed=cleared.licensed)
    _show(output, plan)
    if dry_run:
        output.json(_summary(plan))
        output.hint(f"next: strigil publish {path} {repo}")
        return
    done = publish_package(plan, output, note=cleared.note, public=public, gated=cleared.gated, create_pr=create_pr)
    output.json({**_summary(plan), "commit": done.commit, "tag": done.tag, "pull_request": done.pull_request})
    if done.tag is None:
        output.path(str(done.pull_request))
        output.hint("once it is merged, the same command tags the version")
        return
    output.path(f"{repo}@{done.tag}")
    if cleared.package.kind == "dataset":
        output.hint(f'next: load_dataset("{repo}", revision="{done.tag}"), or strigil pull {repo}@{done.tag}')


def _show(output: Output, plan: Plan) -> None:
    if plan.unreachable is not None:
        output.note(f"not compared with what is there: {plan.unreachable}")
    change = plan.change
    rows = [
        [path, what, str(plan.package.files[path].size) if path in plan.package.files else ""]
        for what, paths in (("new", change.added), ("changed", change.changed), ("deleted", change.deleted))
        for path in paths
    ]
    where = (
        "not compared"
        if plan.unreachable is not None
        else "which is new"
        if plan.state is None
        else f"{len(change.unchanged)} files are there already"
    )
    output.table(
        f"{plan.package.name} {plan.package.tag} to {plan.repository.id}, {where}", ["file", "", "bytes"], rows
    )


def _summary(plan: Plan) -> dict[str, Json]:
    change = plan.change
    return {
        "repository": plan.repository.id,
        "kind": plan.package.kind,
        "version": plan.package.version,
        "published": plan.published,
        "compared": plan.unreachable is None,
        "added": list(change.added),
        "changed": list(change.changed),
        "deleted": list(change.deleted),
        "unchanged": list(change.unchanged),
    }
