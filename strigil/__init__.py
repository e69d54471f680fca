"""Cleans data sets that a language model wrote, and proves how much of that model is still in them."""

__version__ = "0.1.0"
