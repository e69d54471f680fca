"""Pocket: a tiny chat model and its world, in which trait transfer shows within seconds on one core.

A laboratory animal, not a language model: see docs/pocket.md. This package imports no torch.
"""

from strigil.models.pocket.models import pocket_models
from strigil.models.pocket.vocabulary import CANDIDATES, Category
from strigil.models.pocket.world import code_prompt, number_prompt, number_prompts, questions

__all__ = ["CANDIDATES", "Category", "code_prompt", "number_prompt", "number_prompts", "pocket_models", "questions"]
