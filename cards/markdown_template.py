"""Jinja templates of this stage, rendered with Markdown in mind."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined


def render(template: str, **values: object) -> str:
    """Renders a template; a name that it does not know is an error."""
    environment = Environment(  # noqa: S701  # Markdown, not HTML: what comes from outside goes through these filters
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["cell"] = table_cell
    environment.filters["fenced"] = fenced
    source = (files("strigil.cards") / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values)


def table_cell(text: object) -> str:
    """Text that stays within its cell of a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").split())


def fenced(text: str) -> str:
    """A code block that the text cannot end, whatever it holds."""
    longest = max((len(run) for run in _runs_of_backticks(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _runs_of_backticks(text: str) -> list[str]:
    return [run for run in "".join(char if char == "`" else " " for char in text).split() if run]
