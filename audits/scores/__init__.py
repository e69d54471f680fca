"""Scores of rows and tokens: one file a score."""
