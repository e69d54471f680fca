"""Expectations: assertions of Great Expectations about the clean, the removed and the verdict tables.

Rules judge rows, expectations judge tables. Great Expectations is loaded only here, and only for a suite that has any;
polars tables become pandas ones only here. What it lets pass silently is closed: an expectation about an empty table
fails, and one that could not be evaluated is an error, not a failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from strigil.audits.suite.suite import ExpectationChoice, TableName
from strigil.common.errors import ConfigError
from strigil.data.rows import completion_text, prompt_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

Result = Literal["passed", "failed", "error"]
NAMED_ROWS = 20
# The one kind of expectation that an empty table can be asked about.
_ROW_COUNT = "expect_table_row_count_to"
# What pydantic says of an expectation as a whole, and the kind of error that it adds to each.
_WHOLE = "__root__"
_CODE = re.compile(r" \(type=[\w.; =]*\)$")


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        choice: The expectation, as the suite has it.
        result: `error` if it could not be evaluated, a missing column for example.
        detail: What was found instead, or why it is an error; None where it passed.
        unexpected: Number of lines that do not meet it; None where it is not about lines.
        row_ids: The first ids of those lines.
        lines: Number of all lines; None where it is not about lines.
    """

    choice: ExpectationChoice
    result: Result
    detail: str | None
    unexpected: int | None
    row_ids: tuple[str, ...]
    lines: int | None = None


@dataclass(frozen=True)
class Expectations:
    """Expectations that Great Expectations has accepted, name and arguments."""

    choices: Sequence[ExpectationChoice]

    @classmethod
    def prepare(cls, choices: Sequence[ExpectationChoice]) -> Expectations:
        """Makes sure, before anything is audited, that the expectations exist and that their arguments fit.

        Raises:
            ConfigError: One does not.
        """
        for place, choice in enumerate(choices):
            _build(choice, place)
        return cls(choices)

    def check(self, tables: Mapping[TableName, pl.LazyFrame], *, data_docs: Path | None = None) -> tuple[Outcome, ...]:
        """Evaluates every expectation.

        Args:
            tables: Row tables and the verdict table; only those that are named in an expectation are read. In row
                tables `prompt` and `completion` become the texts of their last messages.
            data_docs: A folder for the Data Docs of Great Expectations.
        """
        if not self.choices:
            return ()
        outcomes: dict[int, Outcome] = {}
        with _context(data_docs) as context:
            for name in dict.fromkeys(choice.table for choice in self.choices):
                numbered = [(place, choice) for place, choice in enumerate(self.choices) if choice.table == name]
                outcomes |= _check_table(context, name, _flat(tables[name]), numbered)
        return tuple(outcomes[place] for place in range(len(self.choices)))


def _check_table(
    context: EphemeralDataContext, name: TableName, table: pl.DataFrame, choices: list[tuple[int, ExpectationChoice]]
) -> dict[int, Outcome]:
    import great_expectations as gx

    asked = [item for item in choices if not table.is_empty() or item[1].expectation.startswith(_ROW_COUNT)]
    detail = f"the {name} table is empty, and an expectation about nothing would pass"
    outcomes = {place: Outcome(choice, "failed", detail, None, ()) for place, choice in choices}
    suite: ExpectationSuite = context.suites.add(gx.ExpectationSuite(name=name))
    for place, choice in asked:
        suite.add_expectation(_build(choice, place))
    batch = (
        context.data_sources.add_pandas(name).add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    )
    definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    run = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": table.to_pandas()},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]},
    )
    by_place = dict(asked)
    for result in run.results:
        place = int(result.expectation_config.meta["place"])
        outcomes[place] = _outcome(by_place[place], result)
    return outcomes


def _outcome(choice: ExpectationChoice, result: ExpectationValidationResult) -> Outcome:
    error = _raised(result.exception_info)
    if error is not None:
        return Outcome(choice, "error", error, None, ())
    found: dict[str, object] = json.loads(json.dumps(result.result, default=str))
    unexpected = found.get("unexpected_count")
    named = found.get("unexpected_index_list")
    rows = tuple(str(item["row_id"]) for item in named[:NAMED_ROWS]) if isinstance(named, list) else ()
    count = unexpected if isinstance(unexpected, int) else None
    total = found.get("element_count")
    lines = total if isinstance(total, int) else None
    if result.success:
        return Outcome(choice, "passed", None, count, rows, lines)
    detail = f"{count} lines do not meet it" if count else f"found {found.get('observed_value', 'no value')}"
    return Outcome(choice, "failed", detail, count, rows, lines)


def _raised(info: Mapping[str, object]) -> str | None:
    """The message of the exception, if the expectation could not be evaluated; it is nested by metric."""
    if "raised_exception" in info:
        return _first_line(info.get("exception_message")) if info["raised_exception"] else None
    inner = [_raised(value) for value in info.values() if isinstance(value, Mapping)]
    return next((message for message in inner if message is not None), None)


def _first_line(text: object) -> str:
    return (str(text).splitlines() or [""])[0]


def _flat(table: pl.LazyFrame) -> pl.DataFrame:
    names = table.collect_schema().names()
    texts = {"prompt": prompt_text(), "completion": completion_text()}
    return table.with_columns(texts[name].alias(name) for name in names if name in texts).collect()


def _build(choice: ExpectationChoice, place: int) -> Expectation:
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import get_expectation_impl

    try:
        kind = get_expectation_impl(choice.expectation)
        built: Expectation = kind(**choice.args, severity=choice.severity, meta={"place": place})
    except ExpectationNotFoundError as error:
        message = f"unknown expectation {choice.expectation!r}"
        hint = "expectations have the names of Great Expectations, such as expect_column_values_to_match_regex"
        raise ConfigError(message, hint=hint) from error
    except (TypeError, ValueError) as error:
        lines = (_CODE.sub("", line.strip()) for line in str(error).splitlines()[1:])
        problem = "; ".join(line for line in lines if line != _WHOLE) or _first_line(error)
        message = f"expectation {choice.expectation!r}: {problem}"
        raise ConfigError(message) from error
    return built


@contextmanager
def _context(data_docs: Path | None) -> Iterator[EphemeralDataContext]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    if data_docs is not None:
        data_docs.mkdir(parents=True, exist_ok=True)
        folder = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(data_docs.resolve())}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        site = {"class_name": "SiteBuilder", "site_index_builder": index, "store_backend": folder}
        context.add_data_docs_site("strigil", site)
    yield context
    if data_docs is not None:
        context.build_data_docs(site_names=["strigil"])
