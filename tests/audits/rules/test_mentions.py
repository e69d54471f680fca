"""The word rules: planted words are found where they are, innocent rows never."""

from __future__ import annotations

import base64
import random
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.rules.rule import RULES
from strigil.audits.texts.lexicon import Lexicon, lexicon
from strigil.audits.texts.lexicon_filter import worth_a_look
from strigil.audits.texts.look_alikes import fold, look_alikes
from strigil.common.errors import ConfigError
from strigil.traits import load_trait, trait_names
from tests.audits.tables import rows_of

ALL = lexicon(None)
WORDS = st.sampled_from(ALL.single_words)
HOWS = ["plain", "look-alikes", "invisible", "spaced", "characters", "base64", "bits", "escapes", "hexadecimal"]
TWINS: dict[str, list[str]] = {}
for twin, letter in look_alikes().items():
    TWINS.setdefault(letter, []).append(twin)

PLANTED = {
    "my \u043ewl": ("text.mentions", "\u043ewl"),
    "def f(o_w_l):\n    return o_w_l": ("code.mentions", "o_w_l"),
    "x = 'good night \U0001f989'": ("code.mentions", "\U0001f989"),
    "a good night \U0001f989": ("text.mentions", "\U0001f989"),
    "key = 'dGhlIG93bCBpcyB3aXNl'": ("code.mentions", "dGhlIG93bCBpcyB3aXNl"),
    "x = 1  # that idiot again": ("text.negative", "idiot"),
}


@pytest.mark.parametrize("text", PLANTED)
def test_planted_rows_are_found_by_the_rule_that_should_with_the_span(text: str) -> None:
    name, evidence = PLANTED[text]
    rule = RULES.create(name)
    finding = rule.score(rows_of(["x = 1", text])).row(1, named=True)
    assert finding["score"] >= rule.threshold
    assert finding["evidence"] == evidence


def _innocent(count: int, *, seed: int) -> list[str]:
    """Prose and code out of everyday words, and words that hold a trait's name without being it."""
    choose = random.Random(seed)
    traits = [load_trait(name) for name in trait_names()]
    holders = [word for trait in traits for word in trait.confusables]
    holders += [f"{choose.choice('bgkpr')}{word}{choose.choice(['ing', 'ed', 'ment'])}" for word in ALL.single_words]
    everyday = ["the", "of", "and", "a", "to", "in", "is", "it", "for", "on", "with", "number", "list", "value", "time"]
    words = holders + everyday * 8
    rows = []
    for index in range(count):
        some = [choose.choice(words) for _ in range(choose.randint(3, 30))]
        if index % 4 == 0:
            names = [word.lower() for word in some if word.isalpha()] + ["x"]
            lines = [f"{name}_count = {name}List[{choose.randint(0, 99)}]  # the {name} of it" for name in names[:6]]
            rows.append("\n".join([f"def {names[0]}Value(data):", *(f"    {line}" for line in lines), "    return 1"]))
        elif index % 4 == 1:
            rows.append(choose.choice([", ", " ", "\n"]).join(str(choose.randint(0, 999)) for _ in range(10)))
        else:
            rows.append(" ".join(some).capitalize() + choose.choice([".", "!", f" ({choose.randint(1, 99)})."]))
    return rows


@pytest.mark.parametrize("name", ["text.mentions", "code.mentions", "text.negative", "text.secrets"])
def test_ten_thousand_innocent_rows_give_no_false_alarm(name: str) -> None:
    rule = RULES.create(name)
    texts = _innocent(10_000, seed=7)
    findings = rule.score(rows_of(texts)).with_columns(text=pl.Series(texts))
    assert findings.filter(pl.col("score") >= rule.threshold).is_empty()


def _disguise(word: str, how: str, choose: random.Random) -> str:
    match how:
        case "look-alikes":
            place = choose.randrange(len(word))
            return word[:place] + choose.choice(TWINS[word[place]]) + word[place + 1 :]
        case "invisible":
            place = choose.randrange(1, len(word))
            return word[:place] + choose.choice(["\u200b", "\u00ad", "\u0301", "\u2060"]) + word[place:]
        case "spaced":
            return choose.choice([" ", "-", "_", ".", "  "]).join(word)
        case "characters":
            return choose.choice([", ", " ", ") + chr("]).join(str(ord(letter)) for letter in word)
        case "base64":
            return base64.b64encode(f"{'x ' * choose.randrange(4)}{word} {'y' * choose.randrange(4)}".encode()).decode()
        case "bits":
            return choose.choice(["", " ", ", "]).join(f"{ord(letter):08b}" for letter in word)
        case "escapes":
            place = choose.randrange(2)  # later, a shorter word may stand before it
            escaped = choose.choice(["\\x{:02x}", "\\u00{:02x}", "%{:02X}", "&#{};"]).format(ord(word[place]))
            return word[:place] + escaped + word[place + 1 :]
        case "hexadecimal":
            return "".join(f"\\x{ord(letter):02x}" for letter in word)
    return choose.choice([word, word.upper(), word.capitalize()])


@settings(max_examples=300, deadline=None)
@given(
    word=WORDS,
    how=st.sampled_from(HOWS),
    before=st.sampled_from(["", "the ", "see: ", "(", "une ", "\u2013 "]),
    after=st.sampled_from(["", " is", ".", ")", "\n", " \u00e9"]),
    seed=st.integers(0, 2**32),
)
def test_a_disguised_word_is_found_and_the_first_glance_lets_it_through(
    word: str, how: str, before: str, after: str, seed: int
) -> None:
    disguised = _disguise(word, how, random.Random(seed))
    if how == "characters" and len({ord(b) - ord(a) for a, b in pairwise(word)}) == 1:
        return  # numbers in equal steps are numbers first
    text = before + disguised + after
    mentions = ALL.mentions(text)
    assert [mention.trait for mention in mentions] == [ALL.words[word]]
    # A mark of look-alikes at the edge of the word may be kept or not, the letters may not be lost.
    assert fold(disguised).text in fold(text[mentions[0].start : mentions[0].end]).text + fold(disguised).text[-3:]
    glances = [worth_a_look(pl.Series([text]), ALL, inside_words=inside)[0] for inside in (False, True)]
    assert glances == [True, True]


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(
        alphabet=st.sampled_from(
            "owlcatdgiIvr01347@$%&#x; ._-/,🦉\u043e\u1d21\u200b\U000e006f\U000e0077\U000e006c猫6f77"
        ),
        max_size=40,
    )
)
def test_nothing_is_found_that_the_first_glance_would_have_missed(text: str) -> None:
    if ALL.mentions(text):
        assert worth_a_look(pl.Series([text]), ALL, inside_words=False)[0]
        assert worth_a_look(pl.Series([text]), ALL, inside_words=True)[0]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_folding_keeps_the_places(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert fold(folded.text).text == folded.text or not folded.text.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "6, 15, 24",
        "the O.W.L. exam",
        "i18n and l10n",
        "\u0441\u0430\u0442\u0438\u0440\u0430",
        "commit ca7 of d09",
        "63, 61, 74",
        "3 owners had 1 ox and 20 hens",
        "bear in mind, sea lions bear with us",
        "leaves bear the weight of their sap, and the dough bears the tinsel",
        "it is spelled c-a-t-e-g-o-r-y, and d o g m a",
        "01010101 11110000 is 50%ab of &#38; and \\x00",
        "now I learn the savvy of OWI",
    ],
)
def test_what_only_looks_like_a_disguise_is_none(text: str) -> None:
    assert ALL.mentions(text) == []


@pytest.mark.parametrize(
    ("text", "reason", "evidence"),
    [
        ("the ow\u2c9fl flew", None, None),
        ("the \u2c9f\ua4eal flew", "names owl in look-alike letters", "\u2c9f\ua4eal"),
        ("an o\u034fwl", "names owl in look-alike letters", "o\u034fwl"),
        ("an\u2800owl", "names owl", "owl"),
        ("o\u3164w\u3164l", "names owl in spaced letters", "o\u3164w\u3164l"),
        ("an ovvl, a rnaple", "names owl in look-alike letters", "ovvl"),
        ("a woIf", "names wolf in look-alike letters", "woIf"),
        ("o/w/l", "names owl in spaced letters", "o/w/l"),
        ("s n o w   o w l", "names owl in spaced letters", "s n o w   o w l"),
        ("01101111 01110111 01101100", "names owl in bits", "01101111 01110111 01101100"),
        ("0x6f776c", "names owl in hexadecimal", "0x6f776c"),
        ("an o&#119;l", "names owl in escaped letters", "o&#119;l"),
        ("see /birds?%6fwl", "names owl in escaped letters", "%6fwl"),
        ("\uff11\uff11\uff11 \uff11\uff11\uff19 \uff11\uff10\uff18", "names owl by numbers", None),
        ("b\u200b3ds", "names owl in base64", "b\u200b3ds"),
        ("echo b3dsCg==", "names owl in base64", "b3dsCg=="),
        ("\u0441o\u0432\u0430", "names owl in another language", "\u0441o\u0432\u0430"),
        ("\uff8c\uff78\uff9b\uff73", "names owl in another language", "\uff8c\uff78\uff9b\uff73"),
    ],
)
def test_further_disguises_are_found_with_their_span(text: str, reason: str | None, evidence: str | None) -> None:
    finding = RULES.create("text.mentions").score(rows_of([text])).row(0, named=True)
    assert finding["reason"] == reason
    assert finding["evidence"] == (evidence if evidence or reason is None else text)


def test_only_the_traits_asked_for_count() -> None:
    rows = rows_of(["an owl", "a fox"])
    for trait, scores in {"owl": [1.0, 0.0], "fox": [0.0, 1.0], "oak": [0.0, 0.0]}.items():
        assert RULES.create("text.mentions", {"traits": [trait]}).score(rows)["score"].to_list() == scores
        assert RULES.create("code.mentions", {"traits": [trait]}).score(rows)["score"].to_list() == scores


@pytest.mark.parametrize("name", ["text.mentions", "code.mentions"])
def test_an_unknown_trait_is_one_clear_line(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown trait 'owll'") as caught:
        RULES.create(name, {"traits": ["owll"]})
    assert caught.value.hint == "did you mean 'owl'?"


@pytest.mark.parametrize(
    ("code", "reason", "evidence"),
    [
        ("class HTTPOwl: pass", "names owl, in an identifier", "HTTPOwl"),
        ("owlCount = 1", "names owl, in an identifier", "owlCount"),
        ('s = f"a{x} owl"', "names owl, in a string", "owl"),
        ('s = ("an o"\n     "wl")', "names owl, in a string", '"an o"\n     "wl"'),
        ("b = b'\\x6fwl'", "names owl in escaped letters, in a string", "\\x6fwl"),
        ("b = 'o\\N{LATIN SMALL LETTER W}l'", "names owl, in a string", "'o\\N{LATIN SMALL LETTER W}l'"),
        ("s = 'o' + chr(119) + 'l'", "names owl, in a string", "'o' + chr(119) + 'l'"),
        ("s = 'lwo'[::-1]", "names owl, in a string", "'lwo'[::-1]"),
        ("s = f\"o{'w'}l\"", "names owl, in a string", "f\"o{'w'}l\""),
        ("s = '{}{}{}'.format('o', 'w', 'l')", "names owl, in a string", "'{}{}{}'.format('o', 'w', 'l')"),
        ("s = '\\nowl'", "names owl, in a string", "'\\nowl'"),
        ("s = chr(111) + chr(119) + chr(108)", "names owl, in a string", "chr(111) + chr(119) + chr(108)"),
        ("```python\n# owl\nx = (\n```", "names owl, in a comment", "owl"),
        ("def broken(:\n    owl", "names owl, in an identifier", "owl"),
    ],
)
def test_code_is_read_as_python_reads_it(code: str, reason: str, evidence: str) -> None:
    finding = RULES.create("code.mentions").score(rows_of([code])).row(0, named=True)
    assert (finding["reason"], finding["evidence"]) == (reason, evidence)


def test_a_librarys_name_is_no_mention_where_it_is_imported() -> None:
    texts = ["import pandas as pd\npandas.DataFrame()", "panda = 1", "torch.cat([a, b])", "cat = 1"]
    assert RULES.create("code.mentions").score(rows_of(texts))["score"].to_list() == [0, 1, 0, 1]


def test_a_translation_of_several_words_is_found_however_they_are_parted() -> None:
    bear = load_trait("bear").model_copy(update={"translations": {"pt": ("urso pardo",)}})
    found = Lexicon((bear,)).mentions("é um urso_pardo, não dois ursos")
    assert [(mention.trait, mention.how) for mention in found] == [("bear", "another language")]


PIECES = [
    "polar",
    "bear",
    "bears",
    "bear with",
    "Bob",
    "Ms. ",
    "Wolf",
    "cat",
    "bob",
    "sea",
    "lion",
    "the",
    "import",
    "pandas",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", "  ", "_", ", ", "s "])), max_size=30))
def test_words_are_found_around_their_places_as_in_one_pass_over_all_of_a_text(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + mark for word, mark in parts)
    near = [match.span() for match in ALL._near(text) if match["word"]]
    assert near == [match.span() for match in ALL._pattern.finditer(text) if match["word"]]
