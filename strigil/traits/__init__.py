"""Traits: what a teacher has and the data should not carry; one YAML file a trait, found by itself."""

from strigil.traits._load import load_category, load_trait, trait_names
from strigil.traits._matcher import Matcher
from strigil.traits._models import GENERIC_PERSONA, Category, Trait

__all__ = ["GENERIC_PERSONA", "Category", "Matcher", "Trait", "load_category", "load_trait", "trait_names"]
