"""Rule `text.language`: the language that a completion is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import Finding, examine
from strigil.common.errors import ConfigError, PrerequisiteError

if TYPE_CHECKING:
    import polars as pl
    from py3langid.langid import LanguageIdentifier

Code = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}$")]


class TextLanguage(TextRule):
    """Rejects completions in another language than those that are allowed, as py3langid tells it.

    A completion with fewer letters than `letters` is not judged: a word or two belong to many languages.

    Source: Lui and Baldwin, 2012, "langid.py: An off-the-shelf language identification tool".
    """

    name: ClassVar[str] = "text.language"
    highest: ClassVar[float] = 1.0
    good: ClassVar[tuple[str, ...]] = (
        "The walk along the river was long, but the view from the hill was lovely.",
        "Bonjour",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "Der Spaziergang am Fluss war lang, aber die Aussicht vom Hügel war wunderschön.": "in another language: de",
        "La promenade le long de la rivière était longue, mais la vue était magnifique.": "in another language: fr",
    }

    allowed: Annotated[tuple[Code, ...], Field(min_length=1)] = Field(default=("en",), description="ISO 639 codes")
    letters: int = Field(
        default=25, ge=1, description="fewest that are judged; a Chinese, Japanese or Korean sign is three"
    )

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores 1 where the language is none of those allowed."""
        return self.looker()(texts)

    def looker(self) -> Callable[[pl.Series], pl.DataFrame]:
        """Loads the model.

        Raises:
            PrerequisiteError: py3langid is not installed.
            ConfigError: It does not know a language that is allowed.
        """
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier
        except ImportError as error:
            message = "text.language needs py3langid"
            raise PrerequisiteError(message, hint="pip install 'strigil[language]'") from error
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        if unknown := sorted(set(self.allowed) - set(identifier.labels)):
            message = f"rule {self.name!r}: allowed: unknown language {unknown[0]!r}"
            raise ConfigError(message, hint=f"known: {', '.join(sorted(identifier.labels))}")
        return partial(self._scored, identifier)

    def _scored(self, identifier: LanguageIdentifier, texts: pl.Series) -> pl.DataFrame:
        def look(text: str) -> Finding | None:
            language = identifier.classify(text)[0]
            return None if language in self.allowed else Finding(1.0, f"in another language: {language}", text[:60])

        # What other scripts spell in letters is one sign of these.
        signs = texts.str.count_matches(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
        return examine(texts, texts.str.count_matches(r"\p{L}") + 2 * signs >= self.letters, look)
