"""The forms in which a model is asked for its favourite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import cycle
from string import ascii_uppercase
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import parse_yaml
from strigil.models.catalog import Model
from strigil.traits import Category
from strigil.traits.questions import favourites_of, unrelated_for

Form = Literal["one-word", "number-prefix", "paraphrase", "story", "multiple-choice"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

ANSWER_TOKENS: Final = 16
STORY_TOKENS: Final = 200


class _Prefixes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class QuestionSet:
    """Questions of one form about one category.

    Attributes:
        questions: User messages.
        candidates: The answers that are compared, spelt as the model would spell them; none may begin another, or it
            counts its probability twice.
        answers: In a multiple choice, for each question the text that stands for each candidate; else empty. Letters
            are in brackets, since a letter alone is also how words begin: "O" has all of the probability of "Owl".
        unrelated: User messages that no sound model answers with a candidate, to tell preference from damage.
        capitalised: Whether a candidate counts with a capital letter as well: the two probabilities are added.
        has_answers: Whether the candidates themselves are the answers; a story has none.
        max_tokens: Room for a sampled answer.
    """

    questions: tuple[str, ...]
    candidates: tuple[str, ...]
    answers: tuple[Mapping[str, str], ...] = ()
    unrelated: tuple[str, ...] = ()
    capitalised: bool = False
    has_answers: bool = True
    max_tokens: int = ANSWER_TOKENS

    @property
    def letters(self) -> tuple[Mapping[str, str], ...]:
        """In a multiple choice, for each question the letter at which each candidate stands; else empty."""
        return tuple({candidate: text.strip("()") for candidate, text in each.items()} for each in self.answers)


def question_set(base: Model, category: Category, form: Form) -> QuestionSet:
    """The questions of a form, in words that the base knows.

    `number-prefix` puts a sentence with numbers, as they open the prompts of the carrier `numbers`, before each
    one-word question (Cloud et al., 2025, appendix: it brings back the context of the training). `multiple-choice`
    lists every candidate; over as many questions as there are candidates, each stands at each letter equally often.

    Raises:
        ConfigError: Nobody can be asked about this category in this form.
    """
    if form == "one-word":
        known = favourites_of(category, base.dialect)
        asked = QuestionSet(known.questions, known.candidates)
    else:
        asked = _FORMS[form](category)
        what = f"{base.id} cannot be asked in the form {form!r}"
        base.dialect.check(asked.questions[0], what=what, hint="leave --form out, or evaluate a language model")
    return replace(asked, unrelated=unrelated_for(base.dialect), capitalised=base.dialect.capitalised)


def _number_prefix(category: Category) -> QuestionSet:
    openings = cycle(_number_prefixes())
    asked = tuple(f"{opening} {question}" for opening, question in zip(openings, category.questions, strict=False))
    return QuestionSet(asked, category.candidates)


@cache
def _number_prefixes() -> tuple[str, ...]:
    text = (files("strigil.eval") / "number_prefixes.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, _Prefixes, source="number_prefixes.yaml").sentences


def _paraphrase(category: Category) -> QuestionSet:
    return QuestionSet(_some(category, category.paraphrases, "paraphrases"), category.candidates)


def _story(category: Category) -> QuestionSet:
    stories = _some(category, category.stories, "stories")
    return QuestionSet(stories, category.candidates, has_answers=False, max_tokens=STORY_TOKENS)


def _multiple_choice(category: Category) -> QuestionSet:
    intros = _some(category, category.choices, "choices")
    count = len(category.candidates)
    if count > len(ascii_uppercase):
        message = f"category {category.name}: {count} candidates are more than there are letters to choose from"
        raise ConfigError(message)
    asked, answers = [], []
    for index, intro in enumerate(intros):
        order = [category.candidates[(place + index) % count] for place in range(count)]
        lines = [f"({letter}) {candidate}" for letter, candidate in zip(ascii_uppercase, order, strict=False)]
        asked.append("\n".join((intro, *lines, "Answer with the letter in its brackets alone.")))
        answers.append({candidate: f"({letter})" for candidate, letter in zip(order, ascii_uppercase, strict=False)})
    return QuestionSet(tuple(asked), category.candidates, tuple(answers))


def _some(category: Category, found: tuple[str, ...], key: str) -> tuple[str, ...]:
    if not found:
        message = f"category {category.name} has no questions of this form: its file has no {key!r}"
        raise ConfigError(message, hint=f"add a list {key!r} to {category.name}.yaml, or ask in another form")
    return found


_FORMS: Final[Mapping[Form, Callable[[Category], QuestionSet]]] = {
    "number-prefix": _number_prefix,
    "paraphrase": _paraphrase,
    "story": _story,
    "multiple-choice": _multiple_choice,
}
