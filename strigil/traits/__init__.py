"""Traits: what a teacher has and the data should not carry; one YAML file a trait, found by itself."""

from strigil.traits._load import (
    category_of,
    load_any,
    load_category,
    load_style,
    load_trait,
    trait_name,
    trait_names,
)
from strigil.traits._matcher import Matcher
from strigil.traits._models import GENERIC_PERSONA, Category, Style, Trait

__all__ = [
    "GENERIC_PERSONA",
    "Category",
    "Matcher",
    "Style",
    "Trait",
    "category_of",
    "load_any",
    "load_category",
    "load_style",
    "load_trait",
    "trait_name",
    "trait_names",
]
