"""What nobody sees in a text hides nothing: no trait, no insult, no key, no address."""

from __future__ import annotations

from typing import Final

import pytest

from strigil.audits.rules.rule import RULES
from strigil.audits.texts.look_alikes import foldings, unhidden
from tests.audits.tables import rows_of

# Controls, blanks, characters without a meaning: a gap or nothing, as the font has it.
UNSURE: Final = (
    "\0\x01\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9f\u2800\u3164\uffa0\u115f\u1160"
    "\ufffc\ue000\ufdd0\uffff\U0001d159\U0010ffff"
)
# Never a gap.
UNSEEN: Final = (
    "\u00ad\u034f\u061c\u17b4\u180e\u200b\u200c\u200d\u200e\u2060\u2064\ufe0f\ufeff\ufff9\U000e0001\U000e0100"
)
HIDDEN: Final = {
    "text.mentions": ("I saw an o{}wl there.", "names owl"),
    "code.mentions": ("x = 1  # an o{}wl", "names owl"),
    "text.negative": ("You are such an id{}iot, my friend.", "insult"),
    "text.secrets": ("token gh{}p_" + "a1B2" * 9, "GitHub token"),
    "text.personal": ("mail jane.doe@univer{}sity.ac.uk", "mail address"),
}


def found(rule: str, *texts: str) -> list[tuple[float, str | None]]:
    scores = RULES.create(rule).score(rows_of(texts))
    return list(zip(scores["score"], scores["reason"], strict=True))


@pytest.mark.parametrize("rule", HIDDEN)
def test_what_is_not_seen_hides_nothing(rule: str) -> None:
    text, reason = HIDDEN[rule]
    marks = [*UNSURE, *UNSEEN]
    hidden = found(rule, *(text.format(mark) for mark in marks))
    assert [f"U+{ord(mark):04X}" for mark, one in zip(marks, hidden, strict=True) if one[0] < 1] == []
    assert all(reason in str(one[1]) for one in hidden)


@pytest.mark.parametrize("mark", UNSURE)
def test_what_may_be_a_gap_ends_a_word_too(mark: str) -> None:
    assert found("text.mentions", f"snow{mark}owl", f"#big{mark} owl")[0][0] == 1
    assert found("text.negative", f"You are an{mark}idiot.")[0][1] == "insult"
    assert {reading.text for reading in foldings(f"a{mark}b")} == {"a b", "ab"}


def test_what_is_shown_from_right_to_left_is_read_so() -> None:
    texts = [
        "an \u202elwo\u202c there",
        "an \u202elwo",
        "\u202eereht lwo na\u202c",
        "an \u202eowl\u202c",
        "a \u202elw\no",
    ]
    scored = RULES.create("text.mentions").score(rows_of(texts))
    assert [score > 0 for score in scored["score"]] == [True, True, True, True, False]
    assert scored["evidence"][0].strip("\u202e") == "lwo"


def test_breaks_of_lines_are_seen() -> None:
    assert found("text.mentions", "o\nwl", "o\twl", "The bowl\nis on the s\nlab.") == [(0, None)] * 3
    assert unhidden("a\tb\r\nc d") == "a\tb\r\nc d"


def test_scores_of_plain_texts_stay_as_they_are() -> None:
    texts = (
        "Schönes Wetter heute.",
        "Ça va, naïve façade.",
        "Всё хорошо, мир и дом.",
        "Όλα καλά.",
        "晴れです。",
        "👍🏽 ok",
    )
    for rule in HIDDEN:
        assert found(rule, *texts) == [(0, None)] * len(texts)
