"""`strigil study`."""

from __future__ import annotations

from pathlib import Path

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, out_option, output_option


@click.group()
def command() -> None:
    """Runs filter-robustness studies: which cleaning leaves how much of which trait in students.

    A study is one YAML file: docs/studies.md.
    """


_ray = click.option(
    "--ray", type=click.IntRange(min=1), metavar="ACTORS", help="Train with this many actors of a Ray cluster."
)
_workers = click.option(
    "--workers", type=click.IntRange(min=1), help="Students at a time; the study's own if not given."
)


@command.command()
@click.argument("study", type=PATH)
@_workers
@_ray
@out_option("studies")
@output_option
def run(study: Path, workers: int | None, ray: int | None, out: Path, output: Output) -> None:
    """Makes all data, trains all students, asks them all, and writes OUT/NAME/study.html, .json and .md.

    Any number of processes may run the same study, on any machines that share OUT: each makes what no other one does.
    The same command goes on where an interrupted one stopped, and makes only what a changed study changes. A cell that
    fails is in the report with its reason, the others go on, and the exit status is 1.

    \b
    Examples:
      strigil study run examples/pocket-study.yaml
      strigil study run study.yaml --workers 8 --out /data/studies --format json
      strigil study run study.yaml --ray 16 --out /shared/studies
    """
    from strigil.cli.show_study import show_study
    from strigil.common.errors import CheckFailedError
    from strigil.common.validation import load_yaml
    from strigil.parallel.workers import sized
    from strigil.workflows.study.cells import Store
    from strigil.workflows.study.recipe import StudyRecipe
    from strigil.workflows.study.run import run_and_report

    recipe = load_yaml(study, StudyRecipe)
    size = sized(recipe.workers, processes=workers, actors=ray)
    # Nodes of a cluster have working folders of their own.
    written = run_and_report(recipe, Store(out.resolve()), output, workers=size)
    show_study(output, written)
    if failed := [failure.cell for failure in written.report.failures]:
        more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
        message = f"{len(failed)} cells of the study failed: {', '.join(failed[:5])}{more}"
        raise CheckFailedError(message, hint=f"why: {written.markdown}; the same command tries them again")


@command.command()
@click.argument("study", type=PATH)
@out_option("studies")
@output_option
def report(study: Path, out: Path, output: Output) -> None:
    """Writes the reports from the cells that are there, and makes none.

    \b
    Example:
      strigil study report examples/pocket-study.yaml
    """
    from strigil.cli.show_study import show_study
    from strigil.common.validation import load_yaml
    from strigil.workflows.study.cells import Store
    from strigil.workflows.study.recipe import StudyRecipe
    from strigil.workflows.study.run import report_only

    show_study(output, report_only(load_yaml(study, StudyRecipe), Store(out)))


@command.command()
@click.argument("study", type=PATH)
@_workers
@click.option("--cells", is_flag=True, help="List every cell too.")
@click.option("--time", "measure", is_flag=True, help="Time a few steps of training here.")
@click.option("--device", help="What the study will run on: cpu, a100, h100, h200.")
@out_option("studies")
@output_option
def plan(
    study: Path, workers: int | None, *, cells: bool, measure: bool, device: str | None, out: Path, output: Output
) -> None:
    """Says what a study has to make, and what that takes in tokens, time and memory; makes nothing.

    Times come from what was made in OUT before, or else from measured speeds and the size of the bases, which need not
    be on this machine.

    \b
    Examples:
      strigil study plan examples/pocket-study.yaml
      strigil study plan examples/paper/numbers.yaml --device h200 --workers 8
    """
    from strigil.cli.show_study import show_plan
    from strigil.common.validation import load_yaml
    from strigil.parallel.workers import sized
    from strigil.workflows.study.cells import Store
    from strigil.workflows.study.plan import plan_study
    from strigil.workflows.study.recipe import StudyRecipe

    recipe = load_yaml(study, StudyRecipe)
    found = plan_study(
        recipe, Store(out), output, workers=sized(recipe.workers, processes=workers), device=device, measure=measure
    )
    show_plan(output, found, cells=cells)


@command.command()
@click.argument("study", type=PATH)
@click.option("--tasks", type=click.IntRange(min=1), default=8, show_default=True, help="Processes that work together.")
@click.option("--gpus", type=click.IntRange(min=0), default=1, show_default=True, help="GPUs for each, one a student.")
@click.option("--cpus", type=click.IntRange(min=1), default=8, show_default=True, help="Cores for each.")
@click.option("--hours", type=click.IntRange(min=1), default=24, show_default=True, help="After which Slurm ends each.")
@out_option("studies")
def slurm(study: Path, tasks: int, gpus: int, cpus: int, hours: int, out: Path) -> None:
    """Writes the script of a Slurm job array whose tasks run one study together, for sbatch, to standard output.

    OUT must be on a file system that all nodes share.

    \b
    Example:
      strigil study slurm study.yaml --tasks 16 --out /shared/studies > study.sbatch
      sbatch --partition=gpu study.sbatch
    """
    from strigil.common.validation import load_yaml
    from strigil.workflows.study.recipe import StudyRecipe
    from strigil.workflows.study.slurm import Array, sbatch_script

    script = sbatch_script(study, load_yaml(study, StudyRecipe).name, out, Array(tasks, gpus, cpus, hours))
    click.echo(script, nl=False)


@command.command()
@click.argument("study", type=PATH)
@click.argument("release", type=PATH)
@out_option("studies")
@output_option
def attach(study: Path, release: Path, out: Path, output: Output) -> None:
    """Writes the next patch version of a release, which says how much of the trait a study found left in its students.

    The release is recognised by its clean rows, whatever its name. Card, Croissant, report and changelog say it.

    \b
    Example:
      strigil study attach examples/pocket-study.yaml releases/owl-sorted
    """
    from strigil.common.validation import load_yaml
    from strigil.workflows.study.attach import attach as attach_residual
    from strigil.workflows.study.cells import Store
    from strigil.workflows.study.recipe import StudyRecipe

    reports = Store(out).reports(load_yaml(study, StudyRecipe).name)
    patched = attach_residual(reports / "study.json", release)
    residual = patched.manifest.residual
    output.json({"release": str(patched.path), "residual": None if residual is None else residual.model_dump()})
    output.path(str(patched.path))
    output.hint(f"next: strigil report {patched.path}")


@command.command()
@click.argument("study", type=PATH)
@click.argument("table", type=PATH)
@out_option("studies")
@output_option
def export(study: Path, table: Path, out: Path, output: Output) -> None:
    """Writes every student's figures into TABLE, a line a student and figure: .csv, .tsv, .jsonl or .parquet.

    STUDY is the study's file, whose report is in OUT, or a report itself: a study.json.

    \b
    Examples:
      strigil study export examples/pocket-study.yaml students.csv
      strigil study export docs/results/pocket-study.json students.parquet
    """
    from strigil.cards.study.tidy import tidy_table
    from strigil.common.validation import load_yaml
    from strigil.data.formats.writing import check_writable, write_table
    from strigil.workflows.study.cells import Store
    from strigil.workflows.study.kept import read_report
    from strigil.workflows.study.recipe import StudyRecipe

    check_writable(table)
    kept = study if study.suffix == ".json" else Store(out).reports(load_yaml(study, StudyRecipe).name) / "study.json"
    lines = tidy_table(read_report(kept))
    write_table(lines.lazy(), table)
    output.json({"table": str(table), "lines": lines.height, "columns": [*lines.columns]})
    output.path(str(table))
