"""Expectations: assertions of Great Expectations about the clean, the removed and the verdict tables.

Rules judge rows, expectations judge tables. Great Expectations is loaded only here, and only for a suite that has any;
polars tables become pandas ones only here. What it lets pass silently is closed: an expectation about an empty table
fails, and one that could not be evaluated, or was about no value at all, is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from strigil.audits.suite.assertions import (
    CONDITION,
    EXACT,
    asked_columns,
    check_assertion,
    judged_values,
    named_columns,
    row_condition,
)
from strigil.audits.suite.suite import ExpectationChoice, TableName
from strigil.common.errors import ConfigError, first_line
from strigil.common.extras import EXPECTATIONS, needing
from strigil.data.rows import completion_text, prompt_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
        judged: Number of values that it was judged by: of lines that have one, of columns where it is about these.
    """

    choice: ExpectationChoice
    result: Result
    detail: str | None
    unexpected: int | None
    row_ids: tuple[str, ...]
    lines: int | None = None
    judged: int = 0


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
                outcomes |= _check_table(context, _flat(tables[name]), numbered)
        return tuple(outcomes[place] for place in range(len(self.choices)))


def _check_table(
    context: EphemeralDataContext, table: pl.DataFrame, choices: list[tuple[int, ExpectationChoice]]
) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    groups: dict[tuple[str, bool], list[tuple[int, ExpectationChoice]]] = {}
    for place, choice in choices:
        key = str(choice.args.get(CONDITION, "")), "_type" in choice.expectation
        groups.setdefault(key, []).append((place, choice))
    for (_, typed), asked in groups.items():
        rows, problem = _meant(table, asked[0][1])
        found = {place: problem or _obstacle(choice, rows) for place, choice in asked}
        outcomes |= {place: outcome for place, outcome in found.items() if outcome is not None}
        if open_ones := [(place, choice) for place, choice in asked if found[place] is None]:
            outcomes |= _run(context, rows, open_ones, typed=typed)
    return outcomes


def _meant(table: pl.DataFrame, choice: ExpectationChoice) -> tuple[pl.DataFrame, Outcome | None]:
    """The rows that a condition is true for."""
    condition = row_condition(choice)
    if condition is None:
        return table, None
    try:
        unclear = [name for name in condition.meta.root_names() if _not_numbers(table, name)]
        rows = table.filter(condition)
    except pl.exceptions.PolarsError as error:
        return table, Outcome(choice, "error", first_line(error), None, ())
    if unclear:
        return table, Outcome(choice, "error", f"{', '.join(unclear)} of {CONDITION} holds NaN", None, ())
    return rows, None


def _obstacle(choice: ExpectationChoice, table: pl.DataFrame) -> Outcome | None:
    """Why an expectation would pass, or fail, without having looked at the values; None if it can be asked."""
    if choice.expectation.startswith(_ROW_COUNT):
        return None
    if table.is_empty() and CONDITION not in choice.args:
        detail = f"the {choice.table} table is empty, and an expectation about nothing would pass"
        return Outcome(choice, "failed", detail, None, ())
    unclear = [name for name in named_columns(choice, table) if _not_numbers(table, name)]
    if unclear:
        detail = f"{', '.join(unclear)} holds NaN, which Great Expectations would take for a missing value"
        return Outcome(choice, "error", detail, None, ())
    if missing := [name for name in asked_columns(choice) if name not in table.columns]:
        detail = f"the {choice.table} table has no column {', '.join(map(str, missing))}"
        return Outcome(choice, "error", detail, None, ())
    if not judged_values(choice, table):
        what = "no row is left by row_condition" if table.is_empty() else "every value is missing"
        return Outcome(choice, "error", f"no value was judged: {what}", None, ())
    return None


def _not_numbers(table: pl.DataFrame, name: str) -> int:
    return int(table[name].is_nan().sum()) if name in table.columns and table[name].dtype.is_float() else 0


def _run(
    context: EphemeralDataContext, table: pl.DataFrame, choices: list[tuple[int, ExpectationChoice]], *, typed: bool
) -> dict[int, Outcome]:
    import great_expectations as gx

    # Data Docs name a run by it; several runs of one table differ by their first expectation.
    name = choices[0][1].table if not choices[0][0] else f"{choices[0][1].table}-{choices[0][0]}"
    suite: ExpectationSuite = context.suites.add(gx.ExpectationSuite(name=name))
    for place, choice in choices:
        suite.add_expectation(_build(choice, place))
    batch = (
        context.data_sources.add_pandas(name).add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    )
    definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    run = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": _to_pandas(table, typed=typed)},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]},
    )
    by_place = dict(choices)
    places = [int(result.expectation_config.meta["place"]) for result in run.results]
    return {
        place: _outcome(by_place[place], result, judged_values(by_place[place], table))
        for place, result in zip(places, run.results, strict=True)
    }


def _to_pandas(table: pl.DataFrame, *, typed: bool) -> object:
    """Keeps whole numbers what they are, where pandas would make floats of a column with nulls.

    Where no types are asked about, large numbers become Python's, which compare with floats exactly.
    """
    frame = table.to_pandas()
    for column in table:
        if not column.dtype.is_integer():
            continue
        large = column.cast(pl.Int128).abs().max()
        if typed and column.null_count():
            frame[column.name] = column.fill_null(0).to_numpy()
        elif not typed and isinstance(large, int) and large > EXACT:
            frame[column.name] = np.array(column.to_list(), dtype=object)
    return frame


def _outcome(choice: ExpectationChoice, result: ExpectationValidationResult, judged: int) -> Outcome:
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
        return Outcome(choice, "passed", None, count, rows, lines, judged)
    detail = f"{count} lines do not meet it" if count else _observed(choice, found.get("observed_value"))
    return Outcome(choice, "failed", detail, count, rows, lines, judged)


def _observed(choice: ExpectationChoice, value: object) -> str:
    """What was found instead, unless it is texts of rows, which reports and cards would repeat."""
    about_columns = choice.expectation.startswith("expect_table_column") or "_type" in choice.expectation
    if isinstance(value, int | float) or about_columns:
        return f"found {value}"
    return "found no value" if value is None else "found other values"


def _raised(info: Mapping[str, object]) -> str | None:
    """The message of the exception, if the expectation could not be evaluated; it is nested by metric."""
    if "raised_exception" in info:
        return first_line(str(info.get("exception_message"))) if info["raised_exception"] else None
    inner = [_raised(value) for value in info.values() if isinstance(value, Mapping)]
    return next((message for message in inner if message is not None), None)


def _flat(table: pl.LazyFrame) -> pl.DataFrame:
    names = table.collect_schema().names()
    texts = {"prompt": prompt_text(), "completion": completion_text()}
    return table.with_columns(texts[name].alias(name) for name in names if name in texts).collect()


def _build(choice: ExpectationChoice, place: int) -> Expectation:
    check_assertion(choice)
    with needing(EXPECTATIONS):
        from great_expectations.expectations.registry import get_expectation_impl

    args = {name: value for name, value in choice.args.items() if name != CONDITION}
    try:
        kind = get_expectation_impl(choice.expectation)
        built: Expectation = kind(**args, severity=choice.severity, meta={"place": place})
    except (TypeError, ValueError) as error:
        lines = (_CODE.sub("", line.strip()) for line in str(error).splitlines()[1:])
        problem = "; ".join(line for line in lines if line != _WHOLE) or first_line(error)
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
