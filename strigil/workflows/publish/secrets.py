"""Secrets in what is about to be published: every file of a package, and of tables every column, name and role."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import polars as pl

from strigil.audits.texts.look_alikes import unhidden
from strigil.audits.texts.personal import SIGNS, mail_addresses, telephone_numbers
from strigil.audits.texts.secrets import may_hold_secrets, secrets
from strigil.data.streams import iter_batches
from strigil.data.texts import texts_in
from strigil.stores.hub.package import Package, PackageFile

_PERSONAL: Final = {"mail address": mail_addresses, "telephone number": telephone_numbers}
# What JSON, and a script within a page, write instead of the character that would stand before a key.
_ESCAPES: Final = {"\\n": "\n", "\\t": "\t", "\\r": "\r", '\\"': '"', "\\/": "/", "\\u003c": "<", "\\u0026": "&"}
_WEIGHTS: Final = ".safetensors"
_HEADER: Final = 1 << 20
_TEXT: Final = pl.col("text")
# A digest alone, which most ids are, is nobody's secret.
_WORTH_A_LOOK: Final = (may_hold_secrets(_TEXT) | _TEXT.str.contains(SIGNS)) & ~_TEXT.str.contains("^[0-9a-f]{64}$")


@dataclass(frozen=True)
class Finding:
    """Something that should perhaps not leave this machine; `kind` says what, and nothing repeats it.

    Attributes:
        where: The table and the row, or the file.
        kind: Such as "GitHub token".
        sha256: Of it; whoever has reviewed it allows it by this.
        personal: Whether it leads to a person instead of opening something: models make such things up all the time.
    """

    where: str
    kind: str
    sha256: str
    personal: bool

    def __str__(self) -> str:
        """One line."""
        return f"{self.where}: {self.kind}"


def find_secrets(package: Package, allowed: Collection[str] = ()) -> list[Finding]:
    """What a package's files hold, but for what was allowed by its SHA-256."""
    # What is in clean or removed rows is in the raw ones too, and is named by the former.
    files = sorted(package.files.items(), key=lambda item: ("/raw/" in item[0], item[0]))
    found = [finding for name, file in files for finding in _in_file(name, file)]
    return [finding for finding in found if finding.sha256 not in allowed]


def _in_file(name: str, file: PackageFile) -> Iterator[Finding]:
    if isinstance(file.source, Path) and name.endswith(".parquet"):
        yield from _in_table(file.source, str(PurePosixPath(name).parent))
        return
    data = file.source if isinstance(file.source, bytes) else _read(file.source)
    text = data.decode("utf-8", errors="replace")
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    yield from _in_text(text, name)


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEADER) if path.suffix == _WEIGHTS else stream.read()


def _in_table(path: Path, name: str) -> Iterator[Finding]:
    frame = pl.scan_parquet(path)
    schema = frame.collect_schema()
    yield from _in_text("\n".join([str(schema), *pl.read_parquet_metadata(path).values()]), f"{name}, names of columns")
    texts = {column: text for column, kind in schema.items() if (text := texts_in(pl.col(column), kind)) is not None}
    row = pl.col("row_id").cast(pl.String) if "row_id" in schema else pl.int_range(1, pl.len() + 1).cast(pl.String)
    # Apart from the rest, which in verdicts is the same in thousands of rows.
    ids = texts.pop("row_id", None)
    parts = [] if ids is None else [ids]
    if texts:
        parts.append(pl.concat_str([*texts.values()], separator="\n", ignore_nulls=True))
    for part in parts:
        for batch in iter_batches(frame.select(row=row, text=part).filter(_WORTH_A_LOOK), source=str(path)):
            for row_id, written in batch.unique("text", keep="first", maintain_order=True).iter_rows():
                yield from _in_text(written, f"{name}, row {row_id[:16]}")


def _in_text(text: str, where: str) -> Iterator[Finding]:
    for kind, piece in secrets(text):
        yield Finding(where, kind, hashlib.sha256(piece.encode()).hexdigest(), personal=False)
    plain = unhidden(text)
    for kind, look in _PERSONAL.items():
        for piece in look(plain):
            yield Finding(where, kind, hashlib.sha256(piece.encode()).hexdigest(), personal=True)
            break
