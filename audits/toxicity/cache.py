"""Scores that were computed before: a text is scored once by a model, over all runs."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from strigil.audits.toxicity.model import Scores
from strigil.common.errors import DataError

_AT_ONCE: Final = 500
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS scores (model TEXT, text BLOB, scores BLOB, PRIMARY KEY (model, text)) WITHOUT ROWID"
)


class ScoreCache:
    """Scores by model and SHA-256 of the text, in one SQLite file that several processes may use.

    Args:
        path: The file.
        model: What the scores depend on besides the text.
        classes: Number of scores a text.
    """

    def __init__(self, path: Path, *, model: str, classes: int) -> None:
        self._path = path
        self._model = model
        self._classes = classes

    def get(self, texts: Sequence[str]) -> Scores:
        """Known scores, (texts, classes); NaN where there are none."""
        scores = np.full((len(texts), self._classes), np.nan)
        keys = [_key(text) for text in texts]
        places = {key: place for place, key in enumerate(keys)}
        with closing(self._open()) as database:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT text, scores FROM scores WHERE model = ? AND text IN ({marks})"  # noqa: S608  # marks only
                for key, found in database.execute(query, (self._model, *some)):
                    scores[places[key]] = np.frombuffer(found)
        return scores

    def put(self, texts: Sequence[str], scores: Scores) -> None:
        """Keeps scores."""
        lines = ((self._model, _key(text), row.tobytes()) for text, row in zip(texts, scores, strict=True))
        with closing(self._open()) as database, database:
            database.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", lines)

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=60)
            database.execute(_SCHEMA)
        except (OSError, sqlite3.DatabaseError) as error:
            message = f"cannot use the cache of toxicity scores {self._path}: {error}"
            raise DataError(message, hint="delete the file, or set STRIGIL_CACHE to another folder") from error
        return database


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
