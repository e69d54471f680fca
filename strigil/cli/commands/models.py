"""`strigil models`."""

from __future__ import annotations

import click

from strigil.cli.console import Output
from strigil.cli.options import output_option


@click.group()
def command() -> None:
    """Lists the models that have a name here, and fetches those that are not packaged.

    Besides these names, every recipe takes a hub id (with a revision) or a local folder.
    """


@command.command("list")
@output_option
def list_(output: Output) -> None:
    """Lists models, and whether they are here.

    \b
    Example:
      strigil models list
    """
    from strigil.audits.toxicity.published import list_classifiers
    from strigil.models.catalog import list_models

    models = [*list_models(), *list_classifiers()]
    output.json([{"id": m.id, "ready": m.ready, "path": str(m.path), "what": m.what} for m in models])
    output.table(
        "Models",
        ["model", "here", "what it is", "where"],
        [[m.id, "yes" if m.ready else f"no: strigil models fetch {m.id}", m.what, str(m.path)] for m in models],
    )


@command.command()
@click.argument("model")
@output_option
def fetch(model: str, output: Output) -> None:
    """Fetches a model from where it is published, checks its digest and converts it.

    \b
    Examples:
      strigil models fetch smollm2-135m-instruct
      strigil models fetch jigsaw-lstm
      strigil models fetch detoxify-original
    """
    from strigil.audits.toxicity.published import fetch_classifier, list_classifiers
    from strigil.common.errors import check_known
    from strigil.models.catalog import SMOLLM2
    from strigil.models.smollm2 import fetch_smollm2

    check_known("model to fetch", model, [SMOLLM2, *(status.id for status in list_classifiers())])
    path = fetch_smollm2(output) if model == SMOLLM2 else fetch_classifier(model, output)
    output.json({"model": model, "path": str(path)})
    output.path(str(path))
