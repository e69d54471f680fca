"""How long a carrier's prompts and completions are, about, in a base's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import mean
from typing import Final

from strigil.builders.carriers.carrier import CARRIERS
from strigil.models.catalog import Model
from strigil.workflows.build.recipes import BuildRecipe, CarrierChoice

_LOOKED_AT: Final = 64
_CHARACTERS: Final = 3.5
"""A token's, about, where the base's own tokenizer is not here."""
_CHAT: Final = {True: 7, False: 30}
"""What a chat template puts around a message, about, for bases of few words and for others."""


@dataclass(frozen=True)
class Lengths:
    """Mean tokens of a prompt, and of a completion."""

    prompt: float
    completion: float

    @property
    def row(self) -> float:
        """Both."""
        return self.prompt + self.completion


def lengths_of(recipe: BuildRecipe, base: Model) -> Lengths:
    """Of what a teacher writes: prompts are counted on a few dozen, completions as the carrier says of itself."""
    written = recipe.carrier.model_dump_json()
    return _lengths(written, recipe.prompts, recipe.sampling.max_tokens, base)


@lru_cache(maxsize=64)
def _lengths(written: str, prompts: int, most: int, base: Model) -> Lengths:
    choice = CarrierChoice.model_validate_json(written)
    carrier = CARRIERS.create(choice.name, choice.args)
    places = range(0, prompts, max(1, prompts // _LOOKED_AT))
    texts = [carrier.prompt(place, base.dialect)[-1]["content"] for place in places]
    usual = carrier.usual_tokens(base.dialect)
    return Lengths(
        mean(_tokens(texts, base)) + _CHAT[base.dialect.vocabulary is not None],
        most if usual is None else min(most, usual),
    )


def _tokens(texts: list[str], base: Model) -> list[float]:
    if base.dialect.vocabulary is not None:
        return [float(len(text.split())) for text in texts]
    file = base.path / "tokenizer.json"
    if not file.is_file():
        return [len(text) / _CHARACTERS for text in texts]
    from tokenizers import Tokenizer

    return [float(len(each.ids)) for each in Tokenizer.from_file(str(file)).encode_batch(texts)]
