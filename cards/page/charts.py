"""Charts of pages: Altair's, in the page's own colours, so that they follow it from light to dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from altair import Chart, LayerChart

    from strigil.common.canonical import Json

# Colours of page.css, by what they are for; they work wherever a chart takes a colour, but not in scales that blend.
INK: Final = "var(--ink)"
QUIET: Final = "var(--quiet)"
ACCENT: Final = "var(--accent)"
BAD: Final = "var(--bad)"
SERIES: Final = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)")
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


Mark = Literal["bar", "quiet bar", "line", "point", "dash", "band"]

# As saved pictures name them: those are in the colours of the light.
_MARKS: Final[Mapping[Mark, str]] = {
    "bar": "Blue bar",
    "quiet bar": "Grey bar",
    "line": "Line",
    "point": "Point",
    "dash": "Broken line",
    "band": "Band",
}


@dataclass(frozen=True)
class Key:
    """One line of a legend: what a mark in a chart stands for."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class Figure:
    """A chart in a page.

    Attributes:
        name: Unique within the page; letters, digits, dashes.
        title: What stands above it.
        text: What it shows, in words, for whoever does not see it.
        height: Of the whole picture, in pixels; its width is that of the place it is in.
        spec: Vega-Lite.
        rows: Its figures as a table, for whoever saves them.
        legend: What its marks stand for.
    """

    name: str
    title: str
    text: str
    height: int
    spec: dict[str, Json]
    rows: Sequence[Mapping[str, Json]] = ()
    legend: Sequence[Key] = ()

    def drawn(self) -> dict[str, Json]:
        """What draw.js reads."""
        said: list[Json] = [f"{_MARKS[key.mark]}: {key.text}" for key in self.legend]
        rows: list[Json] = [dict(row) for row in self.rows]
        return {"spec": self.spec, "title": self.title, "said": said, "rows": rows}


def figure(
    name: str,
    chart: Chart | LayerChart,
    *,
    title: str,
    text: str,
    height: int,
    rows: Sequence[Mapping[str, Json]] = (),
    legend: Sequence[Key] = (),
) -> Figure:
    """Makes a figure of an Altair chart, which needs no width, no height and no configuration of its own."""
    spec = (
        chart.properties(width="container", height=height, autosize={"type": "fit", "contains": "padding"})
        .configure(background="transparent", font=_FONT, padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            domainColor="var(--line-strong)",
            gridColor="var(--line)",
            labelColor=QUIET,
            labelFontSize=11,
            tickColor="var(--line-strong)",
            tickSize=4,
            titleColor=QUIET,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=INK, labelFontSize=11, titleColor=QUIET, titleFontSize=11, orient="top", title=None
        )
        .configure_text(color=INK, fontSize=11)
        .configure_range(category=list(SERIES))
        .to_dict()
    )
    return Figure(name, title, text, height, spec, rows, legend)
