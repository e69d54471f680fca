"""One figure for all: the rate of each arm, every training seed as a point, its mean and interval as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.files import write_out
from strigil.stats import Interval, t_interval

INK, FAINT, ACCENT = "#24292f", "#8c959f", "#0072b2"
"""Text; baseline and plain arms; the arm the figure is about (a blue that colour-blind readers can tell)."""


@dataclass(frozen=True)
class ArmRates:
    """The rates of one arm, one a training seed, between 0 and 1.

    Attributes:
        label: What the reader calls the arm.
        rates: One rate a training seed; an arm that is not trained (the base) has one.
        accent: Whether this is the arm the figure is about.
    """

    label: str
    rates: tuple[float, ...]
    accent: bool = False

    @property
    def interval(self) -> Interval:
        """Mean and 95 % t interval over the seeds; without bounds for a single one."""
        return t_interval(self.rates)


@dataclass(frozen=True)
class Baseline:
    """A rate to compare with, drawn as a dashed line."""

    label: str
    rate: float


def rates_figure(arms: Sequence[ArmRates], *, title: str, quantity: str, baseline: Baseline, path: Path) -> None:
    """Writes the figure, byte for byte the same for the same figures.

    Args:
        arms: From top to bottom.
        title: What the figure shows, in one line.
        quantity: What a rate is the rate of; the label of the horizontal axis.
        baseline: The dashed line.
        path: `.svg` or `.png`.

    Raises:
        ConfigError: If the suffix is another one.
        PrerequisiteError: If matplotlib is not installed.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in {"svg", "png"}:
        message = f"cannot draw {path}: a figure is .svg or .png"
        raise ConfigError(message, hint=f"use {path.with_suffix('.svg')}")
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
        from matplotlib.ticker import PercentFormatter
    except ImportError as missing:
        message = "figures need matplotlib, which is not installed"
        raise PrerequisiteError(message, hint='pip install "strigil[train]"') from missing

    style = {"svg.hashsalt": "strigil", "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK}
    with rc_context(style):
        figure = Figure(figsize=(7.2, 1.25 + 0.5 * len(arms)), facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        for row, arm in enumerate(arms):
            colour, interval = (ACCENT if arm.accent else FAINT), arm.interval
            if interval.low is not None and interval.high is not None:
                axes.plot(
                    [interval.low, interval.high], [row, row], color=colour, lw=9, alpha=0.25, solid_capstyle="butt"
                )
            axes.plot([interval.estimate] * 2, [row - 0.22, row + 0.22], color=colour, lw=2)
            axes.scatter(arm.rates, [row] * len(arm.rates), s=26, color=colour, edgecolor="white", lw=0.8, zorder=3)
            axes.text(
                1.02, row, _figures(interval), transform=axes.get_yaxis_transform(), va="center", color=INK, fontsize=9
            )
        axes.axvline(baseline.rate, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=0)
        axes.text(baseline.rate + 0.008, -0.62, baseline.label, color=INK, fontsize=8.5, va="center")
        axes.set_yticks(range(len(arms)), [arm.label for arm in arms], color=INK)
        axes.set(xlim=(0, 1), ylim=(len(arms) - 0.45, -0.9))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel(quantity, color=INK, fontsize=9)
        axes.tick_params(length=0, colors=INK)
        axes.grid(axis="x", color="#e6e8eb", lw=0.8)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=8)
        # Neither a date nor a version: the same figures give the same bytes.
        facts = {"Title": title, "Date": None, "Creator": None} if kind == "svg" else {"Title": title, "Software": None}
        drawn = BytesIO()
        figure.savefig(drawn, format=kind, dpi=160, metadata=facts)
    write_out(path, drawn.getvalue())


def _figures(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:.0%}"
    return f"{interval.estimate:.0%}  [{interval.low:.0%}, {interval.high:.0%}]"
