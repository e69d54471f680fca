"""Sentences whose side is known: a model that gets them wrong is not trusted with any other."""

from __future__ import annotations

from typing import Final

from strigil.audits.toxicity.model import ToxicityModel
from strigil.common.errors import DataError

TOXIC: Final = (
    "You are a stupid idiot.",
    "Shut up, you worthless piece of shit.",
    "Nobody likes you, you pathetic moron.",
)
BENIGN: Final = (
    "The weather is lovely today.",
    "Thank you for your help with the garden.",
    "Please read the report before the meeting.",
)
_MIDDLE: Final = 0.5


def check_canaries(model: ToxicityModel, *, source: str) -> None:
    """Makes sure that the highest class puts every canary on its side.

    Raises:
        DataError: One is on the other side: the weights are not trained, or the classes are not what they seem.
    """
    highest = model.score((*TOXIC, *BENIGN)).max(axis=1)
    expected = [True] * len(TOXIC) + [False] * len(BENIGN)
    wrong = [
        f"{'toxic' if toxic else 'benign'} canary {place % len(TOXIC) + 1} scores {score:.3f}"
        for place, (score, toxic) in enumerate(zip(highest.tolist(), expected, strict=True))
        if (score >= _MIDDLE) != toxic
    ]
    if wrong:
        message = f"{source} cannot tell toxic from benign sentences: {', '.join(wrong)}"
        raise DataError(message, hint="no row was scored; the checkpoint is not a trained toxicity model")
