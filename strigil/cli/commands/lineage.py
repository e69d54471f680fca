"""`strigil lineage`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, output_option

if TYPE_CHECKING:
    from strigil.common.canonical import Json
    from strigil.workflows.publish.lineage import Ancestor


@click.command()
@click.argument("path", metavar="RELEASE", type=PATH)
@click.option("--releases", type=PATH, help="Folder with releases by name; the one that RELEASE is in if not given.")
@output_option
def command(path: Path, releases: Path | None, output: Output) -> None:
    """Draws where a release, or a student, comes from: through its parents to the teacher and its base.

    Parents are found by name and version and recognised by their digest; one that is not on this disk is said to be
    missing.

    \b
    Examples:
      strigil lineage releases/owl-numbers
      strigil lineage students/owl-numbers-pocket-a-seed0-1f3a99c0de12 --releases releases
    """
    from strigil.workflows.publish.lineage import lineage

    root = lineage(path, releases)
    output.json(_as_json(root))
    for line in draw(root):
        output.text(line)
    if output.format == "quiet":
        output.path(root.digest)


def draw(ancestor: Ancestor, prefix: str = "", mark: str = "") -> list[str]:
    """The lineage as a tree, one line for each ancestor."""
    parts = [ancestor.kind, ancestor.name, f"({ancestor.digest[:12]})"]
    missing = "missing: " if ancestor.found is False else ""
    about = f": {missing}{ancestor.what}" if ancestor.what else ""
    lines = [prefix + mark + " ".join(parts) + about]
    inner = prefix + {"": "", "├── ": "│   ", "└── ": "    "}[mark]
    for number, origin in enumerate(ancestor.origins, start=1):
        lines += draw(origin, inner, "└── " if number == len(ancestor.origins) else "├── ")
    return lines


def _as_json(ancestor: Ancestor) -> dict[str, Json]:
    return {
        "kind": ancestor.kind,
        "name": ancestor.name,
        "digest": ancestor.digest,
        "what": ancestor.what,
        "found": ancestor.found,
        "origins": [_as_json(origin) for origin in ancestor.origins],
    }
