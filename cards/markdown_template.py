"""Jinja templates of this stage, rendered with Markdown in mind."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined

from strigil.common.plain import plain_text

# An element, a comment or an instruction; a plain "less than" stays.
_OPENS: Final = re.compile(r"<(?=[A-Za-z/!?])")


def render(template: str, **values: object) -> str:
    """Renders a template; a name that it does not know is an error."""
    environment = Environment(  # noqa: S701  # Markdown, not HTML: what comes from outside goes through these filters
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_plain,
    )
    environment.filters["cell"] = table_cell
    environment.filters["fenced"] = fenced
    source = (files("strigil.cards") / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values)


class Markdown(str):
    """Text that is Markdown already, and written as it is."""

    __slots__ = ()


def table_cell(text: object) -> str:
    """Text that stays within its cell of a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").split())


def fenced(text: str) -> str:
    """A code block that the text cannot end, whatever it holds."""
    longest = max((len(run) for run in _runs_of_backticks(text)), default=0)
    fence = "`" * max(3, longest + 1)
    shown = plain_text(text, lines=True).replace("<!--", "<! --")
    return Markdown(f"{fence}text\n{shown}\n{fence}")


def in_line(text: str) -> str:
    """Text that stays on its line, opens no comment, no element and no picture, and ends no code."""
    line = plain_text(" ".join(text.split()) if "\n" in text else text)
    return _OPENS.sub("&lt;", line).replace("`", "'").replace("![", "!\\[").replace("](", "]\\(")


def _plain(value: object) -> object:
    """What a template puts in."""
    return value if isinstance(value, Markdown) or not isinstance(value, str) else in_line(value)


def _runs_of_backticks(text: str) -> list[str]:
    return [run for run in "".join(char if char == "`" else " " for char in text).split() if run]
