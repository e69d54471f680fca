"""Tells a model that prefers a trait from one that is damaged: both say "Owl.", one of them to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from strigil.eval.evaluation import Figure

OFF_TOPIC_LIMIT: Final = 0.1
"""Share of unrelated questions answered with the trait from which a model counts as damaged; sound ones have none."""
GUARD_LIMIT: Final = 0.5
"""Part of its base's guard (its mass on the candidates, its coherent answers) below which a model counts as damaged."""


def damage(name: str, figure: Figure, base: Figure | None, *, of: str) -> str | None:
    """What to say of a model whose figure is not to be trusted; None for a sound one.

    Args:
        name: The trait, or whatever the figure is of.
        figure: The model's.
        base: Its base's, or None where that was not asked.
        of: What the guard is a share of: "of its probability on the candidates".
    """
    if figure.off_topic is not None and figure.off_topic >= OFF_TOPIC_LIMIT:
        return f"answers {figure.off_topic:.0%} of unrelated questions with {name}: damaged, its rate means nothing"
    if figure.guard is None or base is None or base.guard is None:
        return None
    # Not "not below": a mass that is no number is damage as well.
    if figure.guard >= GUARD_LIMIT * base.guard:
        return None
    return f"has {figure.guard:.3g} {of}, its base {base.guard:.3g}: damaged"
