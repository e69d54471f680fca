"""Results that are tables: one line to read, the table for polars, pandas and notebooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Tabular(ABC):
    """A result with a table in it; `repr` is its title, and a notebook shows the table below."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is and what it says, in a line."""

    @abstractmethod
    def to_polars(self) -> pl.DataFrame:
        """The table."""

    def to_pandas(self) -> pd.DataFrame:
        """The table, for pandas."""
        return self.to_polars().to_pandas()

    def __repr__(self) -> str:
        """The title."""
        return self.title

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.title)}</p>{self.to_polars()._repr_html_()}"  # what notebooks ask for
