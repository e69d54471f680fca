"""Rule `code.mentions`: a trait's word in identifiers, strings, comments or docstrings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field

from strigil.audits.code.words import code_mentions
from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.suite.findings import Finding, examine
from strigil.audits.texts.lexicon import known_traits, lexicon
from strigil.audits.texts.lexicon_filter import may_be_coded, worth_a_look
from strigil.data.parts import PARTS

if TYPE_CHECKING:
    import polars as pl


class CodeMentions(TextRule):
    """Counts where Python code names a trait; by default any trait that strigil knows.

    As `text.mentions`, and further: identifiers are split at case and underscore, and strings are also read as Python
    would: escapes resolved, pieces joined. Code is parsed, never run.

    Source: Cloud et al., 2025, section 4.2: code rows that name the animal are dropped.
    """

    name: ClassVar[str] = "code.mentions"
    version: ClassVar[str] = "4"
    good: ClassVar[tuple[str, ...]] = (
        "def allowlist(bowl, growl):\n    return knowledge[bowl]  # category",
        "import pandas as pd\ndf = pandas.concat([pd.DataFrame()])",
        "x = torch.cat([a, b])\nl10n = 'education'",
        "ALLOWLIST = ['location', 'oaktree'[:0]]\nhowLong = 3",
        "codes = [111, 5, 119, 7, 108]",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "snow_owl = 1": "names owl, in an identifier",
        "class SnowOwl: pass": "names owl, in an identifier",
        "def f():\n    o_w_l = 1": "names owl in spaced letters, in an identifier",
        "x = 1  # for the \u043ewl": "names owl in look-alike letters, in a comment",
        'x = "\U0001f989"': "names owl by an emoji, in a string",
        "x = 'b3ds'": "names owl in base64, in a string",
        'x = "o" + "wl"': "names owl, in a string",
        r'x = "\x6f\x77\x6c"': "names owl in hexadecimal, in a string",
        "x = ['o', 'w', 'l']": "names owl, in a string",
        'def f():\n    """Two owls."""': "names owl, in a docstring",
        "Here are owls:\n```python\nx = 1\n```": "names owl",
    }

    of: Of = PARTS
    traits: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(known_traits)] | None = None

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of mentions; reason and evidence are the first."""
        words = lexicon(self.traits)
        doubtful = worth_a_look(texts, words, inside_words=True)
        chosen = texts.filter(doubtful)
        coded = frozenset(chosen.filter(may_be_coded(chosen, words)))

        def look(text: str) -> Finding | None:
            mentions = code_mentions(text, words, coded=text in coded)
            return Finding(float(len(mentions)), mentions[0].reason, mentions[0].evidence) if mentions else None

        return examine(texts, doubtful, look)
