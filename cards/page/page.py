"""One HTML file from sections, figures and data. Nothing in it reaches out, whatever the rows in it hold.

Three things hold that: every text is escaped by the template engine or set as text by a script; a content security
policy forbids every request and every script whose digest it does not name; and texts are cut to a length.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from strigil import __version__
from strigil.cards.page.charts import Figure
from strigil.common.canonical import Json

VEGA: Final = "page/vega.js"
DRAW: Final = "page/draw.js"
BEHAVE: Final = "page/page.js"


@dataclass(frozen=True)
class Section:
    """A part of a page: a heading, and the template of what stands below it (a path below cards/)."""

    id: str
    title: str
    template: str


@dataclass(frozen=True)
class Page:
    """What a page consists of.

    Attributes:
        kind: What sort of page it is, such as "Data set report".
        title: What it is about: its first heading.
        sections: In this order; the navigation lists them.
        figures: The charts that its sections show with the macro `figure`.
        data: What its scripts read: the element of this id holds the value as JSON.
        scripts: Of its own: paths below cards/. They are one, in this order, so that later ones use what earlier ones
            name; and they run before the charts are drawn.
    """

    kind: str
    title: str
    sections: Sequence[Section]
    figures: Sequence[Figure] = ()
    data: Mapping[str, Json] = field(default_factory=dict)
    scripts: Sequence[str] = ()


def render_page(page: Page, **values: object) -> str:
    """Renders a page; `values` are what its sections' templates use, besides `page` and `figures` (by name).

    Templates have the macros of page/parts.html.j2 and the filters `number` (1,234), `percent` (12.3 %), `json` and
    `short` (a text of at most so many characters, with its length if it was cut).
    """
    own = "\n".join(_asset(name) for name in page.scripts)
    # In a function, so that none of its names is the page's.
    drawing = [f"(() => {{\n{_asset(VEGA)}\n}})();"] if page.figures else []
    scripts = [_asset(BEHAVE), *([own] if own else []), *([_asset(DRAW)] if drawing else [])]
    charts: dict[str, Json] = {figure.name: figure.drawn() for figure in page.figures}
    data = {**page.data, **({"charts": charts} if charts else {})}
    return (
        _environment()
        .get_template("page/page.html.j2")
        .render(
            page=page,
            figures={figure.name: figure for figure in page.figures},
            policy=_policy([*scripts, *drawing]),
            style=_asset("page/page.css"),
            scripts=scripts,
            drawing=drawing,
            data={name: script_json(value) for name, value in data.items()},
            strigil=__version__,
            **values,
        )
    )


def number(value: float) -> str:
    """A whole number with thousands separated, or three significant digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent; one that is neither nothing nor all is not rounded to it."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def short(text: str, length: int) -> str:
    """A text cut to a length in characters; where it was cut, its own length is said."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"


def as_json(value: Json, indent: int | None = None) -> str:
    """JSON to be read by people."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def script_json(value: Json) -> str:
    """JSON for a script element of its own: without a "<", no text in it can end that element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("strigil.cards", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, percent=percent, short=short, json=as_json)
    return environment


@cache
def _asset(name: str) -> str:
    return (files("strigil.cards") / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src {allowed}"
