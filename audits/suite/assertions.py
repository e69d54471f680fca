"""What a suite may ask of Great Expectations: assertions that only look at the table, and arguments that are only data.

The library also takes queries, code in `row_condition` and names that it looks up elsewhere; a suite file comes from
anywhere, so whatever is not in these lists is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from strigil.audits.suite.failable import why_it_cannot_fail, why_it_cannot_pass
from strigil.audits.suite.suite import ExpectationChoice
from strigil.common.errors import ConfigError, first_line

CONDITION: Final = "row_condition"
# Above it, Great Expectations takes neighbouring integers for one number: its limits are floats.
EXACT: Final = 2**53

_BETWEEN: Final = """
max mean median min proportion_of_non_null_values proportion_of_unique_values stdev sum unique_value_count
value_lengths values
"""
_VALUES: Final = """
be_dateutil_parseable be_decreasing be_in_set be_in_type_list be_increasing be_json_parseable be_null be_of_type
be_unique match_regex match_regex_list match_strftime_format not_be_in_set not_be_null not_be_outliers not_match_regex
not_match_regex_list
"""
_OTHERS: Final = """
column_distinct_values_to_be_in_set column_distinct_values_to_contain_set column_distinct_values_to_equal_set
column_most_common_value_to_be_in_set column_pair_values_a_to_be_greater_than_b column_pair_values_to_be_equal
column_pair_values_to_be_in_set column_to_exist column_type_to_be column_value_lengths_to_equal
column_value_z_scores_to_be_less_than compound_columns_to_be_unique multicolumn_sum_to_equal
multicolumn_values_to_be_equal select_column_values_to_be_unique_within_record
table_column_count_to_be_between table_column_count_to_equal table_columns_to_match_ordered_list
table_columns_to_match_set table_row_count_to_be_between table_row_count_to_equal
"""
ASSERTIONS: Final = frozenset(
    [
        *(f"expect_column_{what}_to_be_between" for what in _BETWEEN.split()),
        *(f"expect_column_values_to_{what}" for what in _VALUES.split()),
        *(f"expect_{what}" for what in _OTHERS.split()),
    ]
)
_ARGUMENTS: Final = """
column column_A column_B column_index column_list column_set double_sided exact_match ignore_row_if match_on max_value
method min_value mostly multiplier or_equal regex regex_list row_condition strftime_format strict_max strict_min
strictly sum_total threshold ties_okay type_ type_list value value_pairs_set value_set
"""
_LIMITS: Final = frozenset({"max_value", "min_value", "sum_total", "threshold", "value"})


def check_assertion(choice: ExpectationChoice) -> None:
    """Makes sure that an expectation can do nothing but look, and can fail and pass.

    Raises:
        ConfigError: It is not one of those that a suite may have, an argument is not, or any table meets it, or none.
    """
    name = choice.expectation
    if name not in ASSERTIONS:
        message = (
            f"unknown expectation {name!r}: a suite may have those of Great Expectations that only look at a table"
        )
        raise ConfigError(message, hint="for example expect_column_values_to_match_regex; docs/security.md lists them")
    for argument, value in choice.args.items():
        if argument not in _ARGUMENTS.split():
            message = f"expectation {name!r}: a suite cannot set {argument!r}"
            hint = "row_condition is a condition of SQL here, and needs no parser" if "parser" in argument else None
            raise ConfigError(message, hint=hint)
        if any(isinstance(key, str) and key.startswith("$") for key in _keys(value)):
            message = f"expectation {name!r}: {argument} looks a value up elsewhere; write the value itself"
            raise ConfigError(message)
        if argument in _LIMITS and isinstance(value, int) and abs(value) > EXACT:
            message = f"expectation {name!r}: {argument} lies beyond 2^53, where limits lose their last digits"
            raise ConfigError(message, hint="expect_column_values_to_be_in_set compares whole numbers of any size")
    if (why := why_it_cannot_fail(choice)) is not None:
        message = f"expectation {name!r} would pass any table: {why}"
        raise ConfigError(message, hint="say what is not to be, or leave it out")
    if (why := why_it_cannot_pass(choice)) is not None:
        message = f"expectation {name!r} would pass no table: {why}"
        raise ConfigError(message, hint="say what may be, or leave it out")
    row_condition(choice)


def row_condition(choice: ExpectationChoice) -> pl.Expr | None:
    """Which rows it is about: a condition of SQL over the table's columns; None for all rows.

    Raises:
        ConfigError: It is no condition of SQL, or reads other tables.
    """
    if CONDITION not in choice.args:
        return None
    text = choice.args[CONDITION]
    place = f"expectation {choice.expectation!r}: {CONDITION}"
    hint = "a condition of SQL over the table's columns, such as \"rule = 'text.mentions' AND score > 0.5\""
    if not isinstance(text, str) or re.search(r"\bselect\b", text, re.IGNORECASE):
        message = f"{place} must be a condition over columns"
        raise ConfigError(message, hint=hint)
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        message = f"{place} is no condition of SQL: {first_line(error)[:200]}"
        raise ConfigError(message, hint=hint) from error


def judged_values(choice: ExpectationChoice, table: pl.DataFrame) -> int:
    """How many rows, or columns where it is about these, an expectation is judged by: with a value in each it names."""
    name = choice.expectation
    if name.startswith("expect_table_column") or name in {"expect_column_to_exist", "expect_column_type_to_be"}:
        return table.width
    columns = named_columns(choice, table)
    if not columns or name.endswith("_null") or "non_null" in name:
        return table.height
    return int(table.select(pl.all_horizontal(pl.col(columns).is_not_null()).sum()).item())


def named_columns(choice: ExpectationChoice, table: pl.DataFrame) -> list[str]:
    """Those of the table's columns that an expectation looks into."""
    asked = asked_columns(choice)
    return [name for name in table.columns if name in asked]


def asked_columns(choice: ExpectationChoice) -> list[object]:
    """The columns whose values an expectation is about, there or not."""
    if choice.expectation.startswith("expect_table_") or choice.expectation == "expect_column_to_exist":
        return []
    listed = choice.args.get("column_list")
    named = [choice.args[key] for key in ("column", "column_A", "column_B") if key in choice.args]
    return [*named, *(listed if isinstance(listed, list) else [])]


def _keys(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _keys(item)
