"""`strigil rules`: what the registry knows, and docs/rules.md made from it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from strigil.audits.rules.rule import RULES
from strigil.audits.suite.describe import document
from strigil.cli.main import cli
from strigil.common.errors import ConfigError

DOCS = Path(__file__).parents[2] / "docs" / "rules.md"


def test_every_rule_is_listed_with_what_it_does() -> None:
    lines = CliRunner().invoke(cli, ["rules"]).output.splitlines()
    assert [line.split()[0] for line in lines] == RULES.names()


def test_a_rule_is_printed_with_arguments_examples_and_error_rates() -> None:
    shown = CliRunner().invoke(cli, ["rules", "row.duplicate"]).output
    assert "| `of` | `row`, `completion` | `'row'` | what must come again |" in shown
    assert "Threshold: 0.9" in shown
    assert ".970" in CliRunner().invoke(cli, ["rules", "code.unsafe"]).output


def test_an_unknown_rule_names_the_nearest() -> None:
    outcome = CliRunner().invoke(cli, ["rules", "code.unsaf"])
    assert isinstance(outcome.exception, ConfigError)
    assert outcome.exception.hint == "did you mean 'code.unsafe'?"


def test_the_docs_are_what_the_registry_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == document(), "strigil rules --markdown > docs/rules.md"
