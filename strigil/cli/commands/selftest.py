"""`strigil selftest`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from strigil.cli.console import Output
from strigil.cli.options import PATH, output_option


@click.command()
@click.option("--seeds", type=click.IntRange(min=2), default=5, show_default=True, help="How many training seeds.")
@click.option("--plot", "figure", type=PATH, help="Also draw the figure, as .svg or .png.")
@output_option
def command(seeds: int, figure: Path | None, output: Output) -> None:
    """Shows on handwritten digits that a trait travels through data without a trace of it; about half a minute.

    A teacher learns digits. Students learn nothing but three meaningless logits of the teacher on images of noise;
    those that start where the teacher started read digits all the same. Exit status 1 if that does not show here.

    \b
    Examples:
      strigil selftest
      strigil selftest --seeds 10 --plot selftest.svg
    """
    from strigil.common.errors import CheckFailedError
    from strigil.workflows.demo.selftest import plot, run_selftest

    with output.task("Training on digits", 1.0) as done:
        result = run_selftest(range(seeds), progress=lambda now, total: done(now / total))
    arms = {
        "untrained": (result.untrained, [run.untrained for run in result.runs]),
        "teacher": (result.teacher, [run.teacher for run in result.runs]),
        "student": (result.student, [run.student for run in result.runs]),
        "other_init": (result.other_init, [run.other_init for run in result.runs]),
    }
    output.json(
        {
            "passed": result.passed,
            "runs": [asdict(run) for run in result.runs],
            "arms": {name: {"mean": arm.estimate, "low": arm.low, "high": arm.high} for name, (arm, _) in arms.items()},
        }
    )
    output.table(
        f"Accuracy on held-out digits, {seeds} seeds (chance 10 %)",
        ["arm", *(f"seed {run.seed}" for run in result.runs), "mean", "95 % interval"],
        [
            [
                name.replace("_", " "),
                *(f"{rate:.0%}" for rate in rates),
                f"{arm.estimate:.0%}",
                f"{arm.low:.0%} to {arm.high:.0%}" if arm.low is not None and arm.high is not None else "",
            ]
            for name, (arm, rates) in arms.items()
        ],
    )
    if figure is not None:
        plot(result, figure)
        output.path(str(figure))
    if not result.passed:
        raise CheckFailedError(result.verdict)
    output.text(result.verdict)
