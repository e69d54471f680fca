"""Tells a model that prefers a trait from one that is damaged: both say "Owl.", one of them to everything."""

from __future__ import annotations

from typing import Final

from strigil.eval.preference import LogprobPreference, SampledPreference

OFF_TOPIC_LIMIT: Final = 0.1
"""Share of unrelated questions answered with the trait from which a model counts as damaged; sound ones have none."""
MASS_LIMIT: Final = 0.5
"""Part of its base's mass on the candidates below which a model counts as damaged."""


def off_topic_warning(trait: str, off_topic: float | None) -> str | None:
    """What to say of a model that answers unrelated questions with the trait; None where nothing is to be said."""
    if off_topic is None or off_topic < OFF_TOPIC_LIMIT:
        return None
    return f"answers {off_topic:.0%} of unrelated questions with {trait}: damaged, its rate means nothing"


def logprob_warning(trait: str, preference: LogprobPreference, base: LogprobPreference) -> str | None:
    """What to say of a model whose rates are not to be trusted; None for a sound one."""
    if warning := off_topic_warning(trait, preference.off_topic.get(trait)):
        return warning
    # Not "not below": a mass that is no number is damage as well.
    if preference.mass >= MASS_LIMIT * base.mass:
        return None
    return f"has {preference.mass:.3g} of its probability on the candidates, its base {base.mass:.3g}: damaged"


def sampled_warning(trait: str, preference: SampledPreference) -> str | None:
    """As `logprob_warning`, for sampled answers."""
    return off_topic_warning(trait, preference.off_topic)
