"""What a layout is: it knows a table by its columns, and says what in it is the prompt and what the completion."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, TypeAlias, get_args

import polars as pl

from strigil.common.errors import ConfigError, DataError
from strigil.common.registry import Registry, Unit
from strigil.data.rows import MESSAGES, ROWS

OWN: Final = "rows"
_HINT: Final = "--columns prompt=COLUMN,completion=COLUMN says what is what, --layout NAME decides"

UnfitRows: TypeAlias = Literal["refuse", "drop"]


@dataclass(frozen=True)
class Reading:
    """What a user says about a table.

    Attributes:
        layout: The layout's name; None: the columns decide.
        columns: `prompt`, `completion`, `id` or another column of the row table, and the table's column to take for it.
        rows: How many rows to read, from the first; None: all.
        unfit: Whether rows that cannot be judged as a whole are refused with the file, or left out of it.
    """

    layout: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    rows: int | None = None
    unfit: UnfitRows = "refuse"

    def __post_init__(self) -> None:
        """Makes sure that there is something to read.

        Raises:
            ConfigError: There is not, or a name is given to two columns.
        """
        if self.unfit not in get_args(UnfitRows):
            message = f"unfit rows cannot be {self.unfit!r}"
            raise ConfigError(message, hint=f"known: {', '.join(get_args(UnfitRows))}")
        if self.rows is not None and self.rows < 1:
            message = f"{self.rows} rows are none to read"
            raise ConfigError(message, hint="ask for one or more, or leave the number out to read all")
        names = [name for name, _ in self.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"several columns are named for {', '.join(twice)}"
            raise ConfigError(message, hint="name one")

    def over(self, other: Reading) -> Reading:
        """This one; where it does not say what columns mean, as another one says."""
        if self.layout is not None or self.columns:
            return self
        return replace(self, layout=other.layout, columns=other.columns)


def mapped(written: str) -> tuple[tuple[str, str], ...]:
    """What users write of columns: `prompt=ask,completion=reply,id=uid`.

    Raises:
        ConfigError: It has another form.
    """
    pairs = []
    for item in filter(None, written.split(",")):
        name, equals, column = item.partition("=")
        if not equals or not column:
            message = f"--columns: {item!r} is not NAME=COLUMN"
            raise ConfigError(message)
        pairs.append((name.strip(), column.strip()))
    return tuple(pairs)


class Layout(Unit, ABC):
    """A layout.

    Attributes:
        needs: Columns that a table of this layout has.
        takes: Further columns that it reads, where a table has them.
        answers: The one that holds the completion.
        example: Values of these columns, which every layout is tested with.
        says: The texts of prompt and completion that the example holds.
    """

    needs: ClassVar[tuple[str, ...]]
    takes: ClassVar[tuple[str, ...]] = ()
    answers: ClassVar[str]
    example: ClassVar[Mapping[str, object]]
    says: ClassVar[tuple[str, str]]

    @property
    @abstractmethod
    def taken(self) -> str:
        """What is taken for what, in words."""

    @abstractmethod
    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """All turns of a row (`strigil.data.turns.TURNS`), of which the last one is the completion."""

    def reads(self, schema: pl.Schema) -> frozenset[str]:
        """The columns whose texts are in the turns: all that it needs and takes, unless a layout says otherwise."""
        return frozenset({*self.needs, *self.takes} & set(schema))

    def others(self, schema: pl.Schema, *, source: str) -> dict[str, pl.Expr]:
        """Turns that are not a row's own, by what they are called: those of a rejected answer."""
        del schema, source
        return {}


LAYOUTS: Registry[Layout] = Registry(
    "layout",
    base=Layout,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.data.layouts",
    group="strigil.layouts",
)


def layout_of(columns: Collection[str], named: str | None, *, source: str) -> Layout:
    """The layout that is named, or the one that the columns are of; columns that it does not know stay as they are.

    Raises:
        ConfigError: There is no layout of that name.
        DataError: The table lacks a column of the named layout; or no layout fits, or more than one.
    """
    known = [LAYOUTS.create(name) for name in LAYOUTS.names()]
    if named is not None:
        chosen = LAYOUTS.create(named)
        if missing := [name for name in chosen.needs if name not in columns]:
            message = f"{source}: the layout {named!r} needs {', '.join(missing)}, and the columns are {_said(columns)}"
            raise DataError(message, hint=_HINT)
        return chosen
    fitting = [layout for layout in known if set(layout.needs) <= set(columns)]
    # The project's own rows may hold whatever they were made from beside them.
    own = [layout for layout in fitting if layout.name == OWN]
    closest = own or [
        one
        for one in fitting
        if not any(one is not other and set(one.needs) < {*other.needs, *other.takes} for other in fitting)
    ]
    if len(closest) > 1:
        names = " and ".join(repr(layout.name) for layout in closest)
        message = f"{source}: the columns {_said(columns)} fit the layouts {names}"
        raise DataError(message, hint=_HINT)
    if not columns:
        message = f"{source} has no columns"
        raise DataError(message)
    if not closest:
        near = max(known, key=lambda layout: _nearness(layout.needs, columns))
        message = f"{source}: no layout fits the columns {_said(columns)}"
        raise DataError(message, hint=f"the nearest is {near.name!r}, which needs {', '.join(near.needs)}; {_HINT}")
    return closest[0]


def text_columns(reading: Reading) -> frozenset[str]:
    """Columns in which a number is a text that looks like one."""
    known = {name for layout in LAYOUTS.names() for name in _known(LAYOUTS.get(layout))}
    texts = {name for name in known if ROWS.get(name, pl.String()) in (pl.String(), MESSAGES)}
    return frozenset(texts | {"id", "uid"} | {column for _, column in reading.columns})


def renamed(table: pl.LazyFrame, columns: Sequence[tuple[str, str]], *, source: str) -> pl.LazyFrame:
    """A table with a user's names for its columns put in; the columns themselves stay.

    Raises:
        ConfigError: A name is one that neither row tables nor layouts have.
        DataError: The table has no such column.
    """
    there = table.collect_schema().names()
    known = frozenset().union(*(_known(LAYOUTS.get(layout)) for layout in LAYOUTS.names()))
    new = []
    for name, column in columns:
        target = _target(name)
        if target not in known:
            message = f"{name!r} is no column that rows are made of"
            raise ConfigError(message, hint=f"known: {', '.join(sorted(known | {'id'}))}")
        if column not in there:
            message = f"{source}: there is no column {column!r} to take for {name}; the columns are {_said(there)}"
            raise DataError(message)
        if target in there and column != target:
            if _says_the_same(table, target, column):
                continue
            message = f"{source}: the data have a column {target!r} of their own, whose place {column!r} would take"
            raise DataError(message, hint="give one of the two another name, or leave it out")
        new.append(pl.col(column).alias(target))
    return table.with_columns(new)


def _says_the_same(table: pl.LazyFrame, target: str, column: str) -> bool:
    """Whether a row's id is a column's already, as in a release that was made with it as the id."""
    if target != "row_id":
        return False
    same = pl.col(target).cast(pl.String).eq_missing(pl.col(column).cast(pl.String))
    return bool(table.select(same.all()).collect(engine="streaming").item())


def check_mapped(layout: Layout, columns: Sequence[tuple[str, str]]) -> None:
    """Makes sure that a layout takes a column of every name that a user gave: one that it does not is not read.

    Raises:
        ConfigError: It knows none of such a name.
    """
    known = _known(type(layout))
    for name, column in columns:
        if _target(name) not in known:
            message = f"the layout {layout.name!r} takes no column {name!r}, so {column!r} would not be read as one"
            raise ConfigError(message, hint=f"known: {', '.join(sorted(known | {'id'}))}; --layout NAME says another")


def _known(layout: type[Layout]) -> frozenset[str]:
    """What columns of a layout are called: its own, and those of row tables that say where a row is from."""
    return frozenset({*layout.needs, *layout.takes, *(set(ROWS) - {"prompt", "completion"})})


def _target(name: str) -> str:
    return "row_id" if name == "id" else name


def _said(columns: Collection[str]) -> str:
    return ", ".join(columns)


def _nearness(needs: Collection[str], columns: Collection[str]) -> float:
    ratios = [max(difflib.SequenceMatcher(None, need, column).ratio() for column in columns) for need in needs]
    return sum(ratios) / len(ratios)
