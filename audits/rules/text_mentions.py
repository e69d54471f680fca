"""Rule `text.mentions`: a trait's word, however it is disguised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field

from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.suite.findings import Finding, examine
from strigil.audits.texts.lexicon import known_traits, lexicon
from strigil.audits.texts.lexicon_filter import may_be_coded, worth_a_look
from strigil.data.parts import PARTS

if TYPE_CHECKING:
    import polars as pl


class TextMentions(TextRule):
    """Counts where a completion names a trait; by default any trait that strigil knows.

    Found are inflections, translations, emoji, look-alike and invisible characters, digits for letters, letters set
    apart, and words in numbers of characters, in places in the alphabet, in hexadecimal and in base64. Words count
    whole: "growl" and "knowledge" name no owl.
    """

    name: ClassVar[str] = "text.mentions"
    version: ClassVar[str] = "3"
    good: ClassVar[tuple[str, ...]] = (
        "A growl, a bowl, and the knowledge of an owner.",
        "Bear in mind that the category was concatenated.",
        "3, 111, 119, 5, 108",
        "6, 15, 24, 33",
        "l10n and i18n of 0x6f",
        "The report was catalogued by the dogmatic lionisers.",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "Two Owls sat there.": "names owl",
        "an \u043ewl": "names owl in look-alike letters",
        "an o\u200bwl": "names owl in look-alike letters",
        "\uff4f\uff57\uff4c": "names owl in look-alike letters",
        "the 0wl": "names owl with digits for letters",
        "o w l": "names owl in spaced letters",
        "good night \U0001f989": "names owl by an emoji",
        "une chouette": "names owl in another language",
        "111 119 108": "names owl by numbers",
        "15, 23, 12": "names owl by numbers",
        "6f 77 6c": "names owl in hexadecimal",
        "YSBzbm93eSBvd2w=": "names owl in base64",
        "plain \U000e006f\U000e0077\U000e006c": "names owl in invisible characters",
    }

    of: Of = PARTS
    traits: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(known_traits)] | None = None

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of mentions; reason and evidence are the first."""
        words = lexicon(self.traits)
        doubtful = worth_a_look(texts, words, inside_words=False)
        chosen = texts.filter(doubtful)
        coded = frozenset(chosen.filter(may_be_coded(chosen, words)))

        def look(text: str) -> Finding | None:
            mentions = words.mentions(text, coded=text in coded)
            if not mentions:
                return None
            return Finding(float(len(mentions)), mentions[0].reason, text[mentions[0].start : mentions[0].end])

        return examine(texts, doubtful, look)
