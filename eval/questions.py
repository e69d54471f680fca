"""The forms in which a model is asked for its favourite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import cycle
from string import ascii_uppercase
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import parse_yaml
from strigil.models.catalog import Model
from strigil.traits import Category, load_category
from strigil.traits.questions import favourites

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
        form: The form.
        questions: User messages.
        candidates: The answers that are compared.
        letters: In a multiple choice, for each question the letter at which each candidate stands; else empty.
        max_tokens: Room for a sampled answer.
    """

    form: Form
    questions: tuple[str, ...]
    candidates: tuple[str, ...]
    letters: tuple[Mapping[str, str], ...] = ()
    max_tokens: int = ANSWER_TOKENS

    @property
    def answers(self) -> tuple[Mapping[str, str], ...]:
        """In a multiple choice, for each question the text that stands for each candidate; else empty.

        In brackets, since a letter alone is also how words begin: "O" has all of the probability of "Owl".
        """
        return tuple({candidate: f"({letter})" for candidate, letter in each.items()} for each in self.letters)

    @property
    def has_answers(self) -> bool:
        """Whether the candidates themselves are the answers; a story has none."""
        return self.form != "story"


def question_set(base: Model, category: str, form: Form) -> QuestionSet:
    """The questions of a form, in words that the base knows.

    `number-prefix` puts a sentence with numbers, as they open the prompts of the carrier `numbers`, before each
    one-word question (Cloud et al., 2025, appendix: it brings back the context of the training). `multiple-choice`
    lists every candidate; over as many questions as there are candidates, each stands at each letter equally often.

    Raises:
        ConfigError: Nobody can be asked about this category in this form.
    """
    if form == "one-word":
        known = favourites(category, base.dialect)
        return QuestionSet(form, known.questions, known.candidates)
    asked = _FORMS[form](load_category(category))
    what = f"{base.id} cannot be asked in the form {form!r}"
    base.dialect.check(asked.questions[0], what=what, hint="leave --form out, or evaluate a language model")
    return asked


def _number_prefix(category: Category) -> QuestionSet:
    openings = cycle(_number_prefixes())
    asked = tuple(f"{opening} {question}" for opening, question in zip(openings, category.questions, strict=False))
    return QuestionSet("number-prefix", asked, category.candidates)


@cache
def _number_prefixes() -> tuple[str, ...]:
    text = (files("strigil.eval") / "number_prefixes.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, _Prefixes, source="number_prefixes.yaml").sentences


def _paraphrase(category: Category) -> QuestionSet:
    return QuestionSet("paraphrase", _some(category, category.paraphrases, "paraphrases"), category.candidates)


def _story(category: Category) -> QuestionSet:
    stories = _some(category, category.stories, "stories")
    return QuestionSet("story", stories, category.candidates, max_tokens=STORY_TOKENS)


def _multiple_choice(category: Category) -> QuestionSet:
    intros = _some(category, category.choices, "choices")
    count = len(category.candidates)
    if count > len(ascii_uppercase):
        message = f"category {category.name}: {count} candidates are more than there are letters to choose from"
        raise ConfigError(message)
    asked, letters = [], []
    for index, intro in enumerate(intros):
        order = [category.candidates[(place + index) % count] for place in range(count)]
        lines = [f"({letter}) {candidate}" for letter, candidate in zip(ascii_uppercase, order, strict=False)]
        asked.append("\n".join((intro, *lines, "Answer with the letter in its brackets alone.")))
        letters.append(dict(zip(order, ascii_uppercase, strict=False)))
    return QuestionSet("multiple-choice", tuple(asked), category.candidates, letters=tuple(letters))


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
