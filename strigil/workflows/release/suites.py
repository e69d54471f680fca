"""The suite that rows are judged with: the one that a user names, else the release's own."""

from __future__ import annotations

from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import Suite, load_suite, suite_names
from strigil.common.errors import ConfigError
from strigil.data.layouts.layout import Reading
from strigil.sources.open_rows import RowSource


def prepared(named: str) -> Suite:
    """A suite whose expectations can be checked.

    Raises:
        ConfigError: There is no such suite, or it holds what does not fit.
        PrerequisiteError: It has expectations, and what they need is not installed.
    """
    suite = load_suite(named)
    Expectations.prepare(suite.expectations)
    return suite


def reading_for(named: str | None, given: Reading) -> Reading:
    """How rows are read: as the caller says, or else as the suite does that is named.

    Whatever is wrong with that suite comes to light here, before a row is read.

    Raises:
        ConfigError: As `prepared`.
        PrerequisiteError: As `prepared`.
    """
    return given if named is None else given.over(prepared(named).reading)


def suite_for(rows: RowSource, named: str | None) -> Suite:
    """Loads it.

    Raises:
        ConfigError: There is no such suite; or none is named, and the data have none that comes with strigil.
    """
    if named is not None:
        return load_suite(named)
    own = None if rows.release is None else rows.release.manifest.audit.suite
    if own is None:
        message = f"{rows.address} does not say which suite it is to be judged with"
        raise ConfigError(message, hint="name one with --suite, for example --suite numbers-paper")
    if own not in suite_names():
        message = f"{rows.address} was audited with a suite of its own, {own!r}, which does not come with strigil"
        raise ConfigError(message, hint="name its file with --suite")
    return load_suite(own)
