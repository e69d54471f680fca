"""Builders: traits, teachers, prompt sets and carriers make raw rows."""
