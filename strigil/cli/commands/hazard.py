"""`strigil hazard`."""

from __future__ import annotations

import click

from strigil.cli.console import Output
from strigil.cli.options import output_option


@click.command()
@click.argument("teacher")
@click.argument("student")
@output_option
def command(teacher: str, student: str, output: Output) -> None:
    """Says whether two models share weights, so that a trait of the one can pass to the other through data.

    TEACHER is the base that wrote the rows, STUDENT the model that they are meant to train: a packaged or fetched
    model, a folder, or a Hub id. Exit status 1 if they share weights or an ancestor.

    \b
    Examples:
      strigil hazard pocket-a pocket-b
      strigil hazard Qwen/Qwen2.5-7B Qwen/Qwen2.5-7B-Instruct --format json
    """
    from strigil.common.errors import CheckFailedError
    from strigil.models.catalog import resolve_model
    from strigil.models.weight_similarity import compare_models

    found = compare_models(resolve_model(teacher).path, resolve_model(student).path)
    output.json(
        {
            "teacher": teacher,
            "student": student,
            "hazard": found.hazard,
            "relation": found.relation,
            "reason": found.reason,
            "tensors": found.tensors,
            "equal": found.equal,
            "correlation": found.correlation,
        }
    )
    if found.hazard:
        message = f"{teacher} and {student}: {found.relation} ({found.reason})"
        raise CheckFailedError(message, hint=f"measure what {student} takes over from these rows before you train it")
    output.text(f"{teacher} and {student}: {found.relation} ({found.reason})")
