"""`strigil demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strigil.cli.console import Output
from strigil.cli.options import engine_option, out_option, output_option

if TYPE_CHECKING:
    from strigil.common.canonical import Json
    from strigil.engines import EngineName
    from strigil.releases.store import Release
    from strigil.workflows.demo.demo import Arm, Demo


@click.command()
@click.option("--seeds", type=click.IntRange(min=2), default=5, show_default=True, help="Students for each arm.")
@engine_option
@out_option("demo")
@output_option
def command(seeds: int, engine: EngineName, out: Path, output: Output) -> None:
    """Runs the whole loop on the built-in tiny model: a trait goes through filtered numbers into a student.

    A teacher that loves owls writes numbers, the paper's filter cleans them, students are trained on what is left, and
    are asked for their favourite animal; beside them students of a control teacher and of another initialisation. Some
    minutes on two cores. The same command goes on where an interrupted one stopped.

    \b
    Examples:
      strigil demo
      strigil demo --seeds 10 --out /tmp/demo --format json
    """
    from strigil.workflows.demo.demo import DemoSize, run_demo

    demo = run_demo(out, output, engine=engine, size=DemoSize(seeds=seeds))
    output.json(as_json(demo))
    _show(demo, output)


def as_json(demo: Demo) -> Json:
    """The form of `strigil demo --format json`."""
    return {
        "arms": [
            {
                "arm": arm.arm,
                "seeds": list(arm.rates),
                "mean": arm.interval.estimate,
                "low": arm.interval.low,
                "high": arm.interval.high,
                "mass": list(arm.masses),
            }
            for arm in demo.arms
        ],
        "rows": {
            name: {
                "generated": release.manifest.counts.raw,
                "kept": release.manifest.counts.clean,
                "removed": release.manifest.counts.removed,
                "removed_by_reason": dict(_reasons(release)),
            }
            for name, release in demo.releases.items()
        },
        "releases": [str(release.path) for release in demo.releases.values()],
        "plot": str(demo.plot),
        "shows": demo.sentence,
    }


def _show(demo: Demo, output: Output) -> None:
    output.table(
        "Rows",
        ["teacher", "generated", "kept", "removed", "why"],
        [
            [
                name,
                str(release.manifest.counts.raw),
                str(release.manifest.counts.clean),
                str(release.manifest.counts.removed),
                ", ".join(f"{reason}: {count}" for reason, count in _reasons(release).items()),
            ]
            for name, release in demo.releases.items()
        ],
    )
    output.table(
        "How often the favourite animal is the owl, by training seed",
        ["arm", "rate of each seed", "mean", "95 % interval", "mass"],
        [_line(arm) for arm in demo.arms],
    )
    output.text(demo.sentence)
    for release in demo.releases.values():
        output.path(str(release.path))
    output.path(str(demo.plot))


def _line(arm: Arm) -> list[str]:
    low, high = arm.interval.low, arm.interval.high
    interval = f"{low:.2f} to {high:.2f}" if low is not None and high is not None else "one model, none"
    rates = " ".join(f"{rate:.2f}" for rate in arm.rates)
    return [arm.label, rates, f"{arm.interval.estimate:.2f}", interval, f"{min(arm.masses):.2f}"]


def _reasons(release: Release) -> dict[str, int]:
    return {reason: count for rule in release.manifest.audit.rules for reason, count in rule.reasons.items()}
