"""Evaluations of a base and its students: asked, kept, rated and summed up, the same way for all."""
